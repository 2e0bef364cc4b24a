import type {
  AccountInputs,
  AccountState,
  Advice,
  SessionStoreUsersComputed,
  SessionStoreUsersDerived,
  SessionStoreUsersInputs,
} from "../inputs";
import { dropAccounts, examineAccounts, type Repair, statesOf } from "../mariadb/accounts";
import { openToRemove } from "../mariadb/admin";
import { nameOf } from "../mariadb/connection";
import { ConnectionError } from "../mariadb/connectionError";
import { openServer, openViewer } from "../mariadb/open";
import { adviceOnOthers } from "../mariadb/otherAccounts";
import { refusedWrite, refuseUnlessWritable, triedAccount } from "../mariadb/proxyWrites";
import {
  refusedMethods,
  refusedPasswords,
  refusedPrivileges,
  refuseMissingPrivileges,
} from "../mariadb/refusedAccounts";
import {
  claimsAt,
  claimsOn,
  declare,
  giveUp,
  giveUpAll,
  identityOf,
  objectsBeside,
  objectsOf,
  refuseAnother,
  refuseOthers,
} from "../mariadb/register";
import { isOtherServer } from "../mariadb/sameServer";
import type { Server } from "../mariadb/server";
import { inTurn, lockServers } from "../pair/lock";
import { refuseHalfSeeded } from "../pair/seeding";
import {
  accountKey,
  type GivenAccounts,
  type WantedAccount,
  wantedAccounts,
  wantedStates,
} from "../recipe/accounts/accounts";
import { clashes } from "../recipe/accounts/clashes";
import { tooLongToGrant } from "../recipe/accounts/grants";
import { ownNames } from "../recipe/accounts/own";
import { NATIVE } from "../recipe/accounts/password";
import { byRole, isRole, ROLES, rowOf } from "../recipe/accounts/table";
import { accountObject, accountsAmong, type Declaration } from "../recipe/claims";
import { progress } from "../run";
import { withoutThoseInUse } from "./accountsInUse";
import { define } from "./define";
import { derived, given } from "./inputs/SessionStoreUsers";
import { containsUnknown, UNKNOWN } from "./parse";
import { removeUnlessUnreachable } from "./unreachable";

/** What is wanted of the accounts, as previews show it. */
export interface SessionStoreUsersChecked extends SessionStoreUsersInputs, SessionStoreUsersDerived {}

