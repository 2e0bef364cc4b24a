import { z } from "zod";
import { dropAccounts, examineAccounts, type Repair, statesOf } from "../mariadb/accounts";
import { openToRemove } from "../mariadb/admin";
import { type Connection, nameOf } from "../mariadb/connection";
import { ConnectionError } from "../mariadb/connectionError";
import { openServer } from "../mariadb/open";
import type { Server } from "../mariadb/server";
import { inTurn, lockServers } from "../pair/lock";
import { refuseHalfSeeded } from "../pair/seeding";
import {
  type AccountInputs,
  type AccountState,
  type AccountsInputs,
  accountKey,
  clashes,
  type GivenAccounts,
  type WantedAccount,
  wantedAccounts,
  wantedStates,
} from "../recipe/accounts/accounts";
import { grantProblem } from "../recipe/accounts/grants";
import { type AccountRow, byRole, ROLES, type Role, rowOf } from "../recipe/accounts/table";
import { RECIPE_DATABASE } from "../recipe/filters";
import { progress } from "../run";
import { containsUnknown, define, type Properties, UNKNOWN } from "./define";
import { connection, databaseName, hostPattern, password, passwordOf, profile, userName, word } from "./inputs";
import { removeUnlessUnreachable } from "./unreachable";

/** The accounts of one node: the recipe's steps 2 to 4. Accounts are not replicated, so each node has this resource. */
export interface SessionStoreUsersInputs extends AccountsInputs {
  /** The server that has the accounts: `MariaDbNode.connection`. */
  readonly node: Connection;
}

export interface SessionStoreUsersChecked extends SessionStoreUsersInputs {
  /** By `user@host`, how each account must be, or is. Follows from the other inputs. */
  readonly accounts: Readonly<Record<string, AccountState>>;
}

const from = z.array(hostPattern).min(1, "must name at least one host, or % for all").default(["%"]);

const requireTls = z.enum(["NONE", "SSL", "X509"]).optional();

/** The former password as the new one would be a rotation that never happened. */
const changes = (given: { password: string; previousPassword?: string | undefined }) =>
  given.previousPassword !== given.password;
const SAME = {
  path: ["previousPassword"],
  message: `is the same as "password"; leave it out unless you change the password`,
};

const grant = z.string().superRefine((text, context) => {
  const message = grantProblem(text);
  if (message) context.addIssue({ code: "custom", message });
});

const previousPassword = password.optional();

/** What a program may say of an account of the recipe. */
function accountOf(row: AccountRow): z.ZodType {
  const given = { user: userName.default(row.user), password: passwordOf(row), from, requireTls };
  const shape =
    row.rotation === "previousPassword"
      ? z.strictObject({ ...given, previousPassword }).refine(changes, SAME)
      : z.strictObject(given);
  return row.optional ? shape.optional() : shape;
}

/** By the rows of the table, which the compiler does not follow. */
const ofRoles = byRole((role) => accountOf(rowOf(role))) as Properties<Pick<SessionStoreUsersInputs, Role>>;

const extraAccount = z
  .strictObject({ user: userName, password, from, requireTls, previousPassword, grants: z.array(grant) })
  .refine(changes, SAME);

const accountState = z.strictObject({
  password: word("SessionStoreUsers.accounts.password"),
  grants: z.array(z.string()),
  locked: z.boolean(),
  tls: z.string(),
  expiry: word("SessionStoreUsers.accounts.expiry"),
  limits: z.string(),
});

export const SessionStoreUsers = define<SessionStoreUsersInputs, SessionStoreUsersChecked, object>({
  properties: {
    node: connection,
    databases: z.array(databaseName).min(1, "must name at least one database").default([RECIPE_DATABASE]),
    profile,
    requireTls,
    ...ofRoles,
    extraAccounts: z.array(extraAccount).default([]),
  },
  rules: [
    {
      needs: ["node", "databases", ...ROLES, "extraAccounts"],
      broken: (inputs) => clashes(inputs, inputs.node.admin.user),
    },
  ],
  derived: {
    needs: [],
    properties: { accounts: z.record(z.string(), accountState) },
    from: (inputs) => ({ accounts: previewStates(inputs) }),
  },
  id: ({ node }) => `${node.address}:${node.port}/users`,

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
async function drop(server: Server, accounts: readonly { user: string; host: string }[]): Promise<void> {
  const { user } = server.connection.admin;
  await dropAccounts(
    server,
    accounts.filter((account) => account.user !== user),
  );
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
