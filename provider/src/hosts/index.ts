import type { HostInputs } from "../inputs";
import type { Host } from "./Host";
import { localHost } from "./local/host";

/** The machine of a server. It is reached when something is asked of it, not before. */
export function openHost(inputs: HostInputs): Host {
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
