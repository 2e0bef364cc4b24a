import { z } from "zod";
import type { Connection } from "../../inputs";
import { hostProblem } from "../../recipe/accounts/hostProblem";
import { EMPTY_PASSWORD, NO_PASSWORD, passwordProblem } from "../../recipe/accounts/password";
import type { AccountRow } from "../../recipe/accounts/table";
import {
  DEFAULT_ADMIN,
  DEFAULT_PORT,
  DEFAULT_PROFILE,
  DEFAULT_VIEWER,
  isReservedDatabase,
  isReservedUser,
  isSameServer,
  PROFILES,
} from "../../recipe/names";
import { authorityProblem } from "../../recipe/tls";
import { WORDS, type WordOf } from "../../recipe/words";
import type { Rule } from "../define";
import { address, host, port } from "./hosts";

/** The shapes and rules that several resources share. */

/** What MariaDB takes as the name of an account. */
export const userName = z
  .string()
  .min(1, "must not be empty")
  .max(128, "must have at most 128 characters")
  .regex(/^[^\p{Cc}]*$/u, "must not have control characters")
  .regex(/(^|\S)$/, "must not end with a blank: MariaDB cuts it off")
  .regex(
    /^[^\p{Surrogate}\u{10000}-\u{10ffff}]*$/u,
    "must not have characters beyond U+FFFF, such as emoji: MariaDB keeps them as ?",
  );

// No message of these may quote the value.
const anyText = z.string({ error: NO_PASSWORD });

/** The password of an account of the recipe, or of another one. */
export const passwordOf = ({ longestPassword }: Pick<AccountRow, "longestPassword">) =>
  anyText.superRefine((text, context) => {
    const problem = passwordProblem(text, longestPassword);
    if (problem) context.addIssue(problem);
  });

export const password = passwordOf({});

/** A host as MariaDB keeps it in an account's name. */
export const hostPattern = z
  .string({ error: "must be given, as text" })
  .min(1, "must not be empty")
  .max(255, "must have at most 255 characters")
  .regex(/^[A-Za-z0-9._:%\\/-]*$/, "must be a host name, an IP address, or a pattern of one with %")
  .superRefine((pattern, context) => {
    const problem = hostProblem(pattern);
    if (problem) context.addIssue(problem);
  })
  // As MariaDB stores it: else the account would be looked for under a name that it doesn't have.
  .toLowerCase();

export const direct = z
  .strictObject({
    ca: z
      .string()
      .superRefine((text, context) => {
        const problem = authorityProblem(text);
        if (problem) context.addIssue(problem);
      })
      .meta({
        description:
          "The authority that signed the server's certificate, in PEM format. The certificate must name the server's " +
          "`address`.",
      }),
    from: hostPattern
      .refine(
        (from) => from !== "localhost",
        "must be where the statements come from: the admin is let in from localhost anyway",
      )
      .meta({
        description:
          "From where the admin account (and the viewer) may log in then, with TLS only: the address of the machine that runs `pulumi`, or a pattern with " +
          "`%`. Another one makes another account, and the former one is removed.",
      }),
  })
  .meta({ id: "DirectAccess", description: "How statements go to the server without a detour." });

/** For an account by which this library, or a replica, logs in. */
export const OWN_LOGIN = {
  error: ({ code, keys }: z.core.$ZodRawIssue) =>
    code === "unrecognized_keys" && (keys as string[]).includes("authentication")
      ? '"authentication" is for accounts of clients: this library and replicas log in by mysql_native_password'
      : undefined,
};

const ownUser = userName.refine(
  (name) => !isReservedUser(name),
  "belongs to MariaDB itself, as the way in when all else is lost, or to this library: choose another name",
);

export const admin = z
  .strictObject(
    {
      user: ownUser.default(DEFAULT_ADMIN).meta({
        description:
          "Its accounts, from whatever host, are this library's. Another name makes another account, and the former one is removed.",
      }),
      // Programs that read the admin's password from a file with a line break at its end have worked since the first release.
      password: anyText.min(1, EMPTY_PASSWORD).meta({
        description:
          "A change is made by MariaDB's root through the socket, at once. May be overridden by the environment " +
          "variable SESSION_STORE_ADMIN_PASSWORD, when the one in the state is out of date.",
      }),
    },
    OWN_LOGIN,
  )
  .meta({
    id: "Admin",
    description:
      "The account with which this library changes a server. It may log in on the server's own machine only, " +
      "unless `direct` is given.",
  });

export const viewer = z
  .strictObject(
    {
      user: ownUser.default(DEFAULT_VIEWER).meta({
        description:
          "Its accounts, from whatever host, are this library's. Another name makes another account, and the former one is removed.",
      }),
      password: password.meta({ description: "A change is made at once." }),
    },
    OWN_LOGIN,
  )
  .meta({
    id: "Viewer",
    description:
      "An account with which a server is only looked at. It may read everything and change nothing. It may log in from where the admin may.",
  });

export const serverName = z.string().min(1, "must not be empty");

