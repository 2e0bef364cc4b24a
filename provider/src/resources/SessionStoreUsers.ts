import type { AccountInputs, AccountsInputs, RotatingAccountInputs, SessionStoreUsersInputs } from "../inputs";
import type { Connection } from "../mariadb/connection";
import type { SessionStoreUsersChecked } from "../operations/SessionStoreUsers";
import type { Args, Defaulted, Nested } from "./args";
import { shell } from "./shell";

/** An account of the recipe: its name and hosts have defaults. */
export type RoleAccount<T extends AccountInputs> = Defaulted<T, "user" | "from">;

/** The accounts, as programs give them. */
export interface AccountsArgs
  extends Args<Defaulted<Omit<AccountsInputs, Roles>, "databases" | "profile" | "extraAccounts">> {
  /** {@inheritDoc AccountsInputs.proxy} */
  proxy: Args<RoleAccount<RotatingAccountInputs>>;
  /** {@inheritDoc AccountsInputs.replication} */
  replication: Args<RoleAccount<AccountInputs>>;
  /** {@inheritDoc AccountsInputs.binaryLog} */
  binaryLog: Args<RoleAccount<RotatingAccountInputs>>;
  /** {@inheritDoc AccountsInputs.monitor} */
  monitor?: Args<RoleAccount<RotatingAccountInputs>> | undefined;
}

type Roles = "proxy" | "replication" | "binaryLog" | "monitor";

export interface SessionStoreUsersArgs extends AccountsArgs {
  /** The server that has the accounts: `MariaDbNode.connection`. */
  node: Nested<Connection>;
}

/** The inputs are of no use to a program that gave them. */
type Outputs = Omit<SessionStoreUsersChecked, keyof SessionStoreUsersInputs>;

/** The accounts of one node and their grants. Accounts are not replicated, so each node has this resource. */
export class SessionStoreUsers extends shell<SessionStoreUsersArgs, Outputs>("SessionStoreUsers", {
  accounts: undefined,
}) {}
