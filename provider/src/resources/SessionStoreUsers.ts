import type { AccountInputs, AccountsInputs, Advice, Connection, SessionStoreUsersInputs } from "../inputs";
import type { SessionStoreUsersChecked } from "../operations/SessionStoreUsers";
import type { Role } from "../recipe/accounts/table";
import type { Args, Defaulted, Nested } from "./args";
import { shell } from "./shell";

/** An account of the recipe: its name and hosts have defaults. */
export type RoleAccount<T extends AccountInputs> = Defaulted<T, "user" | "from">;

type Given<T> = T extends AccountInputs ? Args<RoleAccount<T>> : T;
type RoleArgs = { [R in keyof Pick<AccountsInputs, Role>]: Given<AccountsInputs[R]> };

/** The accounts, as programs give them. */
export interface AccountsArgs
  extends RoleArgs,
    Args<Defaulted<Omit<AccountsInputs, Role>, "databases" | "profile" | "extraAccounts">> {}

export interface SessionStoreUsersArgs extends AccountsArgs {
  /** The server that has the accounts: `MariaDbNode.connection`. */
  node: Nested<Connection>;
}

/** The inputs are of no use to a program that gave them. */
type Outputs = Omit<SessionStoreUsersChecked, keyof SessionStoreUsersInputs> & {
  /** What MariaDB or we would do otherwise. */
  readonly advice: Advice[];
};

/** The accounts of one node and their grants. Accounts are not replicated, so each node has this resource. */
export class SessionStoreUsers extends shell<SessionStoreUsersArgs, Outputs>("SessionStoreUsers", {
  accounts: undefined,
  proxyWrites: undefined,
  advice: undefined,
}) {}
