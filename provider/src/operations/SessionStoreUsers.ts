import type { AccountInputs, AccountState, SessionStoreUsersDerived, SessionStoreUsersInputs } from "../inputs";
import { dropAccounts, examineAccounts, type Repair, statesOf } from "../mariadb/accounts";
import { openToRemove } from "../mariadb/admin";
import { nameOf } from "../mariadb/connection";
import { ConnectionError } from "../mariadb/connectionError";
import { openServer } from "../mariadb/open";
import type { Server } from "../mariadb/server";
import { inTurn, lockServers } from "../pair/lock";
import { refuseHalfSeeded } from "../pair/seeding";
import {
  accountKey,
  clashes,
  type GivenAccounts,
  type WantedAccount,
  wantedAccounts,
  wantedStates,
} from "../recipe/accounts/accounts";
import { byRole, ROLES, rowOf } from "../recipe/accounts/table";
import { progress } from "../run";
import { containsUnknown, define, UNKNOWN } from "./define";
import { derived, given } from "./inputs/SessionStoreUsers";
import { removeUnlessUnreachable } from "./unreachable";

/** What is wanted of the accounts, as previews show it. */
export interface SessionStoreUsersChecked extends SessionStoreUsersInputs, SessionStoreUsersDerived {}

export const SessionStoreUsers = define<SessionStoreUsersInputs, SessionStoreUsersChecked, object>({
  properties: given.shape,
  rules: [
    {
      needs: ["node", "databases", ...ROLES, "extraAccounts"],
      broken: (inputs) => clashes(inputs, inputs.node.admin.user),
    },
  ],
  derived: {
    needs: [],
    properties: derived.shape,
    from: (inputs) => ({ accounts: previewStates(inputs) }),
  },
  id: ({ node }) => `${node.address}:${node.port}/users`,
  on: ({ node }) => [node],

  create: (wanted, begun) =>
    inTurn([wanted.node], async () => {
      await using server = await openServer(wanted.node);
      await repair(server, wanted, undefined, begun);
      return {};
    }),

  update: (last, wanted) =>
    inTurn([wanted.node], async () => {
      await using server = await openServer(wanted.node);
      await repair(server, wanted, last, () => undefined);
      const keys = new Set(wantedAccounts(wanted).map(accountKey));
      await drop(
        server,
        owned(last).filter((account) => !keys.has(accountKey(account))),
      );
      return {};
    }),

  async observe(last) {
    await using server = await openServer(last.node);
    return { inputs: { accounts: statesOf(await examineAccounts(server, wantedAccounts(last))) }, computed: {} };
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
        await drop(server, owned(last));
      }),
    ),
});

/** Puts right what differs. Another run that changes the server is waited for, and what it has left is looked at again. */
async function repair(
  server: Server,
  wanted: SessionStoreUsersChecked,
  last: SessionStoreUsersChecked | undefined,
  begun: () => void,
): Promise<void> {
  const former = new Set(last ? owned(last).map(accountKey) : []);
  // The peer's link still logs in with the former password, and goes over to the new one after this.
  const movesLater = ({ role, passwords }: WantedAccount) =>
    role !== "extraAccounts" && rowOf(role).rotation === "link" && last?.[role]?.password !== passwords[0];
  const examine = () => examineAccounts(server, wantedAccounts(wanted), { keepsFormerPassword: movesLater });

  if ((await examine()).every(isRight)) return;
  await refuseHalfSeeded(server);
  await lockServers([server]);
  for (const each of (await examine()).filter((one) => !isRight(one))) {
    begun();
    if (each.seen && !former.has(accountKey(each.account))) {
      progress(`${server.name}: ${accountKey(each.account)} was there already; corrected: ${each.problems.join("; ")}`);
    }
    await each.apply();
  }
}

const isRight = (repair: Repair): boolean => repair.problems.length === 0;

/** Drops our accounts. Never the one with which this session has logged in. */
async function drop(server: Server, accounts: readonly WantedAccount[]): Promise<void> {
  const others = accounts.filter(({ user }) => user !== server.connection.admin.user);
  if (others.length === 0) return;
  await lockServers([server]);
  await dropAccounts(server, others);
}

/** The accounts that this resource answers for. */
const owned = (last: SessionStoreUsersChecked): WantedAccount[] => wantedAccounts(last);

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
