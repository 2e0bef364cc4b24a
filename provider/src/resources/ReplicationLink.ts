import type * as pulumi from "@pulumi/pulumi";
import type { ReplicationLinkInputs } from "../operations/ReplicationLink";
import { type Args, type Defaulted, withSecrets } from "./args";
import { Shell } from "./shell";

/** What `ReplicationLink` takes: {@link ReplicationLinkInputs}, each a value or an output. */
export type ReplicationLinkArgs = Args<Defaulted<ReplicationLinkInputs, "user" | "useGtid" | "connectRetry">>;

/** One direction of the pair: the replica pulls from the source. It is there when rows really arrive. */
export class ReplicationLink extends Shell {
  /** `db1<-db2`: db1 replicates from db2. */
  declare readonly direction: pulumi.Output<string>;
  /** `replicating`, or what is wrong. */
  declare readonly state: pulumi.Output<string>;
  /** Whether commits on the source wait for this replica: `in effect`, or what keeps them from it. */
  declare readonly semiSync: pulumi.Output<string>;
  /** How long a row took to arrive when the link was last proved, in seconds. */
  declare readonly secondsToArrive: pulumi.Output<number>;
  /** With what the link is encrypted: a cipher, `required by the account (SSL)`, `none`, or `not known` with the reason. */
  declare readonly encryption: pulumi.Output<string>;

  constructor(name: string, args: ReplicationLinkArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      "ReplicationLink",
      name,
      {
        ...withSecrets(args),
        sourceAddress: undefined,
        sourcePort: undefined,
        state: undefined,
        semiSync: undefined,
        direction: undefined,
        secondsToArrive: undefined,
        encryption: undefined,
      },
      opts,
    );
  }
}
