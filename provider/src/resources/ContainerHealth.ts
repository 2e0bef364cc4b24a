import type { ContainerHealthInputs } from "../inputs";
import type { ContainerHealthChecked } from "../operations/ContainerHealth";
import type { Args, Defaulted } from "./args";
import { shell } from "./shell";

/** What `ContainerHealth` takes: {@link ContainerHealthInputs}, each a value or an output. */
export type ContainerHealthArgs = Args<Defaulted<ContainerHealthInputs, "deadline">>;

/** The inputs are of no use to a program that gave them. */
type Outputs = Omit<ContainerHealthChecked, keyof ContainerHealthInputs>;

/**
 * A container of the pair is healthy: waits until the engine says so, after the container was made or replaced and whenever it is not. What
 * must not be touched before depends on it, as the other container does: also in the next run after one in which it did not get healthy.
 */
export class ContainerHealth extends shell<ContainerHealthArgs, Outputs>("ContainerHealth", {
  state: undefined,
}) {}
