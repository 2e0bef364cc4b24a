import type { Host, HostInputs } from "./Host";
import { localHost } from "./local";

/** The machine of a server. It is reached when something is asked of it, not before. */
export function openHost(inputs: HostInputs): Host {
  switch (inputs.kind) {
    case "local":
      return localHost(inputs);
    default:
      throw new Error(`hosts of the kind "${inputs.kind}" are not there yet`);
  }
}
