import { z } from "zod";
import { openToRemove } from "../mariadb/admin";
import { type Connection, nameOf } from "../mariadb/connection";
import { ConnectionError } from "../mariadb/connectionError";
import { isTroubleOf, openAll, openServer } from "../mariadb/open";
import { replicaStatus } from "../mariadb/replication";
import { Server } from "../mariadb/server";
import { type Before, establishLink, type Proof, removeLink } from "../pair/link";
import { seenTls } from "../pair/linkTls";
import { inTurn, lockServers } from "../pair/lock";
import { IN_EFFECT, type SeenEnds, settledLink } from "../pair/look";
import { renewMark } from "../pair/sourceHistory";
import { ACCOUNTS } from "../recipe/accounts/table";
import { LINK_DEFAULTS } from "../recipe/linkDefaults";
import { linkState, REPLICATING } from "../recipe/linkState";
import { DEFAULT_PROFILE } from "../recipe/names";
import type { LinkTls } from "../recipe/tls";
import type { LinkState, SemiSyncState } from "../recipe/words";
import { define } from "./define";
import { connection, differentServers, passwordOf, userName, word } from "./inputs";
import { removeUnlessUnreachable } from "./unreachable";

/** What is wanted of one direction of the pair. */
export interface ReplicationLinkInputs {
  /** The server that pulls. */
  replica: Connection;
  /** The server from which it pulls. */
  source: Connection;
  /** The account on the source with which the replica logs in. A change stops this direction for a moment. @default replication_user */
  user: string;
  /** Its password. A change stops this direction for a moment, while commits on the source wait for nobody. */
  password: string;
  /**
   * From which position the replica goes on: `current_pos` as in the recipe, or `slave_pos`, as MariaDB advises. Both behave alike in a
   * pair. A change stops this direction for a moment. @default current_pos
   */
  useGtid: "current_pos" | "slave_pos";
  /**
   * Seconds between two tries to connect. After a restart of the source, its first commits wait that long for the second copy.
   * A change stops this direction for a moment. @default 10
   */
  connectRetry: number;
  /**
   * Seconds between two signs of life from an idle source. A change stops this direction for a moment.
   * @default none: half of slave_net_timeout at the time when the link is made
   */
  heartbeatPeriod?: number;
  /**
   * How the replica comes to the source. `verified`: with TLS, and only if the source proves itself to the `ca` of the replica's node.
   * `mutual`: the replica proves itself too, with its node's certificate, as an account with `requireTls` X509 wants it. `off`: without.
   * With certificates, the link is not made unless it is proved that it is encrypted. A change stops this direction for a moment.
   * @default what the servers do by themselves: from MariaDB 11.4 on both TLS without certificates, else none
   */
  tls?: LinkTls;
  /**
   * Anything that changes when one of the two machines is replaced by another with the same data, such as the ids of their containers.
   * After a change this direction is brought back at once and proved; nothing is stopped. @default none
   */
  revisions?: string[];
}

/** What is wanted of a link, as previews show it. */
export interface ReplicationLinkChecked extends ReplicationLinkInputs {
  /** Address of the source, as the replica has it. */
  sourceAddress: string;
  /** TCP port of the source, as the replica has it. */
  sourcePort: number;
  /** Wanted: `replicating`. All words, such as `stopped by error 1236: ...`, are in `recipe/words.ts`. */
  state: LinkState;
  /** Whether commits on the source wait until the replica has them. Wanted: `in effect`. All words are in `recipe/words.ts`. */
  semiSync: SemiSyncState;
}

export interface ReplicationLinkComputed extends Proof {
  /** `db1<-db2`: db1 replicates from db2. */
  direction: string;
}

