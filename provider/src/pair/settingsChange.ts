import { isDeepStrictEqual } from "node:util";
import { otherAccess } from "../hosts/access";
import type { HostFile } from "../hosts/Host";
import { unwritten } from "../hosts/unwritten";
import type { Connection } from "../inputs";
import { openAsAdminWhenUp } from "../mariadb/admin";
import { nameOf } from "../mariadb/connection";
import { isTroubleOf, openAll, openServer } from "../mariadb/open";
import { type OurFile, putBack } from "../mariadb/optionFiles";
import { isMerelyStopped, namedReplicas, replicaStatus } from "../mariadb/replication";
import type { Server } from "../mariadb/server";
import { type SettingChange, setRunning, settingChanges } from "../mariadb/settings";
import { startProblems } from "../mariadb/startProblems";
import { tablesOfEngines } from "../mariadb/tables";
import { describeUnfit, ENGINES_LOST_AT_RESTART } from "../recipe/schema/engines";
import type { NotedSettings, Settings } from "../recipe/settings/ofNode";
import { REDO_LOG_SIZE, settingOf } from "../recipe/settings/table";
import { toNumber } from "../recipe/settings/values";
import { NotRecorded } from "../record/recorder";
import { progress } from "../run";
import { during } from "../waiting";
import { isOfStart, refuseLeft, refuseOtherValues } from "./afterRestart";
import { inTurn, lockServers, refuseAfterFailure } from "./lock";
import { areLinked, isLinkedByOwnWord, lookAtPair } from "./look";
import { refuseNamed } from "./namedReplica";
import { plannedStop } from "./plannedStop";
import { refuseWithoutRoom } from "./room";

/** The settings that a server should run with, and the file that holds them for its next start. */
export interface WantedSettings {
  readonly server: Server;
  /** The other node. Undefined: there is none, or this one has nothing yet that could be lost or missed. */
  readonly peer: Connection | undefined;
  /** What it was given before; what is no longer wanted goes back to the server's default. */
  readonly former: NotedSettings;
  readonly wanted: Settings;
  readonly file: OptionFile;
}

export interface OptionFile extends Required<OurFile> {
  readonly mode: number;
}

/**
 * Brings file and running values to what is wanted, in the mildest way that the changes allow. A server that has all gets nothing.
 * Call it in a turn of the servers that `concerned` names: while one of them is away, the values of the other are not its own.
 */
export async function applySettings(change: WantedSettings): Promise<void> {
  const { server, peer } = change;
  const { changes, isDone } = await lookAt(server, change);
  if (isDone) return;
  const step = mildestStep(changes, await isReplicating(server));
  const why = reasonOf(server, step, changes);
  if (step !== "set")
    await refuseWithoutRoom(server, { why, restarts: step === "restart", redoLog: redoLogOf(changes) });
  if (step === "restart") await refuseToEmptyTables(server, change.wanted, why);
  const linked = step === "set" ? undefined : await linkedPeer(server, peer, why);
  if (!linked) {
    const difference = await lockAndLook([server], server, change);
    if (difference.isDone) return;
    await make(step, server, change.file, difference);
    return refuseOtherValues(server.connection, difference.changes);
  }
  refuseAfterFailure([server.connection, linked]);
  await using servers = await openAll([linked, server.connection]);
  const [other, node] = servers;
  const difference = await lockAndLook([other, node], node, change);
  if (difference.isDone) return;
  const movesAddress = difference.changes.some(({ kind }) => kind.is === "address");
  await plannedStop({ node, peer: other, why, movesAddress }, () => {
    for (const { option } of difference.changes) {
      const consequence = settingOf(option)?.afterChange?.(other.name);
      if (consequence) progress(`${node.name}: ${consequence}`);
    }
    return make(step, node, change.file, difference);
  });
  await refuseOtherValues(node.connection, difference.changes);
}

/** What of a server has to stop for its settings. */
export interface NeededStop {
  readonly why: string;
  /** All of it. */
  readonly isRestart: boolean;
}

/** Undefined: nothing has to. */
export async function neededStop(
  server: Server,
  former: NotedSettings,
  wanted: Settings,
): Promise<NeededStop | undefined> {
  const changes = await settingChanges(server, former, wanted);
  const step = mildestStep(changes, await isReplicating(server));
  return step === "set" ? undefined : { why: reasonOf(server, step, changes), isRestart: step === "restart" };
}

/**
 * Puts back running values that somebody has changed, where that takes no stop: what keeps a server from its other changes does not keep it from
 * these.
 * @param servers those in whose turn it is done
 */
