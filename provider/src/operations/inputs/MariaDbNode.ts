import { z } from "zod";
import { RECIPE_DATABASE, RECIPE_PATTERNS } from "../../recipe/filters";
import { adopt, advice, connection, databaseName, historyMark, onServer, profile, userName, word } from "./shared";

/** What a node is given, what follows from it, and what it tells. */

const tls = z
  .strictObject({
    ca: z.string().meta({
      description:
        "The authority that signed the certificates of both nodes; several, one after the other, while one takes " +
        "over from another. A change takes effect at once. To change the authority: first both here, `up`; then " +
        "the certificates, `up`; then only the new one.",
    }),
    certificate: z.string().meta({
      description:
        "The node's certificate, followed by those between it and the authority, if any. It has to name the node's " +
        "`address`. A renewed one takes effect at once, and breaks no connection.",
    }),
    privateKey: z.string().meta({
      description:
        "Its private key, not encrypted. It lies on the machine readable for the server only; state and outputs " +
        "hold it as a secret.",
    }),
  })
  .meta({
    id: "NodeTls",
    description: "The certificates of one node. All of it is PEM text, as in the files of an authority.",
  });

const days = z.number().int().min(1).max(36_500);

const reminders = z
  .strictObject({
    passwordAge: days.optional().meta({
      description:
        "Days after which `advice` reminds of a password that has not been changed, of the admin, the viewer and the accounts of the pair. @default never",
    }),
    certificateDays: days.optional().meta({
      description: "Days before the end of a certificate of `tls` from which on `advice` reminds of it. @default 30",
    }),
  })
  .meta({ id: "Reminders", description: "From when on `advice` reminds of what grows old." });

const setting = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())], {
  error: "must be text, a number, true, false or a list of texts",
});

export const given = z
  .strictObject({
    connection: connection.meta({
      description:
        "How the server is reached, and the admin account that is made on it. Another name, address or port of the " +
        "same server is taken up in place; another server is set up first, and then what was made on the former " +
        "one is removed.",
    }),
    peer: connection.optional().meta({
      description:
        "How the other server of the pair is reached. With it this node can restart without harm to the sessions. " +
        "Without it, changes that need a restart or stopped replica threads are refused once the node replicates.",
    }),
    nodeNumber: z
      .number()
      .refine((number) => number === 1 || number === 2, "must be 1 or 2: a pair has two nodes")
      .meta({
        description:
          "1 or 2: the place in the pair, from which server_id, gtid_domain_id and auto_increment_offset follow. " +
          "Don't change it.",
      }),
    profile: profile.meta({
      description:
        "`vendor`: the recipe to the letter. `hardened`: with the improvements that `advice` names. Changing it " +
        "takes effect at once, except for the pattern of tables, which stops the replica threads for a moment.",
    }),
    databases: z
      .array(databaseName)
      .min(1, "must name at least one database")
      .default([RECIPE_DATABASE])
      .meta({ description: "Databases whose tables are replicated. A change stops the replica threads for a moment." }),
    tables: z
      .array(z.string())
      .min(1, "must name at least one pattern: without one, everything would be replicated")
      .default([...RECIPE_PATTERNS])
      .meta({
        description:
          "Patterns of the replicated tables' names; `%` is any text, `_` any character. A change stops the replica " +
          "threads for a moment.",
      }),
    bindAddress: z
      .string()
      .regex(/^[A-Za-z0-9.:*-]+$/, "must be an IP address, a host name or *")
      .optional()
      .meta({
        description:
          "Address on which the server listens. A change restarts it. @default the node's own when that is a " +
          "loopback address, else all",
      }),
    settings: z
      .record(z.string(), setting)
      .default({})
      .meta({
        description:
          "Options to add to the profile, or to set against it, by their names in an option file. What a change does " +
          "follows from the option: at once, or a restart of one node at a time. The server's own catalogue decides " +
          "which options and values there are. After the check it holds the value of every option that is kept.",
      }),
    definers: z
      .array(userName)
      .min(1)
      .optional()
      .meta({
        description:
          "Names of users, besides the proxy's default one, in whose names views, triggers, routines and events may " +
          "come along when the node is seeded from its peer. They have to be accounts that the program makes on both " +
          "nodes. Named or not, an account that may write beyond single databases is refused. A change touches " +
          "nothing. @default none",
      }),
    tls: tls.optional().meta({
      description:
        "The node's certificates. The first ones, and taking them away, restart it; others take effect at once. " +
        "@default none: what the server does by itself, which is TLS with a certificate of its own from MariaDB " +
        "11.4 on, and none before",
    }),
    reminders: reminders.optional().meta({
      description:
        "From when on `advice` reminds of what grows old. A change touches nothing. @default of certificates only",
    }),
    adopt,
  })
  .meta({ id: "MariaDbNodeInputs", description: "What is wanted of one server of the pair." });

export const derived = z
  .strictObject({
    configText: z.string().meta({ description: "Text of the option file that is ours." }),
    configMode: z.string().meta({
      description:
        "Its permissions, in octal; with its owner, as in `644, of ops:ops`, where that is not the superuser. The server ignores a file that everybody may write, and one that it may not read.",
    }),
    overriddenBy: z.array(z.string()).meta({ description: "Lines of other files that say otherwise than ours." }),
    state: word("MariaDbNode.state", "Wanted: `running`. What each word means, `recipe/words.ts` says."),
    ownAccounts: z
      .array(word("MariaDbNode.ownAccounts", "What is not as it should be of one of them."))
      .optional()
      .meta({
        description:
          "What is not as it should be of the accounts by which this library works (`admin`, `viewer`), such as one that is left from another " +
          "`direct.from`. Wanted: absent.",
      }),
    tlsState: word(
      "MariaDbNode.tlsState",
      "Whether the certificates of `tls` are used. Wanted: `in effect`. Without `tls`: none, or what a run that failed has left.",
    ).optional(),
  })
  .meta({
    id: "MariaDbNodeDerived",
    description: "What follows for a node from its inputs, to be compared with what is seen.",
  });

export const computed = z
  .strictObject({
    version: z.string().meta({ description: "Version of the server, such as `10.11.19`." }),
    configFile: z.string().meta({ description: "Path of the option file that is ours." }),
    advice,
    historyMark: historyMark.optional().meta({
      description: "Up to where the server is known to have lost nothing of what its peer got from it.",
    }),
    tlsDaysLeft: z.number().optional().meta({ description: "Days until the first of the certificates of `tls` ends." }),
    ...onServer,
  })
  .meta({
    id: "MariaDbNodeComputed",
    description: "What a node tells of itself when it is made, changed or looked at.",
  });
