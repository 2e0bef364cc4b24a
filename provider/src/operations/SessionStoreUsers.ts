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
  DEFAULT_USERS,
  SYSTEM_DATABASES,
  type WantedAccount,
  wantedAccounts,
  wantedStates,
} from "../recipe/accounts/accounts";
import { grantProblem } from "../recipe/accounts/grants";
import { progress } from "../run";
import { containsUnknown, define, UNKNOWN } from "./define";
import { connection, databaseName, profile } from "./inputs";
import { removeUnlessUnreachable } from "./unreachable";

/** The accounts of one node: the recipe's steps 2 to 4. Accounts are not replicated, so each node has this resource. */
export interface SessionStoreUsersInputs extends AccountsInputs {
  /** The server that has the accounts: `MariaDbNode.connection`. */
  readonly node: Connection;
}

export interface SessionStoreUsersChecked extends SessionStoreUsersInputs {
  /** By `user@host`, how each account shall be, or is. Follows from the other inputs. */
  readonly accounts: Readonly<Record<string, AccountState>>;
}

/** MariaDB takes no more than this from a replica. */
const REPLICA_PASSWORD_BYTES = 96;

const user = z
  .string()
  .min(1, "must not be empty")
  .max(128, "must have at most 128 characters")
  .regex(/^[^\p{Cc}]*$/u, "must not have control characters")
  .regex(/^(\S(.*\S)?)?$/s, "must not begin or end with a blank");

// No message of these may quote the value.
const password = z
  .string({ error: "must be given, as text" })
  .min(1, "must not be empty: give the account a password")
  .regex(/^[^\p{Cc}]*$/u, "must not have a line break or other control characters (does it come from a file?)");

const NETMASK = /^[\d.]+\/[\d.]+$/;

const from = z
  .array(
    z
      .string()
      .min(1, "must not be empty")
      .max(255, "must have at most 255 characters")
      .regex(/^[A-Za-z0-9._:%\\/-]*$/, "must be a host name, an IP address, or a pattern of one with %")
      .refine((host) => !host.includes("/") || NETMASK.test(host), "must be address/netmask: 10.1.0.0/255.255.0.0")
      // As MariaDB stores it: else the account would be looked for under a name that it doesn't have.
      .toLowerCase(),
  )
  .min(1, "must name at least one host, or % for all")
  .default(["%"]);

const requireTls = z.enum(["NONE", "SSL", "X509"]).optional();

const account = { user, password, from, requireTls };
const rotating = { ...account, previousPassword: password.optional() };

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

const withDefault = (role: keyof typeof DEFAULT_USERS) => user.default(DEFAULT_USERS[role]);

const accountState = z.strictObject({
  password: z.string(),
  grants: z.array(z.string()),
  locked: z.boolean(),
  tls: z.string(),
  expiry: z.string(),
  limits: z.string(),
});

export const SessionStoreUsers = define<SessionStoreUsersInputs, SessionStoreUsersChecked, object>({
  properties: {
    node: connection,
    databases: z
      .array(databaseName.refine((name) => !SYSTEM_DATABASES.includes(name), "belongs to MariaDB itself"))
      .min(1, "must name at least one database")
      .default(["replicated_session_store"]),
    profile,
    requireTls,
    proxy: z.strictObject({ ...rotating, user: withDefault("proxy") }).refine(changes, SAME),
    replication: z.strictObject({
      ...account,
      user: withDefault("replication"),
      password: password.refine(
        (text) => Buffer.byteLength(text) <= REPLICA_PASSWORD_BYTES,
        `must have at most ${REPLICA_PASSWORD_BYTES} bytes: MariaDB takes no more from a replica`,
      ),
    }),
    binaryLog: z.strictObject({ ...rotating, user: withDefault("binaryLog") }).refine(changes, SAME),
    monitor: z
      .strictObject({ ...rotating, user: withDefault("monitor") })
      .refine(changes, SAME)
      .optional(),
    extraAccounts: z.array(z.strictObject({ ...rotating, grants: z.array(grant) }).refine(changes, SAME)).default([]),
  },
  rules: [
    {
      needs: ["node", "databases", "proxy", "replication", "binaryLog", "monitor", "extraAccounts"],
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
    role === "replication" && last?.replication.password !== passwords[0];
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

/** Drops accounts of ours. Never the one by which we are here. */
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

/** Properties that hold something unknown came through the check as they were given, without defaults. None: one was refused. */
function withoutPasswords(inputs: SessionStoreUsersInputs): AccountsInputs | undefined {
  const { databases, profile, requireTls, proxy, replication, binaryLog, monitor, extraAccounts } = inputs;
  const whole = [databases, proxy, replication, binaryLog, monitor ?? {}, extraAccounts, ...(extraAccounts ?? [])];
  if (profile === undefined || !whole.every((part) => typeof part === "object")) return undefined;
  return {
    databases,
    profile,
    requireTls,
    proxy: visible(proxy, DEFAULT_USERS.proxy),
    replication: visible(replication, DEFAULT_USERS.replication),
    binaryLog: visible(binaryLog, DEFAULT_USERS.binaryLog),
    monitor: monitor && visible(monitor, DEFAULT_USERS.monitor),
    extraAccounts: extraAccounts.map((extra) => ({ ...visible(extra, UNKNOWN), grants: extra.grants })),
  };
}

function visible(given: AccountInputs, defaultUser: string): AccountInputs {
  const { user = defaultUser, from = ["%"], requireTls } = given;
  return { user, password: "", requireTls, from: Array.isArray(from) ? from.map((host) => host.toLowerCase()) : from };
}
