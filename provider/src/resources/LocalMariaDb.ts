import type { LocalMariaDbInputs } from "../inputs";
import type { LocalMariaDbChecked } from "../operations/LocalMariaDb";
import type { Args } from "./args";
import { shell } from "./shell";

/** What `LocalMariaDb` takes: {@link LocalMariaDbInputs}, each a value or an output. */
export type LocalMariaDbArgs = Args<LocalMariaDbInputs>;

/** A private MariaDB server on this machine, for trials, tests and rehearsals. It is stopped and removed with its data when the resource is deleted. */
export class LocalMariaDb extends shell<LocalMariaDbArgs, LocalMariaDbChecked>("LocalMariaDb", {
  directory: undefined,
  port: undefined,
  host: undefined,
  address: undefined,
  socket: undefined,
  state: undefined,
}) {}
