import { script } from "./commands";
import { FAILED_BY_SUDO, failure } from "./failure";
import type { SshMachine } from "./machine";

/** Fails where sudo would not run this command, which is not run. @param command quoted, as a script has it */
export async function refuseUnlessAllowed(machine: SshMachine, command: string): Promise<void> {
  if (machine.isRoot) return;
  const outcome = await script(machine, `sudo -n -l -- ${command} >/dev/null </dev/null`);
  if (outcome.code === 0) return;
  // Asked for a command that is not in its lines, it says nothing of that.
  const said = outcome.errors.split("\n").findLast((line) => line.startsWith("sudo: ")) ?? "Sorry, user may not run it";
  throw failure(machine, command, { ...outcome, errors: `${said}\n${FAILED_BY_SUDO}${command}` });
}
