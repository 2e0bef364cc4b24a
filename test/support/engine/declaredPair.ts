import { isDeepStrictEqual } from "node:util";
import type { Connection, DirectAccess } from "../../../provider/src/mariadb/connection";
import { openAsSuperuser } from "../../../provider/src/mariadb/open";
import type { Server } from "../../../provider/src/mariadb/server";
import * as operations from "../../../provider/src/operations/all";
import type { Operations } from "../../../provider/src/operations/contract";
import type { NodeTls, TlsRequirement } from "../../../provider/src/recipe/tls";

type Values = Record<string, unknown>;
type TypeName = keyof typeof operations;

/** One resource of the pair, as a program would declare it. */
export interface Declared {
  readonly name: string;
  readonly type: TypeName;
  readonly after: readonly string[];
  readonly inputs: Values;
}

export interface Kept {
  id: string;
  type: TypeName;
  inputs: Values;
  outs: Values;
}

export interface PairOptions {
  readonly profile?: "vendor" | "hardened";
  readonly settings?: Values;
  readonly passwords?: Partial<Record<"admin" | "proxy" | "replication" | "binaryLog", string>>;
  readonly link?: Values;
  /** Further inputs of both nodes. */
  readonly node?: Values;
  readonly proxyFrom?: readonly string[];
  /** The nodes' certificates. Links are verified and accounts require TLS then, as the component has it. */
  readonly tls?: readonly [NodeTls, NodeTls] | undefined;
  readonly requireTls?: TlsRequirement;
  /** Statements go straight to the servers. */
  readonly direct?: DirectAccess;
  /** Names of the resources to bring up, as with `--target`. @default all */
  readonly only?: readonly string[];
}

/** Commits wait half a second for a peer that is gone, and links come back within a second, so that a test with a lost node is short. */
export const SHORT_WAITS: PairOptions = {
  link: { connectRetry: 1 },
  settings: { rpl_semi_sync_master_timeout: 500 },
};

export const PASSWORDS = { admin: "admin-1", proxy: "proxy-1", replication: "replication-1", binaryLog: "binarylog-1" };

/** The pair as its operations bring it up, without the CLI: what the engine does with them, in the engine's order. */
export abstract class DeclaredPair implements AsyncDisposable {
  readonly kept = new Map<string, Kept>();
  private readonly sessions: Server[] = [];

  abstract connection(number: 1 | 2, password?: string): Connection;

  /** A session of MariaDB's root: the hand that looks and breaks. What it does is not in the binary log. */
  async root(number: 1 | 2): Promise<Server> {
    const session = await openAsSuperuser(this.connection(number));
    this.sessions.push(session);
    return session;
  }

  /** What a program with these options declares, in an order that its dependencies allow. */
  declared(options: PairOptions = {}): Declared[] {
    const passwords = { ...PASSWORDS, ...options.passwords };
    const direct = options.direct && { direct: options.direct };
    const one = { ...this.connection(1, passwords.admin), ...direct };
    const two = { ...this.connection(2, passwords.admin), ...direct };
    const profile = options.profile ?? "vendor";
    const requireTls = options.requireTls ?? (options.tls && "SSL");
    const resources: Declared[] = [];
    for (const [number, own, peer] of [
      [1, one, two],
      [2, two, one],
    ] as const) {
      const node = `db${number}`;
      const store = { after: [`${node}-node`] };
      const { host, port } = own;
      const login = (role: "proxy" | "replication" | "binaryLog") => ({ password: passwords[role] });
      if (host.kind === "local") {
        resources.push({ name: node, type: "LocalMariaDb", after: [], inputs: { directory: host.directory, port } });
      }
      resources.push(
        {
          name: `${node}-node`,
          type: "MariaDbNode",
          after: [node],
          inputs: {
            connection: own,
            peer,
            nodeNumber: number,
            profile,
            settings: options.settings ?? {},
            ...(options.tls && { tls: options.tls[number - 1] }),
            ...options.node,
          },
        },
        { name: `${node}-database`, type: "SessionStoreDatabase", ...store, inputs: { node: own, peer } },
        {
          name: `${node}-users`,
          type: "SessionStoreUsers",
          after: requireTls ? ["db1-node", "db2-node"] : store.after,
          inputs: {
            node: own,
            profile,
            ...(requireTls && { requireTls }),
            proxy: { ...login("proxy"), ...(options.proxyFrom && { from: options.proxyFrom }) },
            replication: login("replication"),
            binaryLog: login("binaryLog"),
          },
        },
      );
    }
    const all = resources.map(({ name }) => name);
    const tls = requireTls === "X509" ? "mutual" : "verified";
    const link = { password: passwords.replication, ...(options.tls && { tls }), ...options.link };
    resources.push(
      { name: "db1-from-db2", type: "ReplicationLink", after: all, inputs: { replica: one, source: two, ...link } },
      { name: "db2-from-db1", type: "ReplicationLink", after: all, inputs: { replica: two, source: one, ...link } },
    );
    return resources;
  }

