import * as pulumi from "@pulumi/pulumi";
import { addressIn } from "../hosts/defaults";
import type { Advice, Connection, HostInputs } from "../inputs";
import { ACCOUNTS, DEFINERS, pickRoles, rowOf } from "../recipe/accounts/table";
import { type AdvisedAccounts, accountAdvice, together } from "../recipe/advice";
import { RECIPE_DATABASE, wildDoTables } from "../recipe/filters";
import { LINK_DEFAULTS } from "../recipe/linkDefaults";
import { DEFAULT_ADMIN, DEFAULT_PORT, REFUSALS } from "../recipe/names";
import type { LinkTls } from "../recipe/tls";
import type { ConnectionArgs, Nested } from "../resources/args";
import { refuseUnloadable } from "../resources/loadable";
import { MariaDbNode } from "../resources/MariaDbNode";
import { ReplicationLink } from "../resources/ReplicationLink";
import { isLater } from "../resources/refused";
import { SessionStoreDatabase } from "../resources/SessionStoreDatabase";
import { SessionStoreSchema } from "../resources/SessionStoreSchema";
import { SessionStoreUsers } from "../resources/SessionStoreUsers";
import { lateProblems } from "./argumentsFirst";
import { type CompleteArgs, hasTls, settingsOf, unfit, withDefaults } from "./completeArgs";
import type { PairDatabaseArgs, PairLink, PairNode, PairNodeArgs, ReplicatedSessionStoreArgs } from "./pairArgs";
import { pairProblems } from "./pairRules";
import { refuseArguments, refusePair } from "./refusal";
import { sayAdvice, sayInFull } from "./sayAdvice";
import { refuseSharedServers } from "./sharedServers";

/** The dual-master pair as one thing: two nodes, their databases and accounts, and a link in each direction. */
export class ReplicatedSessionStore extends pulumi.ComponentResource {
  /**
   * `replication://host:port/database,host:port/database`, the form of the proxy's ConnectString. It has no password. Previews show it; what
   * takes it is made once both links are proved and the accounts are there, so it can log in at once.
   */
  readonly connectString: pulumi.Output<string>;
  /** Both servers and how an operator gets in, once the whole pair is there. A secret. */
  readonly nodes: pulumi.Output<PairNode[]>;
  /** Both directions, as last seen. */
  readonly links: pulumi.Output<PairLink[]>;
  /** What MariaDB or we would do otherwise. */
  readonly advice: pulumi.Output<Advice[]>;

  constructor(name: string, given: ReplicatedSessionStoreArgs, opts?: pulumi.ComponentResourceOptions) {
    // Before anything is registered.
    refuseUnloadable();
    refuseArguments(name, given);
    const args = withDefaults(given);
    refusePair(name, [...unfit(args), ...pairProblems(args)]);
    refuseSharedServers(name, args.nodes);
    super("sessionstore:index:ReplicatedSessionStore", name, {}, opts);
    const [first, second] = [this.end(args, 0), this.end(args, 1)];

    const late = lateProblems(name, args);
    const nodes = [this.node(name, args, first, second, late), this.node(name, args, second, first, late)] as const;
    const users: SessionStoreUsers[] = [];
    const stores = [first, second].map((end, index) => {
      const own = nodes[index];
      const peer = end === first ? second : first;
      const databases = args.databases.map((database) => this.database(name, database, end, peer, own));
      // An account that requires TLS would refuse a replica that has none yet, and connects anew because the other node restarts.
      const before = hasTls(args) ? nodes : [own];
      // Who may write into a database is let in when both nodes have it.
      const accounts = this.users(name, args, end, ...before, ...databases);
      users.push(accounts);
      return [...databases, accounts];
    });
    const dependsOn = [...nodes, ...stores.flat()];
    const links: ReplicationLink[] = [
      this.link(name, args, first, second, dependsOn),
      this.link(name, args, second, first, dependsOn),
    ];
    const tables = args.schema ? [this.schema(name, args, [first, second], links)] : [];

    const all = [...dependsOn, ...links, ...tables];
    this.connectString = onceThere(all, connectString([first, second], firstDatabase(args)));
    const described = [first, second].map((end, index) => describe(end, nodes[index]));
    this.nodes = pulumi.secret(onceThere(all, pulumi.all(described)));
    this.links = pulumi.all(
      links.map(({ direction, state, secondsToArrive: seconds, encryption, proved }) =>
        pulumi.output({ direction, state, seconds, encryption, proved }),
      ),
    );
    const onPair = allOf([nodes[0].advice, nodes[1].advice, accountAdviceOf(args)]);
    const onOthers = allOf(users.map(({ advice }) => advice));
    this.advice = allOf([onPair, onOthers]);
    // Each by itself: a preview that changes one does not know that one's.
    onPair.apply((advice) => sayAdvice(advice, name, this));
    onOthers.apply((advice) => sayInFull(advice, name, this));
    this.registerOutputs({
      connectString: this.connectString,
      nodes: this.nodes,
      links: this.links,
      advice: this.advice,
    });
  }

