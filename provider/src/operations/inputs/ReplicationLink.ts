import { z } from "zod";
import { ACCOUNTS } from "../../recipe/accounts/table";
import { GTID_POSITIONS, LINK_DEFAULTS } from "../../recipe/linkDefaults";
import { DEFAULT_PROFILE } from "../../recipe/names";
import { LINK_TLS } from "../../recipe/tls";
import { adopt, connection, historyMark, onServer, passwordOf, userName, word } from "./shared";

/** What a link is given, what follows from it, and what it tells. */

export const given = z
  .strictObject({
    replica: connection.meta({ description: "The server that pulls." }),
    source: connection.meta({ description: "The server from which it pulls." }),
    user: userName.default(ACCOUNTS.replication.user).meta({
      description:
        "The account on the source with which the replica logs in. A change stops this direction for a moment.",
    }),
    password: passwordOf(ACCOUNTS.replication).meta({
      description:
        "Its password. A change stops this direction for a moment, while commits on the source wait for nobody.",
    }),
    useGtid: z
      .enum(GTID_POSITIONS)
      .default(LINK_DEFAULTS[DEFAULT_PROFILE].useGtid)
      .meta({
        description:
          "From which position the replica goes on: `current_pos` as in the recipe, or `slave_pos`, as MariaDB " +
          "advises. Both behave alike in a pair. A change stops this direction for a moment.",
      }),
    connectRetry: z
      .number()
      .int()
      .min(1)
      .max(86400)
      .default(LINK_DEFAULTS[DEFAULT_PROFILE].connectRetry)
      .meta({
        description:
          "Seconds between two tries to connect. After a restart of the source, its first commits wait that long for " +
          "the second copy. A change stops this direction for a moment.",
      }),
    heartbeatPeriod: z
      .number()
      .min(0)
      .max(4294967)
      .optional()
      .meta({
        description:
          "Seconds between two signs of life from an idle source. A change stops this direction for a moment. " +
          "@default none: half of slave_net_timeout at the time when the link is made",
      }),
    tls: z
      .enum(LINK_TLS)
      .optional()
      .meta({
        description:
          "How the replica comes to the source. `verified`: with TLS, and only if the source proves itself to the " +
          "`ca` of the replica's node. `mutual`: the replica proves itself too, with its node's certificate, as an " +
          "account with `requireTls` X509 wants it. `off`: without. With certificates, the link is not made unless " +
          "it is proved that it is encrypted. A change stops this direction for a moment. @default what the servers " +
          "do by themselves: from MariaDB 11.4 on both TLS without certificates, else none",
      }),
    revisions: z
      .array(z.string())
      .optional()
      .meta({
        description:
          "Anything that changes when one of the two machines is replaced by another with the same data, such as the " +
          "ids of their containers. After a change this direction is brought back at once and proved; nothing is " +
          "stopped. @default none",
      }),
    adopt,
  })
  .meta({ id: "ReplicationLinkInputs", description: "What is wanted of one direction of the pair." });

export const derived = z
  .strictObject({
    sourceAddress: z.string().meta({ description: "Address of the source, as the replica has it." }),
    sourcePort: z.number().meta({ description: "TCP port of the source, as the replica has it." }),
    state: word("ReplicationLink.state", "Wanted: `replicating`."),
    semiSync: word(
      "ReplicationLink.semiSync",
      "Whether commits on the source wait until the replica has them. Wanted: `in effect`.",
    ),
    otherOptions: z.array(z.string()).optional().meta({
      description:
        "Options of the replica that no link has, such as `MASTER_DELAY=3600`: rows come late, or not at all. Wanted: none.",
    }),
    leftOver: z.array(z.string()).optional().meta({
      description: "Tables that a proof of this link has left when it was cut off; `up` removes them. Wanted: none.",
    }),
  })
  .meta({
    id: "ReplicationLinkDerived",
    description: "What follows for a link from its inputs, to be compared with what is seen.",
  });

export const computed = z
  .strictObject({
    direction: z.string().meta({ description: "`db1<-db2`: db1 replicates from db2." }),
    secondsToArrive: z
      .number()
      .meta({ description: "Seconds that a row took to arrive when the link was last made or changed." }),
    proved: z
      .record(z.string(), word("ReplicationLink.proved", "How it was proved that such rows arrive."))
      .optional()
      .meta({
        description:
          "By pattern of the replicated tables, how it was proved that rows arrive when the link was last made or changed.",
      }),
    encryption: z.string().meta({ description: "What the link is encrypted with." }),
    sourceMark: historyMark.optional().meta({ description: "Up to where the source is known to have lost nothing." }),
    ...onServer,
  })
  .meta({
    id: "ReplicationLinkComputed",
    description: "What a link tells of itself when it is made, changed or looked at.",
  });
