import * as pulumi from "@pulumi/pulumi";
import type { HostInputs } from "../hosts/Host";
import type { Connection } from "../mariadb/server";
import { DEFAULT_USERS } from "../recipe/accounts";
import { type Advice, accountAdvice, together } from "../recipe/advice";
import { RECIPE_DATABASE, RECIPE_PATTERNS, wildDoTables } from "../recipe/filters";
import { collisions, type GivenSettings, nodeSettings } from "../recipe/nodeSettings";
import type { Profile } from "../recipe/settings";
import type { ConnectionArgs, Nested } from "../resources/args";
import type { LocalMariaDb } from "../resources/LocalMariaDb";
import { MariaDbNode } from "../resources/MariaDbNode";
import { ReplicationLink, type ReplicationLinkArgs } from "../resources/ReplicationLink";
import { SessionStoreDatabase } from "../resources/SessionStoreDatabase";
import { SessionStoreSchema } from "../resources/SessionStoreSchema";
import { type AccountsArgs, SessionStoreUsers } from "../resources/SessionStoreUsers";
import { sayAdvice } from "./sayAdvice";

/** One server of the pair: either a `LocalMariaDb`, or where another one is. */
export interface PairNodeArgs {
  /** A server on this machine. What the pair keeps on it is not undone one by one when it is deleted: it goes with its data. */
  server?: LocalMariaDb;
  /** The machine that runs the server. @default that of `server` */
  host?: Nested<HostInputs>;
  /**
   * Name or IP address at which the other node and the proxies reach the server. @default that of `server`; of `host`, its address or the
   * name of its container
   */
  address?: pulumi.Input<string>;
  /** TCP port of the server. @default that of `server`, else 3306 */
  port?: pulumi.Input<number>;
  /** How messages name it. @default `db1` and `db2` */
  name?: string;
  /**
   * Anything that changes when the machine is replaced by another with the same data, such as the id of a container. Both links are then
   * brought back and proved in the same `up`. @default none
   */
  revision?: pulumi.Input<string>;
  /**
   * The resource with which the server goes down, such as its container. When that is deleted too, what the pair keeps on the server is not
   * undone one by one. @default `server`, else none
   */
  deletedWith?: pulumi.Resource;
  /** Address on which the server listens. @default the node's own when that is a loopback address, else all */
  bindAddress?: pulumi.Input<string>;
  /** Settings of this node only; they go before those of the pair. @default {} */
  settings?: GivenSettings;
}

/** A database of the pair. */
export interface PairDatabaseArgs {
  /** Another name makes another database; the former one is left as it is. */
  name: string;
  /** @default utf8mb4 */
  characterSet?: pulumi.Input<string>;
  /** @default utf8mb4_general_ci */
  collation?: pulumi.Input<string>;
}

export interface ReplicatedSessionStoreArgs extends Omit<AccountsArgs, "databases" | "profile"> {
  /** The two servers, in their order: the first gets number 1. Don't swap them. */
  nodes: readonly [PairNodeArgs, PairNodeArgs];
  /** The account with which this library changes both servers. It is made by MariaDB's root through the socket. */
  admin: ConnectionArgs["admin"];
  /** `vendor`: the recipe to the letter. `hardened`: with the improvements that the output `advice` names. @default vendor */
  profile?: Profile;
  /** @default one, `replicated_session_store` */
  databases?: readonly PairDatabaseArgs[];
  /** Patterns of the replicated tables' names. @default those of the recipe: %session, %attribute, %key_id_map, %conf */
  tables?: readonly string[];
  /** Settings of both nodes, added to the profile or set against it. @default {} */
  settings?: GivenSettings;
  /** How each node pulls from the other. @default as in the recipe; in the profile `hardened` its better values */
  link?: Pick<ReplicationLinkArgs, "useGtid" | "connectRetry" | "heartbeatPeriod">;
  /** The proxy's own tables: the text of the SQL script that comes with it, run once on the first node. @default none */
  schema?: PairSchemaArgs;
}

/** The proxy's own tables. */
export interface PairSchemaArgs {
  /** Text of the SQL script. Only tables that match `tables`, made with IF NOT EXISTS; anything else is refused with its line. */
  script: pulumi.Input<string>;
  /** The database it is for. @default the first of `databases` */
  database?: string;
}

/** A node as the output `nodes` tells of it. */
export interface PairNode {
  /** How messages name it. */
  name: string;
  /** Name or IP address at which the peer and the proxies reach it. */
  host: string;
  /** Its TCP port. */
  port: number;
  /** The admin account, which may log in on the server's own machine. */
  user: string;
  /** The admin account's password. */
  password: string;
  /** Path of the unix socket, of a `LocalMariaDb`. */
  socket: string | undefined;
  /** Path of the option file that is ours. */
  configFile: string;
  /** Version of the server, such as `10.11.19`. */
  version: string;
}

