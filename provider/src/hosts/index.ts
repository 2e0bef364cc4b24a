import type { HostInputs } from "../inputs";
import type { Host } from "./Host";
import { localHost } from "./local/host";
import { withRecord } from "./recorded";

/** What engines say of the health of containers. */
export const openHealth = () => require("./docker/health") as typeof import("./docker/health");

/** Waits for a server that is on its way up, where what starts it is not what waits for it: Pulumi makes containers by itself. */
export const waitForStart = async (host: HostInputs): Promise<void> =>
  host.kind === "docker" ? openHealth().waitForStart(host) : undefined;

/** The machine of a server. It is reached when something is asked of it, not before. */
export const openHost = (inputs: HostInputs): Host => withRecord(hostOf(inputs));

function hostOf(inputs: HostInputs): Host {
  switch (inputs.kind) {
    case "local":
      return localHost(inputs);
    case "ssh":
      // Each of these loads a library, which takes longer than many a run over other machines.
      return (require("./ssh/host") as typeof import("./ssh/host")).sshHost(inputs);
    case "docker":
      return (require("./docker/host") as typeof import("./docker/host")).dockerHost(inputs);
  }
}
