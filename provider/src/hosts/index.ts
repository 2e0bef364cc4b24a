import type { Host, HostInputs } from "./Host";
import { localHost } from "./local";

export function openHost(inputs: HostInputs): Host {
  return localHost(inputs);
}
