import { openServer } from "../mariadb/open";
import {
  describe,
  foundNoLog,
  hasAppliedReceived,
  isMerelyStopped,
  isRunning,
  pullsFrom,
  type ReplicaStatus,
  reconnectNow,
  replicaStatus,
  waitUntilReceivedIsApplied,
} from "../mariadb/replication";
import { semiSync } from "../mariadb/semiSync";
import type { Server } from "../mariadb/server";
import { candidatesFor, narrowestFirst } from "../mariadb/takenForReplica";
import { isLasting, remedy, repairFirst } from "../recipe/linkState";
import { progress } from "../run";
import { during, until } from "../waiting";
import { bringAcknowledgement, withoutWaiting } from "./acknowledgement";
import { DAMAGED } from "./changeMaster";
import type { Ends } from "./ends";
import { startStopped } from "./link";
import { NotYet } from "./lock";
import { settledLink } from "./look";
import { comesAgain, failIfStopped, proveRowsArrive, waitUntilCaughtUp } from "./proof";
import { refuseUnreachable } from "./reachability";
import { refuseWithoutRoom } from "./room";
import { rowsKept } from "./rowsKept";
import { isBeingSeeded } from "./seeding";

const CATCH_UP_DEADLINE = 60_000;
const RETURN_DEADLINE = 60_000;
const PROOF_DEADLINE = 15_000;
const TRUST_DEADLINE = 10_000;
const SETTLE = 1_000;
/** How long a replica may stand still, without an error, before it is started again. */
const STANDSTILL = 2_000;
/** How long a refused login is tried again: an error of the first try may be of the moment. */
const REFUSED = 5_000;

/** One node that has to go away for a moment, and the other that stays and serves. */
export interface Stop {
  readonly node: Server;
  readonly peer: Server;
  /** Why, as the progress lines and refusals say it: "db1 has to restart for log_bin". */
  readonly why: string;
  /** True: afterwards the node listens elsewhere, so that links may come about then which now find nobody. @default false */
  readonly movesAddress?: boolean;
}

/**
 * Takes one node of a linked pair away and back without a session lost or stalled on the other. Refuses while the pair isn't
 * healthy; ends only when rows arrive in both directions again.
 */
export async function plannedStop(stop: Stop, away: () => Promise<void>): Promise<void> {
  const { node, peer, why } = stop;
  // The node's own room is looked at by who stops it: what it needs depends on why.
  await refuseWithoutRoom(peer, { why, restarts: false });
  const before = await refuseUnlessHealthy(stop);
  progress(`${why}; commits on ${peer.name} wait for nobody meanwhile`);
  const returned = async () => {
    await using back = await openServer(node.connection);
    await bothReturned(back, peer, before);
  };
  await withoutWaiting(peer, away, returned);
  await using back = await openServer(node.connection);
  await during(
    `proving that rows arrive in both directions between ${back.name} and ${peer.name}`,
    proveBoth(back, peer, before),
  );
  progress(`${back.name} and ${peer.name} replicate from each other again`);
}

interface Links {
  /** The node replicates from the peer. */
  readonly incoming: boolean;
  /** The peer replicates from the node. */
  readonly outgoing: boolean;
}

