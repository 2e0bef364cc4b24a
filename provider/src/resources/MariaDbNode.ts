import type { MariaDbNodeComputed, MariaDbNodeInputs } from "../inputs";
import type { MariaDbNodeChecked } from "../operations/nodeFacts";
import type { Args, Defaulted } from "./args";
import { shell } from "./shell";

/** What `MariaDbNode` takes: {@link MariaDbNodeInputs}, each a value or an output. */
export type MariaDbNodeArgs = Args<Defaulted<MariaDbNodeInputs, "profile" | "databases" | "tables" | "settings">>;

/** Other inputs are of no use to a program that gave them; marks of the node are for the next run, and not for programs. */
type Outputs = Omit<
  MariaDbNodeChecked & MariaDbNodeComputed,
  Exclude<keyof MariaDbNodeInputs, "connection" | "settings"> | "historyMark" | "claim" | "identity"
>;

/** One server of the pair: its option file, its running values, and the admin account. It restarts only when the other node is healthy. */
export class MariaDbNode extends shell<MariaDbNodeArgs, Outputs>("MariaDbNode", {
  connection: undefined,
  settings: undefined,
  configText: undefined,
  configFile: undefined,
  configMode: undefined,
  overriddenBy: undefined,
  state: undefined,
  version: undefined,
  advice: undefined,
  ownAccounts: undefined,
  tlsState: undefined,
  tlsDaysLeft: undefined,
}) {}
