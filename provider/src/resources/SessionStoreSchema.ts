import * as pulumi from "@pulumi/pulumi";
import type { SessionStoreSchemaInputs } from "../operations/SessionStoreSchema";
import { type Args, withSecrets } from "./args";
import { MODULE, shell } from "./shell";

const provider = shell("SessionStoreSchema");

/** What `SessionStoreSchema` takes: {@link SessionStoreSchemaInputs}, each a value or an output. */
export type SessionStoreSchemaArgs = Args<SessionStoreSchemaInputs>;

/** The proxy's own tables, made once, on the first node, after both links are proved. Deleting it leaves the tables. */
export class SessionStoreSchema extends pulumi.dynamic.Resource {
  /** By table, whether it is on both nodes and the same. */
  declare readonly tables: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: SessionStoreSchemaArgs, opts?: pulumi.CustomResourceOptions) {
    super(provider, name, { ...withSecrets(args), tables: undefined }, opts, MODULE, "SessionStoreSchema");
  }
}