async function refuseUnlessHealthy({ node, peer, why, movesAddress = false }: Stop): Promise<Links> {
  const [inwards, outwards] = [
    { replica: node, source: peer },
    { replica: peer, source: node },
  ];
  const [received, outgoing] = await Promise.all([standing(inwards, why), standing(outwards, why)]);
  // The peer may wait for such a stop as well.
  const incoming = movesAddress && findsNobody(received) ? undefined : received;
  const refuse = ({ replica, source }: Ends, status: ReplicaStatus) => {
    const text =
      `${why}, but ${replica.name} does not replicate (${describe(status)}). Sessions that only one node has would be out of reach ` +
      `meanwhile, so nothing was stopped. ${repairFirst(status.ioError?.errno, source.name)}`;
    // It is connecting, or tries again, and another change of this run may make the account that it lacks.
    return status.sqlThread === "Yes" && status.ioThread !== "No"
      ? new NotYet(`${replica.name} to replicate (${describe(status)})`, text)
      : new Error(text);
  };
  if (incoming && !isRunning(incoming)) throw refuse(inwards, incoming);
  if (
    outgoing &&
    !isRunning(outgoing) &&
    !foundNoLog(outgoing) &&
    !(movesAddress && findsNobody(outgoing)) &&
    !(await givesNothing(node, outgoing))
  ) {
    throw refuse(outwards, outgoing);
  }
  if (incoming) await refuseUnlessProved(inwards, incoming, why);
  if (outgoing && isRunning(outgoing)) await refuseUnlessProved(outwards, outgoing, why);
  for (const [ends, status] of [
    [inwards, incoming],
    [outwards, outgoing],
  ] as const) {
    await refuseWhileLate(ends, status, why);
  }
  if (incoming) await waitUntilReceivedIsApplied(node, CATCH_UP_DEADLINE);
  if (outgoing && isRunning(outgoing)) await waitUntilCaughtUp(node, peer, CATCH_UP_DEADLINE);
  return { incoming: incoming !== undefined, outgoing: outgoing !== undefined };
}

/** Nobody listens where the replica looks for its source, or nothing of it gets there. */
const findsNobody = (status: ReplicaStatus | undefined): boolean =>
  status?.sqlThread === "Yes" &&
  status.ioThread === "Connecting" &&
  [2002, 2003].includes(status.ioError?.errno ?? 2003);

/** A replica that is told to apply late, or up to some place, does not catch up by being waited for. */
async function refuseWhileLate({ replica }: Ends, status: ReplicaStatus | undefined, why: string): Promise<void> {
  const late = status?.otherOptions.filter((option) => /^(MASTER_DELAY|START SLAVE UNTIL)/.test(option)) ?? [];
  if (late.length === 0 || (await hasAppliedReceived(replica))) return;
  throw new Error(
    `${why}, but ${replica.name} has received what it has not applied (${late.join(", ")}), so nothing was stopped. ${repairFirst(undefined, "")}`,
  );
}

/**
 * The status of a link. One that was merely stopped, by hand or by a run that was cut off, is started: nothing else would do it before. One that
 * has to wait for the restart of a server that was started without its settings is as if there were none.
 */
async function standing(ends: Ends, why: string): Promise<ReplicaStatus | undefined> {
  const status = await settled(ends);
  if (!status || !isMerelyStopped(status) || !pullsFrom(status, ends.source.connection)) return status;
  if (await isBeingSeeded(ends.source)) {
    const { name } = ends.source;
    throw new NotYet(
      `${name} to be seeded`,
      `${name} does not hold all sessions: its seeding is under way, or was cut off`,
    );
  }
  if (await givesNothing(ends.source, status)) return undefined;
  try {
    await startStopped(ends, status);
  } catch (error) {
    if ((error as { errno?: number }).errno !== DAMAGED) throw error;
    if (await givesNothing(ends.replica)) return undefined;
    throw new Error(
      `${why}, but ${ends.replica.name} can't start its replica threads, because its files about replication are damaged (${DAMAGED}), so nothing was ` +
        `stopped. ${repairFirst(undefined, "")}`,
    );
  }
  return settled(ends);
}

/**
 * True for a server from which nobody can replicate before its restart, such as one that was started without its option file. An encrypted
 * link can't where TLS is off.
 */
async function givesNothing(server: Server, link?: ReplicaStatus): Promise<boolean> {
  const row = await server.row("SELECT @@log_bin AS log, @@skip_networking AS closed, @@have_ssl AS tls");
  return (
    Number(row?.["log"]) === 0 ||
    Number(row?.["closed"]) === 1 ||
    (link?.tls.verified === true && row?.["tls"] !== "YES")
  );
}

