import * as pulumi from "@pulumi/pulumi";
import type { SessionStoreDatabaseInputs } from "../operations/SessionStoreDatabase";
import { type Args, type Defaulted, withSecrets } from "./args";
import { MODULE, shell } from "./shell";

const provider = shell("SessionStoreDatabase");

export type SessionStoreDatabaseArgs = Args<
  Defaulted<SessionStoreDatabaseInputs, "name" | "characterSet" | "collation">
>;

/** The database of the sessions on one node. Databases are not replicated, so each node has this resource. Deleting it leaves the database. */
export class SessionStoreDatabase extends pulumi.dynamic.Resource {
  declare readonly name: pulumi.Output<string>;
  declare readonly characterSet: pulumi.Output<string>;
  declare readonly collation: pulumi.Output<string>;
  declare readonly state: pulumi.Output<string>;

  constructor(name: string, args: SessionStoreDatabaseArgs, opts?: pulumi.CustomResourceOptions) {
    super(provider, name, { ...withSecrets(args), state: undefined }, opts, MODULE, "SessionStoreDatabase");
  }
}
