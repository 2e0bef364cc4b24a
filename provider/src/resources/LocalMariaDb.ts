import type * as pulumi from "@pulumi/pulumi";
import type { LocalHostInputs } from "../hosts/inputs";
import type { LocalMariaDbInputs } from "../operations/LocalMariaDb";
import { type Args, withSecrets } from "./args";
import { Shell } from "./shell";

/** What `LocalMariaDb` takes: {@link LocalMariaDbInputs}, each a value or an output. */
export type LocalMariaDbArgs = Args<LocalMariaDbInputs>;

/** A private MariaDB server on this machine, for trials, tests and rehearsals. It is stopped and removed with its data when the resource is deleted. */
export class LocalMariaDb extends Shell {
  /** Directory of the server. */
  declare readonly directory: pulumi.Output<string>;
  /** TCP port on 127.0.0.1. */
  declare readonly port: pulumi.Output<number>;
  /** Where it runs, for `Connection.host`. */
  declare readonly host: pulumi.Output<LocalHostInputs>;
  /** Always 127.0.0.1. */
  declare readonly address: pulumi.Output<string>;
  /** Path of its unix socket. */
  declare readonly socket: pulumi.Output<string>;
  /** `running`, or what is wrong. */
  declare readonly state: pulumi.Output<string>;

  constructor(name: string, args: LocalMariaDbArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      "LocalMariaDb",
      name,
      { ...withSecrets(args), host: undefined, address: undefined, socket: undefined, state: undefined },
      opts,
    );
  }
}
