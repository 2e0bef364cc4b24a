import { recorded } from "../../record/recorder";
import { during } from "../../waiting";
import { failure, script } from "./commands";
import { forgetLayout, layoutOf } from "./layout";
import type { SshMachine } from "./machine";

/** Packages come from far, and another installation may have to end first. */
const DEADLINE = 900_000;

/** A server that the installation starts keeps the output open for good: it goes into a file. */
const INSTALL = `
t=$(mktemp) || exit
p() { s "$@" >>"$t" 2>&1 </dev/null; }
if command -v apt-get >/dev/null; then
  may env DEBIAN_FRONTEND=noninteractive apt-get -qy update && p env DEBIAN_FRONTEND=noninteractive apt-get -qy update &&
  p env DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300 install mariadb-server
elif command -v dnf >/dev/null; then may dnf -qy install mariadb-server && p dnf -qy install mariadb-server
elif command -v zypper >/dev/null; then may zypper -n install mariadb && p zypper -n install mariadb
else echo 'there is no apt-get, dnf or zypper' >&2; false; fi
r=$?; [ $r = 0 ] || tail -n 15 "$t" >&2; rm -f "$t"; exit $r
`;

/** Makes sure that there is a server on the machine. */
export async function ensureInstalled(machine: SshMachine, install: boolean): Promise<void> {
  if ((await layoutOf(machine)).isInstalled) return;
  if (!install) {
    throw new Error(
      `there is no MariaDB server on ${machine.name}. Install the distribution's mariadb-server, or set "install": true at its host. ` +
        "Nothing was changed.",
    );
  }
  const what = `${machine.name}: installing the distribution's MariaDB server`;
  await during(what, change(machine, INSTALL, "installation of mariadb-server"));
  await forgetLayout(machine);
  const { service } = await layoutOf(machine);
  // Not all distributions start their services at boot unasked.
  if (service?.by !== "systemd") return;
  await change(machine, `s systemctl enable ${service.name}`, `systemctl enable ${service.name}`);
}

/** Runs a script that changes the machine. @param what how messages name it */
const change = (machine: SshMachine, text: string, what: string): Promise<void> =>
  recorded(
    () => ({ event: "command", host: machine.name, command: ["sh", "-c", text.trim()] }),
    async () => {
      const outcome = await script(machine, text, { deadline: DEADLINE });
      if (outcome.code !== 0) throw new Error(failure(machine, what, outcome));
    },
  );
