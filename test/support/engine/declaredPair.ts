import { LocalMariaDb, type PairNodeArgs, ReplicatedSessionStore } from "../../../provider/src";
import type { Connection, HostInputs, NodeTls } from "../../../provider/src/inputs";
import type { TlsRequirement } from "../../../provider/src/recipe/tls";
import type { Declared, Program } from "./engine";
import { inClear, RESOURCES, run } from "./registrations";

/** What a program with a pair declares: the component itself says it, under Pulumi's mocks. */

type PairArgs = ConstructorParameters<typeof ReplicatedSessionStore>[1];

/** The component's arguments, all of them plain values. */
export interface PairOptions
  extends Partial<
    Pick<PairArgs, "profile" | "settings" | "link" | "direct" | "viewer" | "schema" | "extraAccounts" | "reminders">
  > {
  /** @default session_store_admin */
  readonly adminUser?: string;
  /** @default replication_user */
  readonly replicationUser?: string;
  readonly passwords?: Partial<typeof PASSWORDS>;
  readonly proxyFrom?: string[];
  readonly definers?: string[];
  readonly tls?: readonly [NodeTls, NodeTls] | undefined;
  readonly requireTls?: TlsRequirement;
  /** A machine that the program names for the first node in place of its own. */
  readonly firstHost?: HostInputs;
  /** Names of the resources to bring up, as with `--target`. @default all */
  readonly only?: readonly string[];
  /** The component's name. @default sessions */
  readonly component?: string;
  /** Names of the resources to make again, as with `--replace`. @default none */
  readonly replaced?: readonly string[];
}

/** Commits wait half a second for a peer that is gone, and links come back within a second, so that a test with a lost node is short. */
export const SHORT_WAITS: PairOptions = {
  ...(process.env["SESSION_STORE_TEST_VIEWER"] && { viewer: { password: "viewer-0" } }),
  link: { connectRetry: 1 },
  settings: { rpl_semi_sync_master_timeout: 500 },
};

export const PASSWORDS = { admin: "admin-1", proxy: "proxy-1", replication: "replication-1", binaryLog: "binarylog-1" };

/** Loading Pulumi and running a program take their time, and a test asks for the same pair again and again. */
const known = new Map<string, Promise<Declared[]>>();

/** What a run with a pair on two servers is to bring about. */
export const pairRun = async (servers: readonly [Connection, Connection], options: PairOptions): Promise<Program> => ({
  resources: await declaredPair(servers, options),
  isWhole: options.only === undefined,
  replaced: options.replaced ?? [],
});

/** The resources of a pair on two servers, in an order that their dependencies allow. */
export function declaredPair(servers: readonly [Connection, Connection], options: PairOptions): Promise<Declared[]> {
  const key = JSON.stringify([servers, options]);
  const declared = known.get(key) ?? registered(servers, options);
  known.set(key, declared);
  return declared;
}

async function registered(servers: readonly [Connection, Connection], options: PairOptions): Promise<Declared[]> {
  const program = await run(
    () => new ReplicatedSessionStore(options.component ?? "sessions", argsOf(servers, options)),
  );
  return program.registered
    .filter(({ type, name }) => type.startsWith(RESOURCES) && (options.only?.includes(name) ?? true))
    .map(({ name, type, after, inputs, owner }) => ({
      name,
      owner,
      type: type.slice(RESOURCES.length) as Declared["type"],
      after,
      inputs: inClear(inputs) as Declared["inputs"],
    }));
}

function argsOf([first, second]: readonly [Connection, Connection], options: PairOptions): PairArgs {
  const {
    adminUser,
    replicationUser,
    passwords,
    proxyFrom: from,
    tls,
    firstHost,
    only: _,
    component: _name,
    replaced: _replaced,
    ...same
  } = options;
  const { admin, proxy, replication, binaryLog } = { ...PASSWORDS, ...passwords };
  return {
    ...same,
    nodes: [
      { ...nodeOf(firstHost ? { ...first, host: firstHost } : first), ...(tls && { tls: tls[0] }) },
      { ...nodeOf(second), ...(tls && { tls: tls[1] }) },
    ],
    admin: { user: adminUser ?? first.admin.user, password: admin },
    proxy: { password: proxy, ...(from && { from }) },
    replication: { password: replication, ...(replicationUser && { user: replicationUser }) },
    binaryLog: { password: binaryLog },
  };
}

function nodeOf({ name = "", host, address, port }: Connection): PairNodeArgs {
  return host.kind === "local"
    ? { server: new LocalMariaDb(name, { directory: host.directory, port }) }
    : { name, host: host as NonNullable<PairNodeArgs["host"]>, address, port };
}
