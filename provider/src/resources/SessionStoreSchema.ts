import type { SessionStoreSchemaInputs } from "../inputs";
import type { SessionStoreSchemaChecked } from "../operations/SessionStoreSchema";
import type { Args } from "./args";
import { shell } from "./shell";

/** What `SessionStoreSchema` takes: {@link SessionStoreSchemaInputs}, each a value or an output. */
export type SessionStoreSchemaArgs = Args<SessionStoreSchemaInputs>;

/** The inputs are of no use to a program that gave them. */
type Outputs = Omit<SessionStoreSchemaChecked, keyof SessionStoreSchemaInputs>;

/** The proxy's own tables, made once, on the first node, after both links are proved. Deleting it leaves the tables. */
export class SessionStoreSchema extends shell<SessionStoreSchemaArgs, Outputs>("SessionStoreSchema", {
  tables: undefined,
  state: undefined,
}) {}
