import type { Profile } from "./names";

/** From which position a replica goes on: MASTER_USE_GTID. */
export const GTID_POSITIONS = ["current_pos", "slave_pos"] as const;

/** How a node pulls from the other, where a program does not say. */
export interface LinkDefaults {
  readonly useGtid: (typeof GTID_POSITIONS)[number];
  /** In seconds. */
  readonly connectRetry: number;
  /** In seconds. Absent: the server takes half of slave_net_timeout. */
  readonly heartbeatPeriod?: number;
}

export const LINK_DEFAULTS: Readonly<Record<Profile, LinkDefaults>> = {
  /** Step 7 of the recipe. */
  vendor: { useGtid: "current_pos", connectRetry: 10 },
  hardened: {
    // MariaDB advises against current_pos: what a node writes itself moves it. Both behave alike in a pair.
    useGtid: "slave_pos",
    // Measured: after a restart of the source, its first commits wait that long for their second copy.
    connectRetry: 1,
    // Half of the profile's slave_net_timeout: an idle source gives its sign of life before it is taken for frozen.
    heartbeatPeriod: 5,
  },
};