/** A direction as the output `links` tells of it. */
export interface PairLink {
  /** `db1<-db2`: db1 replicates from db2. */
  direction: string;
  /** `replicating`, or what is wrong. */
  state: string;
  /** How long a row took to arrive when the link was last proved. */
  seconds: number;
}

/** The dual-master pair as one thing: two nodes, their databases and accounts, and a link in each direction. */
export class ReplicatedSessionStore extends pulumi.ComponentResource {
  /** `replication://host:port/database,host:port/database`, the form of the proxy's ConnectString. It has no password. */
  readonly connectString: pulumi.Output<string>;
  /** Both servers and how an operator gets in. A secret. */
  readonly nodes: pulumi.Output<PairNode[]>;
  /** Both directions, as last seen. */
  readonly links: pulumi.Output<PairLink[]>;
  /** What MariaDB or we would do otherwise. */
  readonly advice: pulumi.Output<Advice[]>;

  constructor(name: string, args: ReplicatedSessionStoreArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sessionstore:index:ReplicatedSessionStore", name, {}, opts);
    refuseEqualNodes(args);
    const databases = args.databases ?? [{ name: RECIPE_DATABASE }];
    const profile = args.profile ?? "vendor";
    const [first, second] = [this.end(args, 0), this.end(args, 1)];

    const nodes = [this.node(name, args, first, second), this.node(name, args, second, first)] as const;
    const stores = [first, second].map((end, index) => {
      const dependsOn = nodes[index];
      const peer = end === first ? second : first;
      const accounts = this.users(name, args, profile, databases, end, dependsOn);
      return [...databases.map((database) => this.database(name, database, end, peer, dependsOn)), accounts];
    });
    const dependsOn = [...nodes, ...stores.flat()];
    const links: ReplicationLink[] = [
      this.link(name, args, first, second, dependsOn),
      this.link(name, args, second, first, dependsOn),
    ];
    if (args.schema) this.schema(name, args, databases, [first, second], links);

    this.connectString = connectString([first, second], databases[0]?.name ?? RECIPE_DATABASE);
    this.nodes = pulumi.secret(pulumi.all([first, second].map((end, index) => describe(end, nodes[index]))));
    this.links = pulumi.all(
      links.map((link) =>
        pulumi.output({ direction: link.direction, state: link.state, seconds: link.secondsToArrive }),
      ),
    );
    this.advice = pulumi
      .all([nodes[0].advice, nodes[1].advice, accountAdviceOf(args)])
      .apply((parts) => together(parts.flatMap((part) => part ?? [])));
    this.advice.apply((advice) => sayAdvice(advice, this));
    this.registerOutputs({
      connectString: this.connectString,
      nodes: this.nodes,
      links: this.links,
      advice: this.advice,
    });
  }

  private end(args: ReplicatedSessionStoreArgs, index: 0 | 1): End {
    const node = args.nodes[index];
    const name = node.name ?? `db${index + 1}`;
    const host = node.host ?? node.server?.host;
    if (host === undefined) throw new Error(`nodes[${index}]: give a "server" or a "host"`);
    const address = node.address ?? node.server?.address ?? addressOf(host);
    const connection = { name, host, address, port: node.port ?? node.server?.port ?? 3306, admin: args.admin };
    return { number: index + 1, label: `db${index + 1}`, args: node, connection };
  }

  private node(name: string, args: ReplicatedSessionStoreArgs, own: End, peer: End): MariaDbNode {
    return new MariaDbNode(
      `${name}-${own.label}`,
      {
        connection: own.connection,
        peer: peer.connection,
        nodeNumber: own.number,
        profile: args.profile ?? "vendor",
        databases: (args.databases ?? [{ name: RECIPE_DATABASE }]).map((database) => database.name),
        tables: [...(args.tables ?? RECIPE_PATTERNS)],
        settings: settingsOf(args, own.args),
        ...(own.args.bindAddress === undefined ? {} : { bindAddress: own.args.bindAddress }),
      },
      this.on(own),
    );
  }

  private database(
    name: string,
    database: PairDatabaseArgs,
    own: End,
    peer: End,
    node?: MariaDbNode,
  ): SessionStoreDatabase {
    return new SessionStoreDatabase(
      `${name}-${own.label}-database-${database.name}`,
      { node: own.connection, peer: peer.connection, ...database },
      this.on(own, node),
    );
  }

  private users(
    name: string,
    { proxy, replication, binaryLog, monitor, extraAccounts }: ReplicatedSessionStoreArgs,
    profile: Profile,
    databases: readonly PairDatabaseArgs[],
    own: End,
    node?: MariaDbNode,
  ): SessionStoreUsers {
    return new SessionStoreUsers(
      `${name}-${own.label}-users`,
      {
        node: own.connection,
        profile,
        databases: databases.map((database) => database.name),
        proxy,
        replication,
        binaryLog,
        ...(monitor === undefined ? {} : { monitor }),
        ...(extraAccounts === undefined ? {} : { extraAccounts }),
      },
      this.on(own, node),
    );
  }

