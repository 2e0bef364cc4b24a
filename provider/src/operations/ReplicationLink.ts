import type { ReplicationLinkComputed, ReplicationLinkDerived, ReplicationLinkInputs } from "../inputs";
import { openToRemove } from "../mariadb/admin";
import { nameOf } from "../mariadb/connection";
import { ConnectionError } from "../mariadb/connectionError";
import { isTroubleOf, openAll, openViewer } from "../mariadb/open";
import { claimsAt, declare, giveUpAll, holds, identityOf, refuseAnother, refuseOthers } from "../mariadb/register";
import { replicaStatus } from "../mariadb/replication";
import { isOtherServer } from "../mariadb/sameServer";
import { Server } from "../mariadb/server";
import { type Before, establishLink, removeLink } from "../pair/link";
import { seenTls } from "../pair/linkTls";
import { inTurn, lockServers } from "../pair/lock";
import { IN_EFFECT, type SeenEnds, settledLink } from "../pair/look";
import { namedFrom } from "../pair/namedReplica";
import { leftOver } from "../pair/probe";
import { renewMark } from "../pair/sourceHistory";
import { type Declaration, REPLICATION } from "../recipe/claims";
import { linkState, REPLICATING } from "../recipe/linkState";
import type { LinkTls } from "../recipe/tls";
import { dropThoseNotUsedAnyMore } from "./accountsInUse";
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

  // Another source is a change of this direction: the replica goes over to it.
  isOther: (last, wanted) => isOtherServer(last.replica, wanted.replica, last.identity),
  belongings: { at: "replica", claims: ({ replica }) => claimsAt(replica, (object) => object === REPLICATION) },

  create: (wanted, begun, declaration) =>
    establish(wanted, { passwordChanged: false, sourceMark: undefined }, { declaration, known: undefined, begun }),
  update: (last, wanted, declaration) =>
    establish(
      wanted,
      { passwordChanged: last.password !== wanted.password, sourceMark: last.sourceMark },
      { declaration, known: last.identity, begun: () => undefined },
    ),

  async observe(last) {
    await using replica = await openViewer(last.replica);
    const found = await findSource(last);
    await using source = found instanceof Server ? found : undefined;
    const claim = last.claim && ((await holds(replica, last.claim)) ? last.claim : undefined);
    const seen = async () => ({
      inputs: await look(last, { replica, source, isAway: found === "away" }),
      computed: {
        ...last,
        claim,
        sourceMark: source ? await renewMark({ replica, source }, last.sourceMark) : last.sourceMark,
      },
    });
    return await seen().catch(async (error: unknown) => {
      if (!isTroubleOf(last.source, error)) throw error;
      return { inputs: await look(last, { replica, source: undefined, isAway: true }), computed: { ...last, claim } };
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
        await giveUpAll(replica, last.claim, "the replication", async (objects) => {
          if (objects.length > 0) await removeLink(replica);
        });
      });
    });
  },
});

interface Declared {
  readonly declaration: Declaration;
  /** The identity by which the replica was known until now. */
  readonly known: string | undefined;
  begun(): void;
}

function establish(
  wanted: ReplicationLinkChecked,
  before: Before,
  { declaration, known, begun }: Declared,
): Promise<Omit<ReplicationLinkComputed, "claim">> {
  return inTurn([wanted.replica, wanted.source], async () => {
    await using servers = await openAll([wanted.replica, wanted.source]);
    const [replica, source] = servers;
    await refuseAnother(replica, known);
    await refuseOthers(replica, [REPLICATION], declaration);
    await lockServers([replica, source]);
    const wasThere = await replicaStatus(replica);
    try {
      const seen = await establishLink({ replica, source }, wanted, before);
      await declare(replica, [REPLICATION], declaration);
      await dropThoseNotUsedAnyMore(source);
      return { ...seen, identity: await identityOf(replica) };
    } catch (error) {
      // A link that was made and does not replicate is for a later `destroy` to find.
      if (!wasThere && (await replicaStatus(replica).catch(() => undefined))) {
        await declare(replica, [REPLICATION], declaration);
        begun();
      }
      throw error;
    }
  });
}

/** The source, or why it can't be asked. A recreated source has no account for the replica either. */
async function findSource({ source }: ReplicationLinkChecked): Promise<Server | "away" | "new"> {
  try {
    return await openViewer(source);
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
  const [named] = await namedFrom(ends.replica, last.source, ends.source);
  const leftOvers = ends.source ? await leftOver({ replica: ends.replica, source: ends.source }) : [];
  return {
    state: waits && !named ? last.state : linkState(status, named?.name),
    otherOptions: status && status.otherOptions.length > 0 ? status.otherOptions : undefined,
    leftOver: leftOvers.length > 0 ? leftOvers : undefined,
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
