import type { SessionStoreDatabaseInputs } from "../inputs";
import type { SessionStoreDatabaseChecked } from "../operations/SessionStoreDatabase";
import type { Args, Defaulted } from "./args";
import { shell } from "./shell";

/** What `SessionStoreDatabase` takes: {@link SessionStoreDatabaseInputs}, each a value or an output. */
export type SessionStoreDatabaseArgs = Args<
  Defaulted<SessionStoreDatabaseInputs, "name" | "characterSet" | "collation">
>;

/** Both nodes are known to the program that gave them. */
type Outputs = Omit<SessionStoreDatabaseChecked, "node" | "peer">;

/** The database of the sessions on one node. Databases are not replicated, so each node has this resource. Deleting it leaves the database. */
export class SessionStoreDatabase extends shell<SessionStoreDatabaseArgs, Outputs>("SessionStoreDatabase", {
  name: undefined,
  characterSet: undefined,
  collation: undefined,
  state: undefined,
}) {}