  private link(
    name: string,
    { replication, profile, link }: ReplicatedSessionStoreArgs,
    replica: End,
    source: End,
    dependsOn: pulumi.Resource[],
  ): ReplicationLink {
    const hardened = { useGtid: "slave_pos", connectRetry: 1, heartbeatPeriod: 5 } as const;
    const revisions = [replica, source].flatMap(({ args }) => args.revision ?? []);
    return new ReplicationLink(
      `${name}-${replica.label}-from-${source.label}`,
      {
        replica: replica.connection,
        source: source.connection,
        user: replication.user ?? DEFAULT_USERS.replication,
        password: replication.password,
        ...(profile === "hardened" ? hardened : {}),
        ...link,
        ...(revisions.length > 0 ? { revisions } : {}),
      },
      this.on(replica, ...dependsOn),
    );
  }

  private schema(
    name: string,
    args: ReplicatedSessionStoreArgs,
    databases: readonly PairDatabaseArgs[],
    [first, second]: [End, End],
    links: ReplicationLink[],
  ): SessionStoreSchema {
    const database = args.schema?.database ?? databases[0]?.name ?? RECIPE_DATABASE;
    return new SessionStoreSchema(
      `${name}-schema`,
      {
        first: first.connection,
        second: second.connection,
        database,
        patterns: wildDoTables([database], args.tables ?? RECIPE_PATTERNS),
        script: args.schema?.script ?? "",
      },
      this.on(first, ...links),
    );
  }

  /** What all children have in common: they are the component's, and go with their server where that is ours. */
  private on({ args }: End, ...dependsOn: (pulumi.Resource | undefined)[]): pulumi.CustomResourceOptions {
    const before = dependsOn.flatMap((resource) => resource ?? []);
    const deletedWith = args.deletedWith ?? args.server;
    return { parent: this, dependsOn: before, ...(deletedWith ? { deletedWith } : {}) };
  }
}

/** One end of the links: the server as all children reach it. */
interface End {
  readonly number: number;
  /** Part of the children's names, which are kept in users' state. */
  readonly label: string;
  readonly args: PairNodeArgs;
  readonly connection: ConnectionArgs;
}

/** Where a machine is reached is where its server is, as a rule. Of an output that has secrets in it too, the address is none. */
function addressOf(host: Nested<HostInputs>): pulumi.Input<string> {
  if (pulumi.Output.isInstance(host) || host instanceof Promise) {
    return pulumi.unsecret(pulumi.output(host).apply((known) => pulumi.output(addressOf(known))));
  }
  if ("address" in host) return host.address;
  if ("container" in host) return host.container;
  throw new Error('give the node its "address": a host of the kind "local" has none');
}

const settingsOf = (
  args: ReplicatedSessionStoreArgs,
  node: PairNodeArgs,
): Record<string, string | number | boolean | string[]> => {
  const settings = { ...args.settings, ...node.settings };
  return settings as Record<string, string | number | boolean | string[]>;
};

function refuseEqualNodes(args: ReplicatedSessionStoreArgs): void {
  const [one, other] = args.nodes.map((node, index) =>
    nodeSettings(args.profile ?? "vendor", settingsOf(args, node), {
      nodeNumber: index + 1,
      bindAddress: "",
      patterns: [],
    }),
  );
  const reasons = collisions(one ?? {}, other ?? {}).map(({ option, reason }) => `settings.${option}: ${reason}`);
  if (reasons.length > 0) throw new Error(reasons.join("; "));
  if (args.databases?.length === 0)
    throw new Error("databases: must name at least one, or be left out for the recipe's");
}

function connectString(ends: readonly End[], database: string): pulumi.Output<string> {
  const parts = ends.map(({ connection: { address, port } }) => pulumi.interpolate`${address}:${port}/${database}`);
  return pulumi.all(parts).apply((list) => `replication://${list.join(",")}`);
}

function describe({ connection, args }: End, node: MariaDbNode | undefined): pulumi.Output<PairNode> {
  return pulumi
    .all([pulumi.output(connection as pulumi.Input<Connection>), args.server?.socket, node?.configFile, node?.version])
    .apply(([{ name, address, port, admin }, socket, configFile, version]) => ({
      name: String(name),
      host: address,
      port,
      user: admin.user ?? "session_store_admin",
      password: admin.password,
      socket,
      configFile: configFile ?? "",
      version: version ?? "",
    }));
}

const accountAdviceOf = ({
  proxy,
  replication,
  binaryLog,
  monitor,
}: ReplicatedSessionStoreArgs): pulumi.Output<Advice[]> =>
  // Says which account has an example password, never the password: no secret is left in it.
  pulumi
    .unsecret(pulumi.output({ proxy, replication, binaryLog, monitor }))
    .apply((accounts) => accountAdvice(accounts as never));