export const ReplicationLink = define<ReplicationLinkInputs, ReplicationLinkChecked, ReplicationLinkComputed>({
  properties: {
    replica: connection,
    source: connection,
    user: userName.default(ACCOUNTS.replication.user),
    password: passwordOf(ACCOUNTS.replication),
    useGtid: z.enum(["current_pos", "slave_pos"]).default(LINK_DEFAULTS[DEFAULT_PROFILE].useGtid),
    connectRetry: z.number().int().min(1).max(86400).default(LINK_DEFAULTS[DEFAULT_PROFILE].connectRetry),
    heartbeatPeriod: z.number().min(0).max(4294967).optional(),
    tls: z.enum(["off", "verified", "mutual"]).optional(),
    revisions: z.array(z.string()).optional(),
  },
  rules: [differentServers("replica", "source")],
  derived: {
    needs: ["source"],
    properties: {
      sourceAddress: z.string(),
      sourcePort: z.number(),
      state: word("ReplicationLink.state"),
      semiSync: word("ReplicationLink.semiSync"),
    },
    from: ({ source }) => ({
      sourceAddress: source.address,
      sourcePort: source.port,
      state: REPLICATING,
      semiSync: IN_EFFECT,
    }),
  },
  id: ({ replica, source }) => `${replica.address}:${replica.port}<-${source.address}:${source.port}`,

  create: (wanted, begun) => establish(wanted, { passwordChanged: false, sourceMark: undefined }, begun),
  update: (last, wanted) =>
    establish(
      wanted,
      { passwordChanged: last.password !== wanted.password, sourceMark: last.sourceMark },
      () => undefined,
    ),

  async observe(last) {
    await using replica = await openServer(last.replica);
    const found = await findSource(last);
    await using source = found instanceof Server ? found : undefined;
    const seen = async () => ({
      inputs: await look(last, { replica, source, isAway: found === "away" }),
      computed: {
        ...last,
        sourceMark: source ? await renewMark({ replica, source }, last.sourceMark) : last.sourceMark,
      },
    });
    return await seen().catch(async (error: unknown) => {
      if (!isTroubleOf(last.source, error)) throw error;
      return { inputs: await look(last, { replica, source: undefined, isAway: true }), computed: last };
    });
  },

  inTrouble(trouble) {
    // The node says that it is down; of its link nothing new is known.
    if (trouble instanceof ConnectionError) return trouble.isNew ? { state: linkState(undefined) } : {};
    return { state: trouble.problem };
  },

  async remove(last) {
    await removeUnlessUnreachable(nameOf(last.replica), async () => {
      await inTurn([last.replica, last.source], async () => {
        await using replica = await openToRemove(last.replica);
        await removeLink(replica);
      });
    });
  },
});

async function establish(
  wanted: ReplicationLinkChecked,
  before: Before,
  begun: () => void,
): Promise<ReplicationLinkComputed> {
  const proof = await inTurn([wanted.replica, wanted.source], async () => {
    await using servers = await openAll(wanted.replica, wanted.source);
    const [replica, source] = servers;
    await lockServers([replica, source]);
    const wasThere = await replicaStatus(replica);
    try {
      return await establishLink({ replica, source }, wanted, before);
    } catch (error) {
      // A link that was made and does not replicate is for a later `destroy` to find.
      if (!wasThere && (await replicaStatus(replica).catch(() => undefined))) begun();
      throw error;
    }
  });
  return { direction: `${nameOf(wanted.replica)}<-${nameOf(wanted.source)}`, ...proof };
}

/** The source, or why it can't be asked. On one that was made anew there is no account for the replica either. */
async function findSource({ source }: ReplicationLinkChecked): Promise<Server | "away" | "new"> {
  try {
    return await openServer(source);
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    return error.isNew ? "new" : "away";
  }
}

interface Seen extends SeenEnds {
  /** The source can't be reached. */
  readonly isAway: boolean;
}

/** The live link, as inputs. */
async function look(last: ReplicationLinkChecked, { isAway, ...ends }: Seen): Promise<Partial<ReplicationLinkChecked>> {
  const { status, semiSync } = await settledLink(ends, { milliseconds: 2_000, despiteErrors: false });
  // A link that waits for a source that is down is not at fault: the node says what is.
  const waits = isAway && status?.sqlThread === "Yes" && status.ioThread !== "No";
  return {
    state: waits ? last.state : linkState(status),
    semiSync: semiSync ?? last.semiSync,
    ...(status && {
      sourceAddress: status.sourceAddress,
      sourcePort: status.sourcePort,
      user: status.user,
      useGtid: status.useGtid as ReplicationLinkInputs["useGtid"],
      connectRetry: status.connectRetry,
      ...(last.heartbeatPeriod !== undefined && { heartbeatPeriod: status.heartbeatPeriod }),
      // What is seen stands in words where it is none of the wanted ones.
      tls: seenTls(status.tls, last.tls, ends) as LinkTls,
    }),
  };
}
