import type * as pulumi from "@pulumi/pulumi";
import type { SessionStoreSchemaInputs } from "../operations/SessionStoreSchema";
import { type Args, withSecrets } from "./args";
import { Shell } from "./shell";

/** What `SessionStoreSchema` takes: {@link SessionStoreSchemaInputs}, each a value or an output. */
export type SessionStoreSchemaArgs = Args<SessionStoreSchemaInputs>;

/** The proxy's own tables, made once, on the first node, after both links are proved. Deleting it leaves the tables. */
export class SessionStoreSchema extends Shell {
  /** By table, whether it is on both nodes and the same. */
  declare readonly tables: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: SessionStoreSchemaArgs, opts?: pulumi.CustomResourceOptions) {
    super("SessionStoreSchema", name, { ...withSecrets(args), tables: undefined }, opts);
  }
}
