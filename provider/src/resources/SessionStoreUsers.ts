import type * as pulumi from "@pulumi/pulumi";
import type { Connection } from "../mariadb/connection";
import type { AccountInputs, AccountState, AccountsInputs } from "../recipe/accounts/accounts";
import type { Role } from "../recipe/accounts/table";
import { type Args, type Defaulted, type Nested, withSecrets } from "./args";
import { Shell } from "./shell";

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

/** The accounts of one node and their grants. Accounts are not replicated, so each node has this resource. */
export class SessionStoreUsers extends Shell {
  /** By `user@host`, how each account is. */
  declare readonly accounts: pulumi.Output<Record<string, AccountState>>;

  constructor(name: string, args: SessionStoreUsersArgs, opts?: pulumi.CustomResourceOptions) {
    super("SessionStoreUsers", name, { ...withSecrets(args), accounts: undefined }, opts);
  }
}