export async function putBackRunning(
  server: Server,
  former: NotedSettings,
  wanted: Settings,
  servers: () => Promise<readonly Connection[]>,
): Promise<void> {
  const changedByHand = async () =>
    (await settingChanges(server, former, wanted)).filter(
      (change) =>
        change.takesEffect !== "restart" &&
        !needsStoppedReplica(change) &&
        former.some(([option, value]) => option === change.option && isDeepStrictEqual(value, change.wanted)),
    );
  if ((await changedByHand()).length === 0) return;
  await inTurn(await servers(), async () => {
    await lockServers([server]);
    for (const change of await changedByHand()) {
      progress(`${server.name}: changing ${inWords(change)}`);
      // What can't be set now, all changes together may bring.
      await setRunning(server, change).catch(({ message }: Error) => progress(message));
    }
  });
}

const reasonOf = ({ name }: Server, step: Step, changes: readonly SettingChange[]): string =>
  `${name} has to ${step === "restart" ? "restart" : "stop its replica threads"} for ${names(changes, step)}`;

/** A start empties some tables, and the server logs that, so that the peer's go too. */
async function refuseToEmptyTables(server: Server, wanted: Settings, why: string): Promise<void> {
  const patterns = [wanted["replicate_wild_do_table"] ?? []].flat();
  const tables = await tablesOfEngines(server, ENGINES_LOST_AT_RESTART, { patterns });
  if (tables.length > 0) throw new Error(`${why}, but ${describeUnfit(tables)}. Nothing was stopped.`);
}

/** How a server differs from what is wanted. */
interface Difference {
  readonly changes: readonly SettingChange[];
  /** The option file as it is. */
  readonly found: HostFile | undefined;
  /** The option file is as it is wanted. */
  readonly isWritten: boolean;
  readonly isDone: boolean;
}

async function lookAt(server: Server, { former, wanted, file }: WantedSettings): Promise<Difference> {
  const changes = await settingChanges(server, former, wanted);
  const found = await server.host.readFile(file.path);
  const isWritten = found?.text === file.text && (await otherAccess(server.host, found, file)) === undefined;
  return { changes, found, isWritten, isDone: changes.length === 0 && isWritten };
}

/** Looks again: another run, for which this one waited, may have made some of the changes. */
async function lockAndLook(servers: readonly Server[], server: Server, change: WantedSettings): Promise<Difference> {
  await lockServers(servers);
  return lookAt(server, change);
}

async function make(step: Step, server: Server, file: OptionFile, difference: Difference): Promise<void> {
  const changes = difference.changes.map(inWords).join(", ");
  progress(`${server.name}: ${changes ? `changing ${changes}` : "writing the option file"}`);
  if (step === "set") await setWhileRunning(server, file, difference);
  else if (step === "restart") await restart(server, file, difference);
  else await stopReplica(server, file, difference);
}

const inWords = ({ option, wanted }: SettingChange): string =>
  wanted === undefined ? `${option} to the server's default` : `${option}=${wanted.length === 0 ? "(none)" : wanted}`;

function redoLogOf(changes: readonly SettingChange[]): number | undefined {
  const change = changes.find(({ option }) => option === REDO_LOG_SIZE);
  return change && toNumber(String(change.wanted));
}

type Step = "set" | "stop replica" | "restart";

function mildestStep(changes: readonly SettingChange[], replicating: boolean): Step {
  if (changes.some(({ takesEffect }) => takesEffect === "restart")) return "restart";
  return replicating && changes.some(needsStoppedReplica) ? "stop replica" : "set";
}

const needsStoppedReplica = ({ takesEffect }: SettingChange): boolean =>
  takesEffect === "replica threads stopped" || takesEffect === "replica IO thread restarted";

const names = (changes: readonly SettingChange[], step: Step): string =>
  changes
    .filter((change) => (step === "restart" ? change.takesEffect === "restart" : needsStoppedReplica(change)))
    .map(({ option }) => option)
    .join(", ");

async function isReplicating(server: Server): Promise<boolean> {
  if ((await runningUnderNames(server)).length > 0) return true;
  const status = await replicaStatus(server);
  if (!status) return false;
  // Threads that were merely stopped may be started at any time, by the other node's turn too.
  return status.ioThread !== "No" || status.sqlThread !== "No" || isMerelyStopped(status);
}

async function setWhileRunning(server: Server, file: OptionFile, difference: Difference): Promise<void> {
  const { changes, found } = difference;
  if (!difference.isWritten) await writeOptions(server, file);
  const done: string[] = [];
  try {
    if (!difference.isWritten) await refuseBadStart(server, file, found);
    for (const change of changes) {
      await setRunning(server, change);
      done.push(change.option);
    }
  } catch (error) {
    if (!difference.isWritten) await putBack(server, file.path, found);
    const set =
      done.length === 0
        ? ""
        : ` Already set: ${done.join(", ")}; the next \`pulumi up\` puts right what is not wanted then.`;
    throw new Error(`${(error as Error).message}. The former option file was put back.${set}`);
  }
}

