import { recorded } from "../../record/recorder";
import { during } from "../../waiting";
import { script } from "./commands";
import { failure } from "./failure";
import { forgetLayout, layoutOf } from "./layout";
import type { SshMachine } from "./machine";

/** Packages come from far, and another installation may have to end first. */
const DEADLINE = 900_000;

/** The installation starts a server. */
const INSTALL = `
if command -v apt-get >/dev/null; then
  quiet env DEBIAN_FRONTEND=noninteractive apt-get -qy update &&
  quiet env DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300 install mariadb-server
elif command -v dnf >/dev/null; then quiet dnf -qy install mariadb-server
elif command -v zypper >/dev/null; then quiet zypper -n install mariadb
else echo 'there is no apt-get, dnf or zypper' >&2; false; fi
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
      if (outcome.code !== 0) throw failure(machine, what, outcome);
    },
  );
