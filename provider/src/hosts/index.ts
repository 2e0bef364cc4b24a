import type { Host, HostInputs } from "./Host";
import { localHost } from "./local";

/** The machine of a server. It is reached when something is asked of it, not before. */
export function openHost(inputs: HostInputs): Host {
  switch (inputs.kind) {
    case "local":
      return localHost(inputs);
    case "ssh":
      // Each of these loads a library, which takes longer than many a run over other machines.
      return (require("./ssh") as typeof import("./ssh")).sshHost(inputs);
    case "docker":
      return (require("./docker") as typeof import("./docker")).dockerHost(inputs);
  }
}