/** Its next start reads what is written now: long after this run, perhaps. What kept it from starting before is somebody else's. */
async function refuseBadStart(server: Server, file: OptionFile, former: HostFile | undefined): Promise<void> {
  const problems = await startProblems(server);
  if (problems.length === 0) return;
  await putBack(server, file.path, former);
  const known = await startProblems(server);
  const caused = problems.filter((problem) => !known.includes(problem));
  if (caused.length > 0)
    throw new Error(`${server.name} would not start again with the new settings: ${caused.join("; ")}`);
  await writeOptions(server, file);
}

async function stopReplica(server: Server, file: OptionFile, difference: Difference): Promise<void> {
  // Some settings need all connections stopped, those of other people too.
  const names = [...((await replicaStatus(server)) ? [""] : []), ...(await runningUnderNames(server))];
  for (const name of names) await server.query("STOP SLAVE ?", [name]);
  try {
    await setWhileRunning(server, file, difference);
  } finally {
    for (const name of names) await server.query("START SLAVE ?", [name]);
  }
}

async function runningUnderNames(server: Server): Promise<string[]> {
  const named = await namedReplicas(server);
  return named.filter(({ ioThread, sqlThread }) => ioThread !== "No" || sqlThread !== "No").map(({ name }) => name);
}

async function restart(server: Server, file: OptionFile, difference: Difference): Promise<void> {
  const { host, name } = server;
  if (!difference.isWritten) await writeOptions(server, file);
  let wasStopped = false;
  try {
    await during(`${name}: stopping the server`, host.stopService());
    wasStopped = true;
    await during(`${name}: starting the server`, host.startService());
  } catch (error) {
    // Nothing can be put back either.
    if (error instanceof NotRecorded) throw error;
    const restored = await putBackOrSay(server, file, difference);
    // With either file: a server that runs is better than one that does not.
    const back = await host.startService().then(
      () => `${restored} and ${name} runs with it.`,
      (again: Error) => `${restored}, but ${name} does not start with it either: ${again.message}`,
    );
    const failed = wasStopped ? "does not start with the new settings" : "could not be stopped for its new settings";
    throw new Error(`${name} ${failed}. ${(error as Error).message}\n${back}`);
  }
  const { changes } = difference;
  if (changes.some(({ option }) => isOfStart(option))) await refuseLeft(server.connection);
}

async function writeOptions({ host, name }: Server, file: OptionFile): Promise<void> {
  try {
    await host.writeFile(file.path, file.text, { mode: file.mode });
  } catch (error) {
    if (error instanceof NotRecorded) throw error;
    throw new Error(`${unwritten(name, file.path, error as Error)}, and ${name} keeps its settings.`);
  }
}

/** In words, what became of the option file. */
const putBackOrSay = (server: Server, { path }: OptionFile, { found, isWritten }: Difference): Promise<string> =>
  isWritten
    ? Promise.resolve("The option file is as it was")
    : putBack(server, path, found).then(
        () => "The former option file was put back",
        ({ message }: Error) => `The former option file can't be put back (${message}), the new one is in its place`,
      );

/**
 * The peer without which nothing of this server may stop, since the two replicate from each other. Undefined: nothing can be lost or stalled by
 * a stop. Refuses where they do and the peer can't be looked at.
 */
async function linkedPeer(server: Server, peer: Connection | undefined, why: string): Promise<Connection | undefined> {
  const linkedByOwnWord = await isLinkedByOwnWord(server);
  if (!peer) {
    if (!linkedByOwnWord) return undefined;
    throw new Error(
      `${why}, but it replicates and no "peer" is given, so nothing was touched. Give the node its "peer".`,
    );
  }
  try {
    await using other = linkedByOwnWord ? await openAsAdminWhenUp(peer) : await openServer(peer);
    await refuseNamed({ replica: server, source: other });
    await refuseNamed({ replica: other, source: server });
    return linkedByOwnWord || areLinked(await lookAtPair(server, other)) ? peer : undefined;
  } catch (error) {
    if (!isTroubleOf(peer, error)) throw error;
    if (!linkedByOwnWord) return undefined;
    throw new Error(
      `${why}, but its peer can't be looked at (${error.message}). ${server.name} may hold the only copy of its sessions, so nothing ` +
        `was stopped. Bring ${nameOf(peer)} back first.`,
    );
  }
}
