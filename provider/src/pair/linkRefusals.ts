import type { HistoryMark } from "../inputs";
import { parsePosition } from "../mariadb/gtid";
import {
  appliedPosition,
  foundPurged,
  hasAppliedReceived,
  isRunning,
  ownDomain,
  pullsFrom,
  type ReplicaStatus,
  replicaStatus,
} from "../mariadb/replication";
import type { Server } from "../mariadb/server";
import { hasRows, tablesWithReach } from "../mariadb/tables";
import { direction, type Ends } from "./ends";
import { forked } from "./history";
import { compareRows, otherHoldsAll, turned } from "./rows";
import { isBeingSeeded } from "./seeding";
import { judgeSource } from "./sourceHistory";
import { wayOut } from "./wayOut";

/** What a link is not made or started for: rows would be lost. */

export async function refuseEqualIdentity({ replica, source }: Ends): Promise<void> {
  for (const variable of ["server_id", "gtid_domain_id", "server_uid"]) {
    if (variable === "server_uid" && !replica.version.has("server uid")) continue;
    const [one, other] = await Promise.all(
      [replica, source].map((server) => server.value(`SELECT @@GLOBAL.${variable}`)),
    );
    if (one !== other) continue;
    throw new Error(
      `${replica.name} and ${source.name} have the same ${variable} (${one}), so they were not linked. ` +
        (variable === "server_uid" ? "They are the same server." : "Give the nodes the numbers 1 and 2."),
    );
  }
}

/** A server whose copy of its peer's rows is not at its end has not what it seems to have, and is seeded once more. */
export async function refuseUnfinished({ replica, source }: Ends): Promise<void> {
  for (const [server, from] of [
    [replica, source],
    [source, replica],
  ] as const) {
    if (!(await isBeingSeeded(server))) continue;
    throw new Error(
      `${server.name} is only half filled from ${from.name}: its seeding was cut off. ${direction(replica, source)} was neither made nor started, ` +
        `and nothing was emptied. \`pulumi up\` of the node ${server.name} seeds it again; ${from.name} has to run for that.`,
    );
  }
}

/**
 * A replica that applies late, or up to some place, has received what is not applied, and CHANGE MASTER drops that: the source must have it still.
 */
export async function refuseToDropReceived({ replica, source }: Ends, status: ReplicaStatus): Promise<void> {
  if (await hasAppliedReceived(replica)) return;
  const domain = await ownDomain(source);
  const applied = (await appliedPosition(replica)).get(domain)?.sequence ?? 0n;
  if (pullsFrom(status, source.connection) && (await firstLogged(source, domain)) <= applied) return;
  throw new Error(
    `${replica.name} has received what it has not applied yet (${status.otherOptions.join(", ")}), and ${source.name} does not have all of it in its binary log ` +
      `any more, or it came from another server. To change the replication now would lose it, so nothing was touched. Wait until ${replica.name} has applied it ` +
      "(Gtid_IO_Pos of SHOW ALL SLAVES STATUS is then in gtid_slave_pos), then run `pulumi up` again.",
  );
}

/** Up to where a stream had come when the oldest binary log that is left was begun. */
async function firstLogged(source: Server, domain: number): Promise<bigint> {
  const log = await source.row("SHOW BINARY LOGS");
  const position = parsePosition(await source.value("SELECT BINLOG_GTID_POS(?, 4)", [log?.["Log_name"]]));
  return position.get(domain)?.sequence ?? 0n;
}

/**
 * Returns up to where the source is known to have lost nothing; undefined where that is not certain, see `stopIfRewound`.
 * @param last the mark of an earlier look
 */
export async function refuseToLoseRows(ends: Ends, last: HistoryMark | undefined): Promise<HistoryMark | undefined> {
  const { replica } = ends;
  const domain = await ownDomain(ends.source);
  const status = await replicaStatus(replica);
  if (status && foundPurged(status)) throw new Error(await purged(ends, status));
  const verdict = await judgeSource(ends, domain, last);
  // One that runs is stopped for a moment at most: nothing of what can't be told changes by that.
  const isDoubtful = verdict.kind === "unknown" && !isRunning(status) && !verdict.goesOn;
  if (isDoubtful || verdict.kind === "rewound" || verdict.kind === "reset")
    throw new Error(await forked(ends, verdict));
  await refuseToMixHistories(ends, domain);
  return verdict.kind === "whole" ? verdict.mark : undefined;
}

/**
 * The second look at a direction that stood still and was let go on without certainty. As long as it stood, rows of both differed anyway; now that it
 * runs, they tell. One whose source lost some stands still again. Returns what `refuseToLoseRows` does.
 */
export async function stopIfRewound(ends: Ends, last: HistoryMark | undefined): Promise<HistoryMark | undefined> {
  const verdict = await judgeSource(ends, await ownDomain(ends.source), last);
  if (verdict.kind === "whole") return verdict.mark;
  if (verdict.kind === "unknown") return undefined;
  await ends.replica.query("STOP SLAVE");
  throw new Error(await forked(ends, verdict));
}

/** The replica was away for longer than the source keeps its log. */
async function purged({ replica, source }: Ends, { ioError }: ReplicaStatus): Promise<string> {
  const rows = await compareRows(replica, source);
  return (
    `${replica.name} was away for longer than ${source.name} keeps its binary log (1236: ${ioError?.text}), so ${direction(replica, source)} can't go on: ` +
    `${replica.name} has to be seeded from ${source.name}. Nothing was touched. What only ${replica.name} has, has to reach ${source.name} before: ` +
    `repair ${direction(source, replica)} first, if it does not replicate. ${await wayOut({ node: replica, from: source }, rows)}`
  );
}

/**
 * Two servers that were never linked and both hold sessions: replaying the one's history (CREATE TABLE runs as CREATE OR REPLACE)
 * would destroy the other's rows.
 */
async function refuseToMixHistories({ replica, source }: Ends, domain: number): Promise<void> {
  if ((await appliedPosition(replica)).has(domain)) return;
  if (parsePosition(await source.value("SELECT @@GLOBAL.gtid_binlog_state")).size === 0) return;
  const [own, others] = await Promise.all([tablesWithRows(replica), tablesWithRows(source)]);
  if (own.length === 0 || others.length === 0) return;
  const rows = await compareRows(replica, source);
  // The one that has nothing of its own is the one to go.
  const isSourceSpare = otherHoldsAll(turned(rows)) && !otherHoldsAll(rows);
  const advice = isSourceSpare
    ? await wayOut({ node: source, from: replica }, turned(rows))
    : await wayOut({ node: replica, from: source }, rows);
  throw new Error(
    `${replica.name} and ${source.name} were never linked, and both hold sessions (${own.join(", ")}). Replaying the history of ${source.name} ` +
      `would destroy rows of ${replica.name}, so they were not linked. ${advice}`,
  );
}

async function tablesWithRows(server: Server): Promise<string[]> {
  const filled: string[] = [];
  for (const table of await tablesWithReach(server)) {
    if (await hasRows(server, table)) filled.push(`${table.database}.${table.table}`);
  }
  return filled;
}
