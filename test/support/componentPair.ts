import type * as pulumi from "@pulumi/pulumi";
import { type PairNodeArgs, ReplicatedSessionStore, type ReplicatedSessionStoreArgs } from "../../provider/src";
import { RESOURCES, run } from "./engine/registrations";

/** A pair's component under Pulumi's mocks, for the tests that look at what it registers and gives back. */

export const PASSWORDS = [
  "secret-admin",
  "secret-proxy",
  "secret-replication",
  "secret-binlog",
  "secret-monitor",
  "secret-extra",
];

const hosts = [1, 2].map((number) => ({ kind: "local" as const, directory: `/srv/db${number}` }));
export const nodes = [
  { host: hosts[0], address: "10.0.0.1", name: "alpha" },
  { host: hosts[1], address: "10.0.0.2", port: 3307 },
] as [PairNodeArgs, PairNodeArgs];
export const accounts = {
  proxy: { password: "secret-proxy" },
  replication: { password: "secret-replication" },
  binaryLog: { password: "secret-binlog" },
};
export const admin = { password: "secret-admin" };

/** What a program in JavaScript gets that gives these arguments: an error, or nothing. */
export async function constructed(args: unknown) {
  let error: unknown;
  const { registered } = await run(() => {
    try {
      new ReplicatedSessionStore("sessions", args as ReplicatedSessionStoreArgs);
    } catch (thrown) {
      error = thrown;
    }
  });
  return { error, registered };
}

export const pair = (
  args: Partial<ReplicatedSessionStoreArgs> = {},
  options?: pulumi.ComponentResourceOptions,
  ofUsers: Record<string, unknown> = {},
) =>
  run(
    () => new ReplicatedSessionStore("sessions", { nodes, admin, ...accounts, ...args }, options),
    ({ type, name }) => {
      if (type === `${RESOURCES}MariaDbNode`) {
        return { version: "10.11.19", configFile: `/etc/${name}.cnf`, advice: [] };
      }
      if (type === `${RESOURCES}SessionStoreUsers`) return ofUsers;
      return type === `${RESOURCES}ReplicationLink`
        ? { direction: name, state: "replicating", secondsToArrive: 0.1 }
        : {};
    },
  );

const connection = (name: string, address: string, port: number, host: unknown) => ({
  name,
  address,
  port,
  host,
  admin: { password: { secret: "secret-admin" } },
});
export const FIRST = connection("alpha", "10.0.0.1", 3306, hosts[0]);
export const SECOND = connection("db2", "10.0.0.2", 3307, hosts[1]);