  private end(args: CompleteArgs, index: 0 | 1): End {
    const node = args.nodes[index];
    const name = node.name ?? `db${index + 1}`;
    // `unfit` has refused nodes with neither.
    const host = (node.host ?? node.server?.host) as Nested<HostInputs>;
    const address = node.address ?? node.server?.address ?? addressOf(host);
    const connection = {
      name,
      host,
      address,
      port: node.port ?? node.server?.port ?? DEFAULT_PORT,
      admin: args.admin,
      ...(args.viewer && { viewer: args.viewer }),
      ...(args.direct && { direct: args.direct }),
    };
    return { number: index + 1, label: `db${index + 1}`, args: node, connection };
  }

  private node(
    name: string,
    args: CompleteArgs,
    own: End,
    peer: End,
    late: readonly pulumi.Output<string>[],
  ): MariaDbNode {
    return new MariaDbNode(
      `${name}-${own.label}`,
      {
        connection: own.connection,
        peer: peer.connection,
        nodeNumber: own.number,
        profile: args.profile,
        databases: args.databases.map((database) => database.name),
        tables: [...args.tables],
        settings: settingsOf(args, own.args),
        ...(own.args.bindAddress === undefined ? {} : { bindAddress: own.args.bindAddress }),
        ...(own.args.tls === undefined ? {} : { tls: own.args.tls }),
        definers: definersOf(args),
        ...(args.reminders && { reminders: args.reminders }),
        ...adopting(args),
        ...(late.length > 0 && { [REFUSALS]: late }),
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
    args: CompleteArgs,
    own: End,
    ...dependsOn: (pulumi.Resource | undefined)[]
  ): SessionStoreUsers {
    const { profile, databases, extraAccounts } = args;
    const requireTls = args.requireTls ?? (hasTls(args) ? "SSL" : undefined);
    return new SessionStoreUsers(
      `${name}-${own.label}-users`,
      {
        node: own.connection,
        profile,
        databases: databases.map((database) => database.name),
        ...pickRoles(args),
        ...(extraAccounts === undefined ? {} : { extraAccounts }),
        ...(requireTls === undefined ? {} : { requireTls }),
        ...adopting(args),
      },
      this.on(own, ...dependsOn),
    );
  }

  private link(
    name: string,
    args: CompleteArgs,
    replica: End,
    source: End,
    dependsOn: pulumi.Resource[],
  ): ReplicationLink {
    const { replication, profile, link } = args;
    const revisions = [replica, source].flatMap(({ args }) => args.revision ?? []);
    return new ReplicationLink(
      `${name}-${replica.label}-from-${source.label}`,
      {
        replica: replica.connection,
        source: source.connection,
        user: replication.user ?? ACCOUNTS.replication.user,
        password: replication.password,
        ...LINK_DEFAULTS[profile],
        ...(hasTls(args) ? { tls: verifiedLink(args) } : {}),
        ...link,
        ...(revisions.length > 0 ? { revisions } : {}),
        ...adopting(args),
      },
      this.on(replica, ...dependsOn),
    );
  }

  private schema(
    name: string,
    args: CompleteArgs,
    [first, second]: [End, End],
    links: ReplicationLink[],
  ): SessionStoreSchema {
    const database = args.schema?.database ?? firstDatabase(args);
    return new SessionStoreSchema(
      `${name}-schema`,
      {
        first: first.connection,
        second: second.connection,
        database,
        patterns: wildDoTables([database], args.tables),
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

const adopting = ({ adopt }: ReplicatedSessionStoreArgs) => (adopt === undefined ? {} : { adopt });

const firstDatabase = ({ databases }: CompleteArgs): string => databases[0]?.name ?? RECIPE_DATABASE;

/** One end of the links: the server as all children reach it. */
interface End {
  readonly number: number;
  /** Part of the children's names, which are kept in users' state. */
  readonly label: string;
  readonly args: PairNodeArgs;
  readonly connection: ConnectionArgs;
}

/** The server's address defaults to its machine's. An output may have secrets in it; the address is not one. */
function addressOf(host: Nested<HostInputs>): pulumi.Input<string> {
  if (isLater(host)) return pulumi.unsecret(pulumi.output(host).apply((known) => pulumi.output(addressOf(known))));
  // `unfit` has refused machines without one. That of an output is told by the node's check.
  return addressIn<pulumi.Input<string>>((host ?? {}) as HostInputs) ?? "";
}

/** The nodes know the default users by themselves: for those nothing is registered. */
const definersOf = (args: ReplicatedSessionStoreArgs): pulumi.Output<string[]> => {
  const users = DEFINERS.map((role) => {
    const user = pulumi.output(args[role]).apply((account) => pulumi.output(account?.user));
    return pulumi.unsecret(user).apply((name) => (name === rowOf(role).user ? undefined : name));
  });
  const names = pulumi.all([pulumi.all(users), args.definers ?? []]).apply(([own, more]) => {
    // What is no list is refused.
    const all = [...own.flatMap((name) => name ?? []), ...(Array.isArray(more) ? more : [])];
    return all.length > 0 ? all : undefined;
  });
  return names as pulumi.Output<string[]>;
};

/** An account that wants to see a certificate gets one. */
const verifiedLink = ({ replication, requireTls }: ReplicatedSessionStoreArgs): pulumi.Output<LinkTls> =>
  pulumi
    .output(replication.requireTls ?? requireTls)
    .apply((requirement) => (requirement === "X509" ? "mutual" : "verified"));

/** A value that resources may take as soon as these ones are made. A preview knows it before, because it knows their URNs. */
const onceThere = <T>(resources: readonly pulumi.Resource[], value: pulumi.Output<T>): pulumi.Output<T> =>
  pulumi.all([value, pulumi.all(resources.map(({ urn }) => urn))]).apply(([known]) => known as T) as pulumi.Output<T>;

function connectString(ends: readonly End[], database: string): pulumi.Output<string> {
  const parts = ends.map(({ connection: { address, port } }) =>
    // What is no address is refused by the nodes; an error here would only be in the way of that.
    pulumi
      .all([address, port])
      .apply((place) => place.map((part) => (isText(part) ? inUrl(String(part)) : "")).join(":")),
  );
  return pulumi.all(parts).apply((list) => `replication://${list.map((place) => `${place}/${database}`).join(",")}`);
}

/** An IPv6 address is told apart from the port behind it by brackets. */
const inUrl = (part: string): string => (part.includes(":") ? `[${part}]` : part);

const isText = (value: unknown): boolean => typeof value === "string" || typeof value === "number";

function describe({ connection, args }: End, node: MariaDbNode | undefined): pulumi.Output<PairNode> {
  return pulumi
    .all([pulumi.output(connection as pulumi.Input<Connection>), args.server?.socket, node?.configFile, node?.version])
    .apply(([{ name, address, port, admin }, socket, configFile, version]) => ({
      name: String(name),
      host: address,
      port,
      // An output of a program that no compiler has seen may turn out to be nothing, which is refused.
      user: admin?.user ?? DEFAULT_ADMIN,
      password: admin?.password,
      socket,
      configFile: configFile ?? "",
      version: version ?? "",
    }));
}

const allOf = (parts: pulumi.Output<readonly Advice[]>[]): pulumi.Output<Advice[]> =>
  pulumi.all(parts).apply((found) => together(found.flatMap((part) => part ?? [])));

const accountAdviceOf = (args: ReplicatedSessionStoreArgs): pulumi.Output<Advice[]> =>
  // Says which account has an example password, never the password: no secret is left in it.
  pulumi.unsecret(pulumi.output(pickRoles(args))).apply((accounts) => accountAdvice(accounts as AdvisedAccounts));
