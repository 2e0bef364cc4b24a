import type { LocalMariaDbInputs } from "../inputs";
import type { LocalMariaDbChecked } from "../operations/LocalMariaDb";
import type { Args } from "./args";
import { shell } from "./shell";

/** What `LocalMariaDb` takes: {@link LocalMariaDbInputs}, each a value or an output. */
export type LocalMariaDbArgs = Args<LocalMariaDbInputs>;

/** What the deletion goes by is of no use to programs. */
type Outputs = Omit<LocalMariaDbChecked, "adopt" | "forceDestroy">;

/** A private MariaDB server on this machine, for trials, tests and rehearsals. It is stopped and removed with its data when the resource is deleted; with tables in it only where `forceDestroy` says so. */
export class LocalMariaDb extends shell<LocalMariaDbArgs, Outputs>("LocalMariaDb", {
  directory: undefined,
  port: undefined,
  host: undefined,
  address: undefined,
  socket: undefined,
  state: undefined,
}) {}
