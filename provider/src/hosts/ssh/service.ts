import { until } from "../../waiting";
import { saidSince } from "../errorLog";
import { greets } from "../greets";
import { shown } from "../outputs";
import { quote, script } from "./commands";
import { failure, type Outcome, ownWords, stoppedBySudo } from "./failure";
import { forgetLayout, layoutOf, serviceOf } from "./layout";
import type { SshMachine } from "./machine";
import { startProblem } from "./mayRestart";
import { openStream } from "./stream";

/** The server as a service of its machine. */

/** A server that crashed reads its whole redo log before it takes connections; one that stops may have much to write. */
const DEADLINE = 300_000;
/** A process of the service shows within this time after its start, or never. */
const PROCESS_SHOWS = 10_000;
/** Lines of the server's log that may be read: sudoers files have the command with this number. */
const LINES = 40;

/**
 * Numbers of the server's processes, and of the script that keeps it. Leaves out those that init scripts start for a moment to read
 * option files. `pidof` would leave out a process that waits for a disk, or for what it has just forked, as that script does all the time.
 */
const PROCESSES = `for d in /proc/[0-9]*; do
  read -r n <$d/comm || continue
  case $n in mariadbd|mysqld|mariadbd-safe|mysqld_safe) ;; *) continue;; esac
  case $(tr '\\0' ' ' <$d/cmdline) in ''|*--print-defaults*|*--help*) ;; *) echo \${d#/proc/};; esac
done 2>/dev/null | grep . || echo inactive`;

/** Starts the server unless it runs, and waits until it takes connections. One that is just stopping is started again. */
export async function start(machine: SshMachine): Promise<void> {
  if ((await silence(machine)) === undefined) return;
  // Its option files may say otherwise than those with which the former one ran.
  await forgetLayout(machine);
  let begun: Begun | undefined;
  const { socket } = await layoutOf(machine);
  const what = `MariaDB on ${machine.name} to take connections on ${socket}, which \`my_print_defaults --mysqld\` has for its socket`;
  await until({ what, deadline: DEADLINE }, async () => {
    const state = await stateOf(machine);
    if (state !== "stopped") {
      if (begun) begun.wasSeen = true;
      const seen = await silence(machine);
      return seen === undefined ? { done: undefined } : { seen: `${seen} (${state})` };
    }
    // It is not asked on its socket now: where systemd keeps that, each question would be one more start, of which it allows but a few.
    if (!begun) begun = begin(machine, await keptLog(machine));
    else if (begun.outcome || begun.wasSeen || Date.now() - begun.at > PROCESS_SHOWS)
      throw await failed(machine, begun);
    return { seen: "no process of it" };
  });
}

/** A start that was asked for. */
interface Begun {
  readonly at: number;
  /** The newest lines of its log before that. */
  readonly log: string;
  /** There was a process of the server since. */
  wasSeen: boolean;
  /** How the command ended. An init script goes on for a second at least, however soon its server is up. */
  outcome: Outcome | Error | undefined;
}

function begin(machine: SshMachine, log: string): Begun {
  const begun: Begun = { at: Date.now(), log, wasSeen: false, outcome: undefined };
  const keep = (outcome: Outcome | Error) => {
    begun.outcome = outcome;
  };
  control(machine, "start").then(keep, keep);
  return begun;
}

async function failed(machine: SshMachine, { outcome, log: before }: Begun): Promise<Error> {
  if (outcome instanceof Error) return outcome;
  if (outcome && stoppedBySudo(outcome.errors)) return failure(machine, "start of the server", outcome);
  const problem = await startProblem(machine);
  if (problem) return new Error(`MariaDB on ${machine.name} does not start: ${problem}`);
  const said = oneLine(outcome?.errors ?? "");
  const log = await readLog(machine, LINES);
  return new Error(
    `MariaDB on ${machine.name} ended while it started${said ? ` (${said})` : ""}. Its log says:\n` +
      (log.code === 0 ? saidSince(before, log.output) : unreadable(machine, log)),
  );
}