export const connection: z.ZodType<Connection> = z
  .strictObject({
    name: serverName.optional().meta({ description: "How messages name the server. @default `<address>:<port>`" }),
    host: host.meta({
      description: "The machine that runs it. Statements travel through it too, to the server's own socket.",
    }),
    address: address.meta({ description: "Name or IP address at which the peer and the proxies reach the server." }),
    port: port.default(DEFAULT_PORT).meta({ description: "TCP port of the server." }),
    admin: admin.meta({
      description: "The account with which this library changes the server. `MariaDbNode` makes it.",
    }),
    viewer: viewer.optional().meta({
      description:
        "The account with which previews and refreshes look at the server; `MariaDbNode` makes it. A change touches nothing but that account. " +
        "@default they look as the admin",
    }),
    direct: direct.optional().meta({
      description:
        "Statements go straight to `address` and `port`, with TLS, and through the machine only where that fails, " +
        "as before the server has its certificate. A change touches nothing but the admin's second account. " +
        "@default they go through the machine",
    }),
  })
  .refine(({ admin, viewer }) => admin.user !== viewer?.user, {
    path: ["viewer", "user"],
    message: "is the admin's: choose another name",
  })
  .meta({
    id: "Connection",
    description:
      "How one server of the pair is reached, and by whom. Other resources get it from `MariaDbNode.connection`.",
  });

/** The rule that two connections of a resource lead to two servers. */
export const differentServers = <K extends string>(one: K, other: K): Rule<{ [P in K]?: Connection }> => ({
  needs: [one, other],
  broken(inputs) {
    const [first, second] = [inputs[one], inputs[other]];
    if (!first || !second || !isSameServer(first, second)) return [];
    return [{ property: other, reason: `is the same server as "${one}" (${second.address}:${second.port})` }];
  },
});

export const databaseName = z
  .string()
  .min(1, "must not be empty")
  .max(64, "must have at most 64 characters")
  .regex(/^[A-Za-z0-9_$-]+$/, "may have letters, digits, _, $ and -")
  .refine((name) => !isReservedDatabase(name), "belongs to MariaDB itself, or to this library");

export const profile = z.enum(PROFILES).default(DEFAULT_PROFILE);

export const historyMark = z
  .strictObject({
    start: z.number().meta({
      description: "The start of its server, in seconds since 1970: until the next one, nothing can have gone back.",
    }),
    sequence: z.string().meta({ description: "The last number of its own GTID domain that the peer had then." }),
  })
  .meta({
    id: "HistoryMark",
    description:
      "Up to where a server is known to have lost nothing of what its peer got from it, as kept in the state.",
  });

export const claim = z
  .strictObject({
    token: z.string().meta({ description: "The claim itself, as it lies beside what the resource declares." }),
    stack: z.string().meta({ description: "The stack, as `organization/project/stack`." }),
    resource: z.string().meta({ description: "The resource's type and name." }),
  })
  .meta({
    id: "Claim",
    description: "What shows that a resource was the last to declare an object: only then does it take it away.",
  });

/** Computed for every resource that declares something which it takes away when it is deleted. */
export const claimed = {
  claim: claim.optional().meta({ description: "Shows that the resource was the last to declare what it has there." }),
};

/** Computed for every resource whose objects lie on one server. */
export const onServer = {
  ...claimed,
  identity: z.string().optional().meta({ description: "The identity that its server has in its data." }),
};

export const advice = z
  .array(
    z
      .strictObject({
        severity: z.enum(["danger", "warning", "note"]).meta({
          description:
            "`danger`: sessions can be lost without notice. `warning`: a fault costs more than it must. `note`: good to know.",
        }),
        where: z.string().meta({ description: "Where it was seen: a node, or both." }),
        about: z.string().meta({ description: "What it is about: an option, an account, the server's version." }),
        text: z.string().meta({ description: "What it costs to leave it so, and what is better." }),
        source: z.string().meta({ description: "Who says so." }),
      })
      .meta({
        id: "Advice",
        description: "Something that works as described, and that MariaDB or we would do otherwise.",
      }),
  )
  .meta({ description: "What MariaDB or we would do otherwise." });

export const adopt = z
  .boolean()
  .optional()
  .meta({
    description:
      "Takes over what another stack declares. Without it, what belongs to another stack is refused. A change " +
      "touches nothing. @default false",
  });

/** A property whose words are in the table: what is wanted of it and what is seen is made here, so it need not be checked. */
export function word<Name extends keyof typeof WORDS>(name: Name, description: string): z.ZodType<WordOf<Name>> {
  const words = Object.keys(WORDS[name].words);
  return z.string().meta({ description, tsType: words.map(asType).join(" | ") }) as unknown as z.ZodType<WordOf<Name>>;
}

/** Angle brackets mark what varies in a word. */
const asType = (word: string): string => {
  const type = word.replace(/<(\w+)>/g, (_, what) => `\${${what === "number" ? what : "string"}}`);
  return type === word ? JSON.stringify(word) : `\`${type}\``;
};