export const SessionStoreUsers = define<SessionStoreUsersInputs, SessionStoreUsersChecked, SessionStoreUsersComputed>({
  properties: given.shape,
  rules: [
    {
      needs: ["node", "databases", ...ROLES, "extraAccounts"],
      broken: (inputs) => clashes(inputs, ownNames(inputs.node)),
    },
    {
      needs: ["databases", "profile"],
      broken: ({ databases, profile }) =>
        (profile === "hardened" ? tooLongToGrant(databases) : []).map((name) => ({
          property: `databases[${databases.indexOf(name)}]`,
          reason: `"${name}" is too long for \`profile: "hardened"\`, which gives rights on exactly this name: MariaDB takes 64 characters in a GRANT, and each _ counts twice there. Choose a shorter name, or the profile "vendor"`,
        })),
    },
    {
      needs: ["node", "databases", ...ROLES, "extraAccounts"],
      broken: (inputs) => refusedMethods(inputs.node, wantedAccounts(inputs)),
    },
    {
      needs: ["node", "databases", ...ROLES, "extraAccounts"],
      broken: (inputs) => refusedPrivileges(inputs.node, wantedAccounts(inputs)),
    },
    {
      needs: ["node", "databases", ...ROLES, "extraAccounts"],
      broken: (inputs, last) =>
        refusedPasswords(
          [inputs.node],
          wantedAccounts(inputs),
          last.node ? wantedAccounts(last as SessionStoreUsersInputs) : [],
        ),
    },
  ],
  derived: {
    needs: [],
    properties: derived.shape,
    from: (inputs) => ({ accounts: previewStates(inputs) }),
  },
  id: ({ node }) => `${node.address}:${node.port}/users`,
  on: ({ node }) => [node],

  isOther: (last, wanted) => isOtherServer(last.node, wanted.node, last.identity),
  belongings: {
    at: "node",
    claims: (inputs) => {
      const objects = objectsIn(inputs);
      return claimsAt(inputs.node, (object) => objects.includes(object));
    },
  },

  create: (wanted, begun, declaration) =>
    inTurn([wanted.node], async () => {
      await using server = await openServer(wanted.node);
      return await withAdvice(server, wanted, async () => {
        await repair(server, wanted, undefined, begun, declaration);
      });
    }),

  update: (last, wanted, declaration) =>
    inTurn([wanted.node], async () => {
      await using server = await openServer(wanted.node);
      await refuseAnother(server, last.identity);
      return await withAdvice(server, wanted, async () => {
        await repair(server, wanted, last, () => undefined, declaration);
        const kept = objectsIn(wanted);
        const former = (await objectsOf(server, declaration)).filter((object) => !kept.includes(object));
        const users = accountsAmong(kept).map(({ user }) => user);
        const free = await withoutThoseInUse(server, declaration, former, users);
        await giveUp(server, declaration, free, (objects) => drop(server, objects));
      });
    }),

  async observe(last) {
    await using server = await openViewer(last.node);
    const wanted = wantedAccounts(last);
    const tried = triedAccount(wanted);
    const [repairs, refusal] = await Promise.all([
      examineAccounts(server, wanted),
      tried && refusedWrite(server, tried, last.databases),
    ]);
    // Where the account itself is at fault, `accounts` says so.
    const isAsWanted = repairs.every(({ account, problems }) => account !== tried || problems.length === 0);
    const proxyWrites = isAsWanted ? refusal?.word : undefined;
    const { mine, all } = await objectsBeside(server, last.claim);
    const left = await examineAccounts(server, unwantedAmong(mine, last));
    const advice = await adviceOnOthers(server, wanted, last.databases, accountsAmong(all));
    // A preview that changes the accounts does not show outputs, so it says so here.
    if (!repairs.every(isRight) || left.length > 0) say(advice);
    return {
      inputs: { accounts: { ...statesOf(repairs), ...statesOf(left) }, proxyWrites },
      computed: { claim: mine.length > 0 ? last.claim : undefined, identity: last.identity, advice },
    };
  },

  inTrouble(trouble, last) {
    if (trouble instanceof ConnectionError) return trouble.isNew ? { accounts: {} } : {};
    progress(`${nameOf(last.node)}: its accounts are shown as last known, because they can't be read`);
    return {};
  },

  remove: (last) =>
    removeUnlessUnreachable(`${nameOf(last.node)}: accounts`, () =>
      inTurn([last.node], async () => {
        await using server = await openToRemove(last.node);
        await lockServers([server]);
        await giveUpAll(server, last.claim, "the accounts", (objects) => drop(server, objects));
      }),
    ),
});

/** Does what changes the accounts, and tries whether proxies can write then. A run that fails keeps no outputs, so it says its advice in lines. */
async function withAdvice(server: Server, wanted: SessionStoreUsersChecked, work: () => Promise<void>) {
  try {
    await work();
    await refuseUnlessWritable(server, wantedAccounts(wanted), wanted.databases);
  } catch (error) {
    say(await adviceAt(server, wanted).catch(() => []));
    throw error;
  }
  return { identity: await identityOf(server), advice: await adviceAt(server, wanted) };
}

function say(advice: readonly Advice[]): void {
  for (const { where, about, text } of advice) progress(`${where}: ${about}: ${text}`);
}

const adviceAt = async (server: Server, wanted: SessionStoreUsersChecked): Promise<Advice[]> =>
  adviceOnOthers(
    server,
    wantedAccounts(wanted),
    wanted.databases,
    accountsAmong((await objectsBeside(server, undefined)).all),
  );