/** Stops the server cleanly, and waits until it is gone. */
export async function stop(machine: SshMachine): Promise<void> {
  if ((await stateOf(machine)) === "stopped") return;
  const { service, socket } = await layoutOf(machine);
  // A SIGTERM before it greets would hang it for ever. One that hangs already gets its signal after a while.
  const unheard = await until({ what: `a greeting on ${socket}`, deadline: 5_000 }, async () => {
    const seen = await silence(machine);
    return seen === undefined || (await stateOf(machine)) === "stopped" ? { done: "" } : { seen };
  }).catch(({ message }: Error) => ` (${message})`);
  const outcome = await control(machine, "stop");
  if (outcome.code !== 0) throw failure(machine, `stop of the server${unheard}`, outcome);
  // systemctl has waited until it was gone. Where systemd keeps its socket, its peer may have had the next one started by now.
  if (service?.by === "systemd") return;
  const said = oneLine(outcome.errors);
  const what = `MariaDB on ${machine.name} to stop${unheard}, of which its service said "${said}"`;
  await until({ what, deadline: DEADLINE }, async () => {
    const state = await stateOf(machine);
    return state === "stopped" ? { done: undefined } : { seen: state };
  });
}

const oneLine = (errors: string): string => shown(ownWords(errors)).replaceAll("\n", "; ");

/** Why the server does not greet on its socket. A connection is taken before, by the operating system. Undefined: it does. */
async function silence(machine: SshMachine): Promise<string | undefined> {
  const { socket } = await layoutOf(machine);
  try {
    return (await greets(await openStream(machine, socket))) ? undefined : "no greeting";
  } catch (error) {
    return (error as Error).message;
  }
}

/** `stopped`, or what else the machine says of the service. */
async function stateOf(machine: SshMachine): Promise<string> {
  const { by, name } = serviceOf(machine, await layoutOf(machine));
  const show = `systemctl show --property=ActiveState ${quote(name)}`;
  // Without D-Bus, systemd answers root only.
  const look = by === "systemd" ? `${show} 2>/dev/null || s ${show}` : PROCESSES;
  const outcome = await script(machine, look);
  const state = outcome.output.trim().replace("ActiveState=", "");
  if (state === "") throw failure(machine, look, outcome);
  if (state === "inactive" || state === "failed") return "stopped";
  return by === "systemd" ? state : `process ${state.replaceAll("\n", " ")}`;
}

/** The processes of an init script stay. */
async function control(machine: SshMachine, what: "start" | "stop"): Promise<Outcome> {
  const { by, name } = serviceOf(machine, await layoutOf(machine));
  if (by === "systemd") {
    // Who has started it a few times within seconds, in vain or not, is refused the next start: the one that brings it back.
    const anew = what === "start" ? `s systemctl reset-failed ${quote(name)} 2>/dev/null; ` : "";
    return script(machine, `${anew}s systemctl ${what} ${quote(name)}`, { deadline: DEADLINE });
  }
  return script(machine, `quiet service ${quote(name)} ${what}`, { deadline: DEADLINE });
}

/** The newest lines that the server wrote; where nothing keeps them, what it has against its option files. */
export async function serverLog(machine: SshMachine, wanted: number): Promise<string> {
  const outcome = await readLog(machine, wanted);
  return outcome.code === 0 ? outcome.output.trim() : unreadable(machine, outcome);
}

/** What there is of it before a start. Empty where nothing keeps it, or where it can't be read. */
async function keptLog(machine: SshMachine): Promise<string> {
  const { log, service } = await layoutOf(machine);
  if (!log && service?.by !== "systemd") return "";
  const { code, output } = await readLog(machine, LINES);
  return code === 0 ? output : "";
}

async function readLog(machine: SshMachine, wanted: number): Promise<Outcome> {
  const lines = Math.min(wanted, LINES);
  const { log, service, user } = await layoutOf(machine);
  const journal =
    service?.by === "systemd" && `s journalctl --no-pager --output=cat -n ${lines} -u ${quote(service.name)}`;
  const asItself = machine.isRoot ? `--user=${quote(user)}` : "";
  const check = `echo '(nothing keeps it here, for want of log_error; of its option files the server says:)'
    mariadbd ${asItself} --help --verbose 2>&1 >/dev/null | tail -n ${lines}`;
  return script(machine, log ? `s tail -n ${lines} -- ${quote(log)}` : journal || check);
}

/** Of lines that were read before it failed, nothing is told: they may be those of users. */
const unreadable = (machine: SshMachine, outcome: Outcome): string =>
  `(it can't be read: ${failure(machine, "log", { ...outcome, output: "" }).message})`;
