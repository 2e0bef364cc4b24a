import type * as pulumi from "@pulumi/pulumi";
import type { Connection } from "../mariadb/connection";
import type { MariaDbNodeInputs } from "../operations/MariaDbNode";
import type { Advice } from "../recipe/advice";
import { type Args, type Defaulted, withSecrets } from "./args";
import { Shell } from "./shell";

/** What `MariaDbNode` takes: {@link MariaDbNodeInputs}, each a value or an output. */
export type MariaDbNodeArgs = Args<Defaulted<MariaDbNodeInputs, "profile" | "databases" | "tables" | "settings">>;

/** One server of the pair: its option file, its running values, and the admin account. It restarts only when the other node is healthy. */
export class MariaDbNode extends Shell {
  /** How other resources reach the server. */
  declare readonly connection: pulumi.Output<Connection>;
  /** Every setting that is kept, with its running value. */
  declare readonly settings: pulumi.Output<Record<string, string | string[]>>;
  /** Text of the option file that is ours. */
  declare readonly configText: pulumi.Output<string>;
  /** Path of that file. */
  declare readonly configFile: pulumi.Output<string>;
  /** `running`, or what is wrong. */
  declare readonly state: pulumi.Output<string>;
  /** Version of the server, such as `10.11.19`. */
  declare readonly version: pulumi.Output<string>;
  /** What MariaDB or we would do otherwise. */
  declare readonly advice: pulumi.Output<Advice[]>;
  /** Days until the first of the certificates of `tls` ends. */
  declare readonly tlsDaysLeft: pulumi.Output<number | undefined>;

  constructor(name: string, args: MariaDbNodeArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      "MariaDbNode",
      name,
      {
        ...withSecrets(args),
        configText: undefined,
        configFile: undefined,
        configMode: undefined,
        overriddenBy: undefined,
        state: undefined,
        version: undefined,
        advice: undefined,
        tlsState: undefined,
        tlsDaysLeft: undefined,
      },
      opts,
    );
  }
}
