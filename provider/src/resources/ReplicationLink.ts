import type { ReplicationLinkComputed, ReplicationLinkInputs } from "../inputs";
import type { ReplicationLinkChecked } from "../operations/ReplicationLink";
import type { Args, Defaulted } from "./args";
import { shell } from "./shell";

/** What `ReplicationLink` takes: {@link ReplicationLinkInputs}, each a value or an output. */
export type ReplicationLinkArgs = Args<Defaulted<ReplicationLinkInputs, "user" | "useGtid" | "connectRetry">>;

/** The inputs are of no use to a program that gave them; marks of the link are for the next run, and not for programs. */
type Outputs = Omit<
  ReplicationLinkChecked & ReplicationLinkComputed,
  keyof ReplicationLinkInputs | "sourceMark" | "claim" | "identity"
>;

/** One direction of the pair: the replica pulls from the source. It is there when rows really arrive. */
export class ReplicationLink extends shell<ReplicationLinkArgs, Outputs>("ReplicationLink", {
  sourceAddress: undefined,
  sourcePort: undefined,
  state: undefined,
  semiSync: undefined,
  otherOptions: undefined,
  leftOver: undefined,
  direction: undefined,
  secondsToArrive: undefined,
  proved: undefined,
  encryption: undefined,
}) {}
