import type { ReplicationLinkComputed, ReplicationLinkDerived, ReplicationLinkInputs } from "../inputs";
import { openToRemove } from "../mariadb/admin";
import { nameOf } from "../mariadb/connection";
import { ConnectionError } from "../mariadb/connectionError";
import { isTroubleOf, openAll, openServer } from "../mariadb/open";
import { replicaStatus } from "../mariadb/replication";
import { Server } from "../mariadb/server";
import { type Before, establishLink, removeLink } from "../pair/link";
import { seenTls } from "../pair/linkTls";
import { inTurn, lockServers } from "../pair/lock";
import { IN_EFFECT, type SeenEnds, settledLink } from "../pair/look";
import { renewMark } from "../pair/sourceHistory";
import { linkState, REPLICATING } from "../recipe/linkState";
import type { LinkTls } from "../recipe/tls";
import { define } from "./define";
import { derived, given } from "./inputs/ReplicationLink";
import { differentServers } from "./inputs/shared";
import { removeUnlessUnreachable } from "./unreachable";

/** What is wanted of a link, as previews show it. */
export interface ReplicationLinkChecked extends ReplicationLinkInputs, ReplicationLinkDerived {}

export const ReplicationLink = define<ReplicationLinkInputs, ReplicationLinkChecked, ReplicationLinkComputed>({
  properties: given.shape,
  rules: [differentServers("replica", "source")],
  derived: {
    needs: ["source"],
    properties: derived.shape,
    from: ({ source }) => ({
      sourceAddress: source.address,
      sourcePort: source.port,
      state: REPLICATING,
      semiSync: IN_EFFECT,
    }),
  },
  id: ({ replica, source }) => `${replica.address}:${replica.port}<-${source.address}:${source.port}`,
  on: ({ replica, source }) => [replica, source],

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
        await lockServers([replica]);
        await removeLink(replica);
      });
    });
  },
});

function establish(
  wanted: ReplicationLinkChecked,
  before: Before,
  begun: () => void,
): Promise<ReplicationLinkComputed> {
  return inTurn([wanted.replica, wanted.source], async () => {
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
}

/** The source, or why it can't be asked. A recreated source has no account for the replica either. */
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
      // A state that is not the wanted one shows what was seen.
      tls: seenTls(status.tls, last.tls, ends) as LinkTls,
    }),
  };
}
