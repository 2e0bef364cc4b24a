import { z } from "zod";
import type { AccountsInputs } from "../../inputs";
import { grantProblem } from "../../recipe/accounts/grants";
import { AUTHENTICATIONS } from "../../recipe/accounts/password";
import { type AccountRow, byRole, type Role, rowOf } from "../../recipe/accounts/table";
import { RECIPE_DATABASE } from "../../recipe/filters";
import { TLS_REQUIREMENTS } from "../../recipe/tls";
import type { Properties } from "../define";
import {
  adopt,
  advice,
  connection,
  databaseName,
  hostPattern,
  OWN_LOGIN,
  onServer,
  password,
  passwordOf,
  profile,
  userName,
  word,
} from "./shared";

/** What the accounts of a node are given, and what follows from it. */

const from = z.array(hostPattern).min(1, "must name at least one host, or % for all").default(["%"]);

const requireTls = z.enum(TLS_REQUIREMENTS).optional();

export const account = z
  .strictObject({
    user: userName.meta({
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
        "`address/netmask` as in `10.1.0.0/255.255.0.0`. What matches no client is refused. A proxy on the server's own " +
        "machine may need `localhost` beside `%`. MariaDB keeps them in lower case. An entry that is taken out is dropped.",
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

const authentication = z
  .enum(AUTHENTICATIONS)
  .optional()
  .meta({
    description:
      "What checks its password. `ed25519`, where the server has that plugin: the server keeps nothing from which the password can be found as fast as " +
      "from the two SHA-1 of `mysql_native_password`; the account's clients have to know the method. A change is made at once. @default mysql_native_password",
  });

export const client = z.strictObject({ ...rotating.shape, authentication }).meta({
  id: "ClientAccountInputs",
  description: "An account of clients that may know more than one login method.",
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

/** What a program may say of an account of the recipe. `tsType`: these differ in defaults and bounds, and share a type. */
function accountOf(row: AccountRow): z.ZodType {
  const own = {
    user: account.shape.user.default(row.user),
    password: passwordOf(row).meta(account.shape.password.meta() ?? {}),
  };
  const [shape, tsType] =
    row.rotation === "link"
      ? [z.strictObject({ ...account.shape, ...own }, OWN_LOGIN), "AccountInputs"]
      : row.hasAuthentication
        ? [z.strictObject({ ...client.shape, ...own }).refine(changes, SAME), "ClientAccountInputs"]
        : [z.strictObject({ ...rotating.shape, ...own }, OWN_LOGIN).refine(changes, SAME), "RotatingAccountInputs"];
  return (row.optional ? shape.optional() : shape).meta({ description: row.description, tsType });
}

/** The rows of the table say which of them may be missing. */
const ofRecipe = byRole((role) => accountOf(rowOf(role))) as Properties<Pick<AccountsInputs, Role>>;

const extra = z
  .strictObject({
    ...client.shape,
    grants: z.array(grant).meta({
      description:
        'What it may do, as between GRANT and TO: `"SELECT ON mydb.*"`, `"PROCESS ON *.*"`. It can do this and no ' +
        "more. `_` and `%` in the name of a database are wildcards, as in GRANT. Refused: what MariaDB doesn't " +
        "know, also in the server's version, WITH GRANT OPTION, roles, PROXY.",
    }),
  })
  .refine(changes, SAME)
  .meta({ id: "ExtraAccountInputs", description: "An account besides those of the recipe." });

const accountState = z
  .strictObject({
    password: word("SessionStoreUsers.accounts.password", "Wanted: `as configured`."),
    grants: z.array(z.string()).meta({ description: "What it may do, in the spelling of what is wanted." }),
    locked: z.boolean().meta({ description: "True: it can't log in." }),
    tls: z
      .string()
      .meta({ description: "What the server asks of the connection: `NONE`, `SSL`, `X509`, or certificate details." }),
    expiry: word("SessionStoreUsers.accounts.expiry", "When its password ends. Wanted: `none`."),
    limits: z.string().meta({ description: "`none`, or such as `MAX_USER_CONNECTIONS 5`." }),
  })
  .meta({
    id: "AccountState",
    description: "How an account is, or should be, as previews show it. No secret is in it.",
  });

export const accounts = z
  .strictObject({
    databases: z
      .array(databaseName)
      .min(1, "must name at least one database")
      .default([RECIPE_DATABASE])
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
    ...ofRecipe,
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
    adopt,
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
    proxyWrites: word(
      "SessionStoreUsers.proxyWrites",
      "Why the proxy's account, which is as wanted, can't log in or write, such as `refused, error 1290: read_only is on`. It is tried through the " +
        "server's socket, where the account may come from `localhost` or `%` and needs no certificate. Wanted: absent.",
    ).optional(),
  })
  .meta({
    id: "SessionStoreUsersDerived",
    description: "What follows for the accounts from the inputs, to be compared with what is seen.",
  });

export const computed = z
  .strictObject({
    // States of earlier versions have none.
    advice: advice.optional(),
    ...onServer,
  })
  .meta({ id: "SessionStoreUsersComputed", description: "What is kept of the accounts for the next run." });
