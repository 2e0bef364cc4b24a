import { posix as path } from "node:path";
import { shown } from "../outputs";
import { refuseUnlessAllowed } from "./allowed";
import { quote, script } from "./commands";
import { type Layout, layoutOf, type Service, serviceOf } from "./layout";
import type { SshMachine } from "./machine";

/** What is known before a stop of the server to keep it, or the start that follows, from happening. */

/** Fails where the machine's service would not stop the server, or not start it again. */
export async function mayRestart(machine: SshMachine): Promise<void> {
  const layout = await layoutOf(machine);
  const service = serviceOf(machine, layout);
  const unit = await unitOf(machine, service);
  const problem =
    (unit && (unitProblem(service, unit) ?? notItsOwn(service, unit))) ??
    (await limitProblem(machine, service)) ??
    (await loginProblem(machine, service)) ??
    (await dataProblem(machine, layout));
  if (problem) throw new Error(`${machine.name}: ${problem}`);
  for (const what of ["stop", "start"]) await refuseUnlessAllowed(machine, commandOf(service, what));
}

/** Why systemd would not start its service as it is set up now. Undefined: nothing is known of that. */
export async function startProblem(machine: SshMachine): Promise<string | undefined> {
  const service = serviceOf(machine, await layoutOf(machine));
  const unit = await unitOf(machine, service);
  return unit && unitProblem(service, unit);
}

const commandOf = ({ by, name }: Service, what: string): string =>
  by === "systemd" ? `systemctl ${what} ${quote(name)}` : `service ${quote(name)} ${what}`;

/** What systemd says of a unit, by property. `Missing`: a program that is not there. `Condition`: one that is not met. */
type Unit = ReadonlyMap<string, string>;

const PROPERTIES = ["LoadState", "LoadError", "ActiveState", "CanStart", "CanStop", "ExecStart"];

/** Undefined: it is none of systemd's, or systemd says nothing, as without D-Bus to anybody but root. */
async function unitOf(machine: SshMachine, { by, name }: Service): Promise<Unit | undefined> {
  if (by !== "systemd") return undefined;
  const { output } = await script(
    machine,
    `u=${quote(`${name}.service`)}
    systemctl show ${PROPERTIES.map((property) => `--property=${property}`).join(" ")} "$u" 2>/dev/null | while read -r line; do
      echo "$line"; p=\${line#'ExecStart={ path='}; p=\${p%% *}
      case $line in ExecStart=*) [ -x "$p" ] || echo "Missing=$p";; esac
    done
    systemd-analyze condition --unit="$u" 2>&1 | sed -n 's/^.*: \\(.*\\) failed\\.$/Condition=\\1/p'`,
  );
  const unit = new Map(
    [...output.matchAll(/^(\w+)=(.*)$/gm)].map(([, property = "", value = ""]) => [property, value]),
  );
  return unit.has("LoadState") ? unit : undefined;
}

function unitProblem({ name }: Service, unit: Unit): string | undefined {
  const state = unit.get("LoadState");
  if (state === "masked") return `its service ${name} is masked, so it could not be started: systemctl unmask ${name}`;
  if (state !== "loaded")
    return `systemd can't load its service ${name} (${state}: ${unit.get("LoadError")}), so it could not be started: look at systemctl cat ${name}`;
  if (unit.has("Missing"))
    return `its service ${name} would start ${unit.get("Missing")}, which is no program there: look at systemctl cat ${name}`;
  if (unit.has("Condition"))
    return `its service ${name} would not start, since a condition of it is not met (${unit.get("Condition")}): look at systemctl cat ${name}`;
  const refused = ["CanStop", "CanStart"].filter((property) => unit.get(property) === "no");
  if (refused.length > 0)
    return `its service ${name} may not be stopped or started by hand (${refused.map((property) => `${property}=no`).join(", ")}): look at systemctl cat ${name}`;
  return undefined;
}

/** Of a server that runs: whether it is the service's. */
function notItsOwn({ name }: Service, unit: Unit): string | undefined {
  const state = unit.get("ActiveState") ?? "";
  if (state !== "inactive" && state !== "failed") return undefined;
  return `its server runs, but not by its service ${name} (${state}), which could not stop it: stop it as it was started, then systemctl start ${name}`;
}

/** Debian's init script stops the server by a login of its own, where anybody but root can't see as whom. */
async function loginProblem(machine: SshMachine, { by, name }: Service): Promise<string | undefined> {
  if (by !== "init" || !machine.isRoot) return undefined;
  const file = "/etc/mysql/debian.cnf";
  const { code, errors } = await script(
    machine,
    `a=$(command -v mariadb-admin || command -v mysqladmin) && [ -r ${file} ] || exit 0
    "$a" --defaults-file=${file} --connect-timeout=10 status >/dev/null`,
  );
  if (code === 0) return undefined;
  return `its init script ${name} could not stop the server, since ${file} does not let it log in (${shown(errors)}): correct that file, or the login`;
}

/** What the server opens at its start and, as its user, no longer may; the running one has it open. Only root can try that. */
async function dataProblem(machine: SshMachine, { dataDirectory, user }: Layout): Promise<string | undefined> {
  if (!machine.isRoot) return undefined;
  const names = ["ib*", "undo*", "aria_log*", "*.index", "*.state", "*.info"]
    .map((name) => `-name ${quote(name)}`)
    .join(" -o ");
  const look = `[ -w . ] || echo .; find . -maxdepth 1 -type f \\( ${names} \\) \\( ! -readable -o ! -writable \\) | head -n 3`;
  const { output } = await script(
    machine,
    `cd ${quote(dataDirectory)} && runuser -u ${quote(user)} -- sh -c ${quote(look)}`,
  );
  const found = output.split("\n").filter(Boolean);
  if (found.length === 0) return undefined;
  const files = found.map((file) => path.join(dataDirectory, file)).join(" ");
  return `the server would not start, since ${user} may not read and write what is its own: look at the owner and mode of ${files}`;
}

/** A server opens more files than these before it takes its first connection. */
const FEW_FILES = 256;

/** Limits of a login with which a server could not live. An init script starts it in ours, with these; systemd does not. */
async function limitProblem(machine: SshMachine, { by, name }: Service): Promise<string | undefined> {
  if (by !== "init") return undefined;
  const { output } = await script(machine, "for l in t f v n; do echo $l $(ulimit -$l); done");
  const limits = [...output.matchAll(/^([tfvn]) (\d+)$/gm)].filter(
    ([, limit, value]) => limit !== "n" || Number(value) < FEW_FILES,
  );
  if (limits.length === 0) return undefined;
  const list = limits.map(([, limit, value]) => `ulimit -${limit} ${value}`).join(", ");
  return `its init script ${name} would start the server with the limits of this login (${list}): take them out of the scripts of its login shell, or of limits.conf`;
}
