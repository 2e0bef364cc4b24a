import type * as pulumi from "@pulumi/pulumi";
import type { SessionStoreDatabaseInputs } from "../operations/SessionStoreDatabase";
import { type Args, type Defaulted, withSecrets } from "./args";
import { Shell } from "./shell";

/** What `SessionStoreDatabase` takes: {@link SessionStoreDatabaseInputs}, each a value or an output. */
export type SessionStoreDatabaseArgs = Args<
  Defaulted<SessionStoreDatabaseInputs, "name" | "characterSet" | "collation">
>;

/** The database of the sessions on one node. Databases are not replicated, so each node has this resource. Deleting it leaves the database. */
export class SessionStoreDatabase extends Shell {
  /** Name of the database. */
  declare readonly name: pulumi.Output<string>;
  /** Character set of tables made from now on. */
  declare readonly characterSet: pulumi.Output<string>;
  /** Collation of tables made from now on. */
  declare readonly collation: pulumi.Output<string>;
  /** `present`, or what is wrong. */
  declare readonly state: pulumi.Output<string>;

  constructor(name: string, args: SessionStoreDatabaseArgs, opts?: pulumi.CustomResourceOptions) {
    super("SessionStoreDatabase", name, { ...withSecrets(args), state: undefined }, opts);
  }
}