/** Its next try to connect may be far, and its source may have been back for long. */
async function settled(ends: Ends): Promise<ReplicaStatus | undefined> {
  await reconnectNow(ends.replica);
  const { status } = await settledLink({ ...ends, source: undefined }, { milliseconds: SETTLE, despiteErrors: true });
  return status;
}

/** A link that runs was proved when it connected. Where certificates have changed since, it would not come back. The source may just be taking up its own. */
async function refuseUnlessProved({ replica, source }: Ends, { user, tls }: ReplicaStatus, why: string): Promise<void> {
  if (!tls.ca) return;
  const what = `${source.name} to prove itself to ${replica.name}`;
  try {
    await until({ what, deadline: TRUST_DEADLINE }, () =>
      refuseUnreachable(replica, source, user, true).then(
        () => ({ done: undefined }),
        ({ message }: Error) => ({ seen: message }),
      ),
    );
  } catch (error) {
    throw new Error(`${why}, but that link would not come back: ${(error as Error).message} Nothing was stopped.`);
  }
}

/** What keeps rows of that direction back and is not this change's, another one takes away: it may need this one first. */
async function prove(source: Server, replica: Server): Promise<void> {
  const kept = await rowsKept({ replica, source });
  if (kept.length === 0) return void (await proveRowsArrive(source, replica, PROOF_DEADLINE));
  progress(`rows of ${source.name} don't all reach ${replica.name} yet: ${kept.join("; ")}`);
}

async function bothReturned(node: Server, peer: Server, links: Links): Promise<void> {
  if (links.outgoing) await returned({ replica: peer, source: node });
  if (links.incoming) {
    await returned({ replica: node, source: peer });
    await bringAcknowledgement(peer, node, PROOF_DEADLINE);
  }
}

/** A replica that somebody stops meanwhile, without an error, is started again: it ran before. */
async function returned(ends: Ends): Promise<void> {
  const { replica, source } = ends;
  let standsSince: number | undefined;
  let failed: string | undefined;
  const isRefused = comesAgain(REFUSED, isLasting);
  await until(
    { what: `${replica.name} to replicate from ${source.name} again`, deadline: RETURN_DEADLINE },
    async () => {
      await reconnectNow(replica);
      const status = await replicaStatus(replica);
      if (isRunning(status) || !status) return { done: undefined };
      if (isRefused(status)) await failRefused(ends, status);
      const stands = isMerelyStopped(status);
      if (!stands && !foundNoLog(status)) failIfStopped(replica, source, status);
      // A server that has just come up is about to start its threads.
      standsSince = stands ? (standsSince ?? Date.now()) : undefined;
      if (standsSince && Date.now() - standsSince > STANDSTILL) await startStopped(ends, status);
      // Between two tries to connect, no error is shown.
      if (status.ioError) failed = describe(status);
      return { seen: failed ?? describe(status) };
    },
  );
}

/** The source has refused the replica again and again since it came back, though it let it in before: it may take another account for its. */
async function failRefused({ replica, source }: Ends, status: ReplicaStatus): Promise<never> {
  const refusal = status.ioError?.text ?? "";
  const taken = await candidatesFor(source, replica, { user: status.user, refusal });
  throw new Error(
    `${source.name} is back, and refuses ${replica.name} (${describe(status)}). ${narrowestFirst(source, taken, refusal)} ${remedy(status.ioError?.errno)}`,
  );
}

async function proveBoth(node: Server, peer: Server, links: Links): Promise<void> {
  if (links.outgoing) {
    await bringAcknowledgement(node, peer, PROOF_DEADLINE);
    await prove(node, peer);
  }
  if (links.incoming) {
    await prove(peer, node);
    await bringAcknowledgement(peer, node, PROOF_DEADLINE);
    const { sourceEnabled, sourceActive } = await semiSync(peer);
    if (sourceEnabled && !sourceActive)
      throw new Error(`semi-sync did not come back on ${peer.name}: its commits wait for nobody`);
  }
}
