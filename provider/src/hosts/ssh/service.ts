import { until } from "../../waiting";
import { errorLines } from "../errorLog";
import { greets } from "../greets";
import { failure, type Outcome, quote, refusedBySudo, script } from "./commands";
import { forgetLayout, type Layout, layoutOf, SERVICES } from "./layout";
import type { SshMachine } from "./machine";
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
  if (await isUp(machine)) return;
  // Its option files may say otherwise than those with which the former one ran.
  await forgetLayout(machine);
  let begun: Begun | undefined;
  const what = `MariaDB on ${machine.name} to take connections`;
  await until({ what, deadline: DEADLINE }, async () => {
    const state = await stateOf(machine);
    if (state !== "stopped") {
      if (begun) begun.wasSeen = true;
      return (await isUp(machine)) ? { done: undefined } : { seen: `no answer on its socket (${state})` };
    }
    // It is not asked on its socket now: where systemd keeps that, each question would be one more start, of which it allows but a few.
    if (!begun) begun = begin(machine);
    else if (begun.outcome || begun.wasSeen || Date.now() - begun.at > PROCESS_SHOWS)
      throw await failed(machine, begun);
    return { seen: "no process of it" };
  });
}

/** A start that was asked for. */
interface Begun {
  readonly at: number;
  /** There was a process of the server since. */
  wasSeen: boolean;
  /** How the command ended. An init script goes on for a second at least, however soon its server is up. */
  outcome: Outcome | Error | undefined;
}

function begin(machine: SshMachine): Begun {
  const begun: Begun = { at: Date.now(), wasSeen: false, outcome: undefined };
  const keep = (outcome: Outcome | Error) => {
    begun.outcome = outcome;
  };
  control(machine, "start").then(keep, keep);
  return begun;
}

async function failed(machine: SshMachine, { outcome }: Begun): Promise<Error> {
  if (outcome instanceof Error) return outcome;
  if (outcome && refusedBySudo(outcome.errors) !== undefined) {
    return new Error(failure(machine, "start of the server", outcome));
  }
  const said = outcome?.errors.split("\n")[0];
  const log = errorLines(await serverLog(machine, LINES));
  return new Error(
    `MariaDB on ${machine.name} ended while it started${said ? ` (${said})` : ""}. Its log says:\n${log}`,
  );
}

/** Stops the server cleanly, and waits until it is gone. */
export async function stop(machine: SshMachine): Promise<void> {
  if ((await stateOf(machine)) === "stopped") return;
  // A SIGTERM before it greets would hang it for ever. One that hangs already gets its signal after a while.
  await until({ what: `MariaDB on ${machine.name} to greet`, deadline: 5_000 }, async () =>
    (await isUp(machine)) || (await stateOf(machine)) === "stopped" ? { done: undefined } : { seen: "no answer" },
  ).catch(() => undefined);
  const outcome = await control(machine, "stop");
  if (outcome.code !== 0) throw new Error(failure(machine, "stop of the server", outcome));
  // systemctl has waited until it was gone. Where systemd keeps its socket, its peer may have had the next one started by now.
  if ((await layoutOf(machine)).service?.by === "systemd") return;
  await until({ what: `MariaDB on ${machine.name} to stop`, deadline: DEADLINE }, async () => {
    const state = await stateOf(machine);
    return state === "stopped" ? { done: undefined } : { seen: state };
  });
}

/** Whether the server greets on its socket. A connection is taken before, by the operating system. */
async function isUp(machine: SshMachine): Promise<boolean> {
  const { socket } = await layoutOf(machine);
  return openStream(machine, socket).then(greets, () => false);
}

/** `stopped`, or what else the machine says of the service. */
async function stateOf(machine: SshMachine): Promise<string> {
  const { by, name } = serviceOf(machine, await layoutOf(machine));
  const show = `systemctl show --property=ActiveState ${quote(name)}`;
  // Without D-Bus, systemd answers root only.
  const look = by === "systemd" ? `${show} 2>/dev/null || s ${show}` : PROCESSES;
  const outcome = await script(machine, look);
  const state = outcome.output.trim().replace("ActiveState=", "");
  if (state === "") throw new Error(failure(machine, look, outcome));
  if (state === "inactive" || state === "failed") return "stopped";
  return by === "systemd" ? state : `process ${state.replaceAll("\n", " ")}`;
}

/** The background processes of an init script keep its output open for good. */
async function control(machine: SshMachine, what: "start" | "stop"): Promise<Outcome> {
  const { by, name } = serviceOf(machine, await layoutOf(machine));
  if (by === "systemd") {
    // Who has started it a few times within seconds, in vain or not, is refused the next start: the one that brings it back.
    const anew = what === "start" ? `s systemctl reset-failed ${quote(name)} 2>/dev/null; ` : "";
    return script(machine, `${anew}s systemctl ${what} ${quote(name)}`, { deadline: DEADLINE });
  }
  const command = `service ${quote(name)} ${what}`;
  return script(machine, `may ${command} && s ${command} >/dev/null 2>&1 </dev/null`, { deadline: DEADLINE });
}

function serviceOf({ name }: SshMachine, { service }: Layout): NonNullable<Layout["service"]> {
  if (service) return service;
  throw new Error(
    `${name}: neither systemd nor an init script knows MariaDB (looked for ${SERVICES.join(", ")}), so it can't be started.`,
  );
}

/** The newest lines that the server wrote; where nothing keeps them, what it has against its option files. */
export async function serverLog(machine: SshMachine, wanted: number): Promise<string> {
  const lines = Math.min(wanted, LINES);
  const { log, service, user } = await layoutOf(machine);
  const journal =
    service?.by === "systemd" && `s journalctl --no-pager --output=cat -n ${lines} -u ${quote(service.name)}`;
  const asItself = machine.isRoot ? `--user=${quote(user)}` : "";
  const check = `echo '(nothing keeps it here, for want of log_error; of its option files the server says:)'
    mariadbd ${asItself} --help --verbose 2>&1 >/dev/null | tail -n ${lines}`;
  const outcome = await script(machine, log ? `s tail -n ${lines} -- ${quote(log)}` : journal || check);
  return outcome.code === 0 ? outcome.output.trim() : `(it can't be read: ${failure(machine, "log", outcome)})`;
}