/** Puts right what differs. Another run that changes the server is waited for, and what it has left is looked at again. */
async function repair(
  server: Server,
  wanted: SessionStoreUsersChecked,
  last: SessionStoreUsersChecked | undefined,
  begun: () => void,
  declaration: Declaration,
): Promise<void> {
  const former = last ? objectsIn(last) : [];
  // What another resource declares by now is given up afterwards, and no concern of this one.
  const others = await claimsOn(server, former);
  const left = former.filter(
    (object) => !others.some((one) => one.object === object && one.token !== declaration.token),
  );
  const objects = [...new Set([...objectsIn(wanted), ...left])];
  await refuseOthers(server, objects, declaration);
  // The peer's link still logs in with the former password, and goes over to the new one after this.
  const movesLater = ({ role, passwords }: WantedAccount) =>
    isRole(role) && rowOf(role).rotation === "link" && last?.[role]?.password !== passwords[0];
  const examine = () => examineAccounts(server, wantedAccounts(wanted), { keepsFormerPassword: movesLater });

  if ((await examine()).every(isRight)) return declare(server, objects, declaration);
  await refuseHalfSeeded(server);
  refuseMissingPrivileges(server, wantedAccounts(wanted));
  await lockServers([server]);
  await declare(server, objects, declaration);
  begun();
  for (const each of (await examine()).filter((one) => !isRight(one))) {
    if (each.seen && !former.includes(accountObject(each.account))) {
      progress(`${server.name}: ${accountKey(each.account)} was there already; corrected: ${each.problems.join("; ")}`);
    }
    await each.apply();
  }
}

const isRight = (repair: Repair): boolean => repair.problems.length === 0;

/** Drops accounts. Never the one with which this session has logged in. */
async function drop(server: Server, objects: readonly string[]): Promise<void> {
  const others = accountsAmong(objects).filter(({ user }) => user !== server.connection.admin.user);
  if (others.length === 0) return;
  await lockServers([server]);
  await dropAccounts(server, others);
}

/** What a run that failed has made, and the program has not any more. */
function unwantedAmong(declared: readonly string[], inputs: SessionStoreUsersInputs): WantedAccount[] {
  const wanted = objectsIn(inputs);
  const left = accountsAmong(declared.filter((object) => !wanted.includes(object)));
  return left.map((account) => ({
    ...account,
    role: "extraAccounts",
    property: "",
    grants: [],
    tls: "NONE",
    authentication: NATIVE,
    passwords: [],
  }));
}

/** The accounts that this resource answers for. */
const objectsIn = (inputs: SessionStoreUsersInputs): string[] => wantedAccounts(inputs).map(accountObject);

/** A preview doesn't know every password yet. Accounts are shown all the same: passwords have no part in how they look. */
function previewStates(inputs: SessionStoreUsersInputs): SessionStoreUsersChecked["accounts"] {
  const named = withoutPasswords(inputs);
  return named && !containsUnknown(named) ? wantedStates(named) : (UNKNOWN as unknown as Record<string, AccountState>);
}

/** Properties that hold something unknown came through the check as they were given, without defaults. Undefined: one was refused. */
function withoutPasswords(inputs: SessionStoreUsersInputs): GivenAccounts | undefined {
  const { databases, profile, requireTls, extraAccounts } = inputs;
  const accounts = ROLES.map((role) => (rowOf(role).optional ? (inputs[role] ?? {}) : inputs[role]));
  const whole = [databases, ...accounts, extraAccounts, ...(extraAccounts ?? [])];
  if (profile === undefined || !whole.every((part) => typeof part === "object")) return undefined;
  return {
    databases,
    profile,
    requireTls,
    ...byRole((role) => inputs[role] && visible(inputs[role], rowOf(role).user)),
    extraAccounts: extraAccounts.map((extra) => ({ ...visible(extra, UNKNOWN), grants: extra.grants })),
  };
}

function visible(given: AccountInputs, defaultUser: string): AccountInputs {
  const { user = defaultUser, from = ["%"], requireTls } = given;
  return { user, password: "", requireTls, from: Array.isArray(from) ? from.map((host) => host.toLowerCase()) : from };
}