  /** Refreshes everything, then creates or updates what differs. Answers the names of what it touched. */
  async up(options: PairOptions = {}): Promise<string[]> {
    await this.refresh();
    const touched: string[] = [];
    const done = new Map<string, Promise<void>>();
    const wanted = this.declared(options).filter(({ name }) => options.only?.includes(name) ?? true);
    for (const resource of wanted) {
      // Some stand in the list after what needs them.
      const before = Promise.resolve().then(() => Promise.all(resource.after.map((name) => done.get(name))));
      done.set(
        resource.name,
        before.then(async () => {
          if (await this.step(resource)) touched.push(resource.name);
        }),
      );
    }
    const results = await Promise.allSettled(done.values());
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
    return touched;
  }

  /** What a preview would show as different: by resource, the properties. */
  async drift(options: PairOptions = {}): Promise<Record<string, string[]>> {
    await this.refresh();
    const drift: Record<string, string[]> = {};
    for (const resource of this.declared(options)) {
      const kept = this.kept.get(resource.name);
      const { inputs } = await OPERATIONS[resource.type].check({}, resource.inputs);
      const names = Object.keys(inputs).filter((key) => !isDeepStrictEqual(kept?.outs[key], inputs[key]));
      if (names.length > 0) drift[resource.name] = names;
    }
    return drift;
  }

  async refresh(): Promise<void> {
    await Promise.all(
      [...this.kept].map(async ([name, { id, type, outs }]) => {
        const seen = await OPERATIONS[type].read(id, outs);
        if ("id" in seen) this.kept.set(name, { id, type, inputs: seen.inputs as Values, outs: seen.props as Values });
        else this.kept.delete(name);
      }),
    );
  }

  private async step({ name, type, inputs: given }: Declared): Promise<boolean> {
    const { check, diff, create, update } = OPERATIONS[type];
    const { inputs, failures } = await check({}, given);
    if (failures.length > 0) throw new Error(`${name}: ${failures.map(({ reason }) => reason).join("; ")}`);
    const kept = this.kept.get(name);
    if (!kept) {
      const made = await create(inputs);
      this.kept.set(name, { id: made.id, type, inputs, outs: made.outs as Values });
      return true;
    }
    const { changes } = await diff(kept.id, kept.outs, inputs);
    if (!changes) return false;
    const { outs } = await update(kept.id, kept.outs, inputs);
    this.kept.set(name, { ...kept, inputs, outs: outs as Values });
    return true;
  }

  /** Removes all but the servers, as a `destroy` would. */
  async down(only?: string): Promise<void> {
    const order = ["SessionStoreSchema", "ReplicationLink", "SessionStoreUsers", "SessionStoreDatabase", "MariaDbNode"];
    for (const type of only ? [only] : order) {
      const gone = [...this.kept].filter(([, kept]) => kept.type === type);
      await Promise.all(
        gone.map(async ([name, kept]) => {
          await OPERATIONS[kept.type].delete(kept.id, kept.outs);
          this.kept.delete(name);
        }),
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.sessions.map((session) => session[Symbol.asyncDispose]()));
  }
}

const OPERATIONS = operations as unknown as Record<TypeName, Operations<Values, Values>>;
