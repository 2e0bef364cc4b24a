import { z } from "zod";
import { DEFAULT_USERS, SYSTEM_DATABASES } from "../../recipe/accounts/accounts";
import { grantProblem } from "../../recipe/accounts/grants";
import { connection, databaseName, profile } from "./shared";

/** What the accounts of a node are given, and what follows from it. */

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

export const account = z
  .strictObject({
    user: user.meta({
      description:
        "Name of the account. Another name makes a new account and drops the former one in the same `up`: anyone " +
        "who still uses it can't log in any more. To go over slowly, keep the former one in `extraAccounts` for a " +
        "while.",
    }),
    password: password.meta({
      description:
        "Its password. It goes to the server as a hash and is never shown; state and outputs hold it as a secret. " +
        "A change is made at once; sessions that are open stay open. An empty one, or one with a line break, is " +
        "refused.",
    }),
    from: from.meta({
      description:
        "The hosts it may come from, each an account of its own: names, addresses, patterns with `%`, or " +
        "`address/netmask`. A proxy on the server's own machine may need `localhost` beside `%`. MariaDB keeps " +
        "them in lower case. An entry that is taken out is dropped.",
    }),
    requireTls: requireTls.meta({
      description:
        "What its connections need: `NONE`, `SSL`, or `X509`, a certificate that the node's `ca` signed. A change " +
        "is made at once; anyone who comes without is refused at the next login. From `localhost`, which is the " +
        "server's own socket, nothing is needed. @default `requireTls` of the resource",
    }),
  })
  .meta({ id: "AccountInputs", description: "A login name, and from where it may be used." });

export const rotating = z
  .strictObject({
    ...account.shape,
    previousPassword: password.optional().meta({
      description:
        "A second password that the account takes too. For a rotation: set the new `password`, and the one in use " +
        "here; `up`; give the new one to all who log in; take this out; `up`. @default none",
    }),
  })
  .meta({
    id: "RotatingAccountInputs",
    description: "An account whose password can be changed without a moment in which its users are locked out.",
  });

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

/** The accounts of the recipe differ in the default of their name alone: `tsType` is the type that they share. */
const withDefault = (role: keyof typeof DEFAULT_USERS) => account.shape.user.default(DEFAULT_USERS[role]);
const recipeAccount = (role: keyof typeof DEFAULT_USERS) =>
  z.strictObject({ ...rotating.shape, user: withDefault(role) }).refine(changes, SAME);

const extra = z
  .strictObject({
    ...rotating.shape,
    grants: z.array(grant).meta({
      description:
        'What it may do, as between GRANT and TO: `"SELECT ON mydb.*"`, `"PROCESS ON *.*"`. It can do this and no ' +
        "more. `_` and `%` in the name of a database are wildcards, as in GRANT. Refused: what MariaDB doesn't " +
        "know, WITH GRANT OPTION, roles.",
    }),
  })
  .refine(changes, SAME)
  .meta({ id: "ExtraAccountInputs", description: "An account beside those of the recipe." });

const accountState = z
  .strictObject({
    password: z.string().meta({
      description:
        "`as configured`, `differs`, `accepts another one too`, `does not accept the previous one`, `none`, " +
        "`checked by <plugin>`.",
    }),
    grants: z.array(z.string()).meta({ description: "What it may do, in the spelling of what is wanted." }),
    locked: z.boolean().meta({ description: "True: it can't log in." }),
    tls: z
      .string()
      .meta({ description: "What the server asks of the connection: `NONE`, `SSL`, `X509`, or certificate details." }),
    expiry: z.string().meta({ description: "`none`, `expired`, or `after 90 days`." }),
    limits: z.string().meta({ description: "`none`, or such as `MAX_USER_CONNECTIONS 5`." }),
  })
  .meta({
    id: "AccountState",
    description: "How an account is, or should be, as previews show it. No secret is in it.",
  });

export const accounts = z
  .strictObject({
    databases: z
      .array(databaseName.refine((name) => !SYSTEM_DATABASES.includes(name), "belongs to MariaDB itself"))
      .min(1, "must name at least one database")
      .default(["replicated_session_store"])
      .meta({ description: "The databases that the proxies use." }),
    profile: profile.meta({
      description:
        "`vendor`: grants as in the recipe, to the letter. `hardened`: database names are exact instead of " +
        "patterns, the binary log account gets BINLOG ADMIN and BINLOG MONITOR instead of SUPER, and the proxy may " +
        "also see the replication's state (SLAVE MONITOR). A change takes effect at once: what is newly allowed is " +
        "granted before the rest is revoked. On MariaDB 11.0.1 and later SUPER no longer covers the binary log; " +
        "there it is granted with BINLOG ADMIN and BINLOG MONITOR.",
    }),
    requireTls: requireTls.meta({
      description:
        "What connections of all accounts need that don't say otherwise themselves: `NONE`, `SSL` or `X509`. A " +
        "change is made at once. The server has to have its certificate before, and the links have to use it. " +
        "@default NONE",
    }),
    proxy: recipeAccount("proxy").meta({
      description:
        "The proxies' account: all rights on `databases`, and REPLICATION CLIENT (recipe, step 2). @default user " +
        "`nevisproxy_user`",
      tsType: "RotatingAccountInputs",
    }),
    replication: z
      .strictObject({
        ...account.shape,
        user: withDefault("replication"),
        password: account.shape.password.refine(
          (text) => Buffer.byteLength(text) <= REPLICA_PASSWORD_BYTES,
          `must have at most ${REPLICA_PASSWORD_BYTES} bytes: MariaDB takes no more from a replica`,
        ),
      })
      .meta({
        description:
          "The account with which the peer pulls (recipe, step 3). When its password changes, it takes the former " +
          "one too until the peer's `ReplicationLink` has gone over to the new one. At most 96 bytes, which is what " +
          "MariaDB lets a replica send. @default user `replication_user`",
        tsType: "AccountInputs",
      }),
    binaryLog: recipeAccount("binaryLog").meta({
      description: "The account that purges binary logs (recipe, step 4). @default user `binarylog_user`",
      tsType: "RotatingAccountInputs",
    }),
    monitor: recipeAccount("monitor")
      .optional()
      .meta({
        description:
          "An account for health checks: it sees the state of replication (SLAVE MONITOR, BINLOG MONITOR) and no " +
          "data. Not in the recipe. @default none; its user `session_store_monitor`",
        tsType: "RotatingAccountInputs",
      }),
    extraAccounts: z
      .array(extra)
      .default([])
      .meta({ description: "More accounts that this server should have, such as one for backups." }),
  })
  .meta({ id: "AccountsInputs", description: "The accounts of one node, by their part in the recipe." });

export const given = z
  .strictObject({
    node: connection.meta({ description: "The server that has the accounts: `MariaDbNode.connection`." }),
    ...accounts.shape,
  })
  .meta({
    id: "SessionStoreUsersInputs",
    description:
      "The accounts of one node: the recipe's steps 2 to 4. Accounts are not replicated, so each node has this " +
      "resource.",
  });

export const derived = z
  .strictObject({
    accounts: z
      .record(z.string(), accountState)
      .meta({ description: "By `user@host`, how each account is, or should be. Follows from the other inputs." }),
  })
  .meta({
    id: "SessionStoreUsersDerived",
    description: "What follows for the accounts from the inputs, to be compared with what is seen.",
  });
