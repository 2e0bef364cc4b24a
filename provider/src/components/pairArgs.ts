import type * as pulumi from "@pulumi/pulumi";
import type { HostInputs, NodeTls } from "../inputs";
import type { Profile } from "../recipe/names";
import type { GivenSettings } from "../recipe/settings/ofNode";
import type { ConnectionArgs, Nested } from "../resources/args";
import type { LocalMariaDb } from "../resources/LocalMariaDb";
import type { MariaDbNodeArgs } from "../resources/MariaDbNode";
import type { ReplicationLinkArgs } from "../resources/ReplicationLink";
import type { AccountsArgs } from "../resources/SessionStoreUsers";

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
  /**
   * The node's certificates: those of both nodes, or none. With them the links are encrypted and verified, and all accounts require TLS,
   * unless `link.tls` and `requireTls` say otherwise. The first ones restart the nodes, one at a time. @default none
   */
  tls?: Nested<NodeTls>;
}

/** A database of the pair. */
export interface PairDatabaseArgs {
  /** Another name makes another database; the former one is left as it is. */
  name: string;
  /** Character set of tables made from now on. A change takes effect at once, existing tables keep theirs. @default utf8mb4 */
  characterSet?: pulumi.Input<string>;
  /** Collation of tables made from now on. A change takes effect at once, existing tables keep theirs. @default utf8mb4_general_ci */
  collation?: pulumi.Input<string>;
}

export interface ReplicatedSessionStoreArgs extends Omit<AccountsArgs, "databases" | "profile"> {
  /** The two servers, in their order: the first gets number 1. Don't swap them. */
  nodes: readonly [PairNodeArgs, PairNodeArgs];
  /** The account with which this library changes both servers. It is made by MariaDB's root through the socket. */
  admin: ConnectionArgs["admin"];
  /** The account with which previews and refreshes look at both servers. @default they look as the admin */
  viewer?: ConnectionArgs["viewer"];
  /** `vendor`: the recipe to the letter. `hardened`: with the improvements that the output `advice` names. @default vendor */
  profile?: Profile;
  /** The databases whose tables are replicated. A change stops the replica threads for a moment. @default one, `replicated_session_store` */
  databases?: readonly PairDatabaseArgs[];
  /** Patterns of the replicated tables' names. @default those of the recipe: %session, %attribute, %key_id_map, %conf */
  tables?: readonly string[];
  /** Settings of both nodes, added to the profile or set against it. @default {} */
  settings?: GivenSettings;
  /**
   * Names of users, beside the proxy's, in whose names views, triggers, routines and events may come along when a node is seeded from its
   * peer: `extraAccounts` with rights on databases only. A change touches nothing. @default none
   */
  definers?: pulumi.Input<readonly pulumi.Input<string>[]>;
  /**
   * How each node pulls from the other. @default `useGtid: "current_pos", connectRetry: 10` (`vendor`), `useGtid: "slave_pos", connectRetry: 1,
   * heartbeatPeriod: 5` (`hardened`); `tls: "verified"` where both nodes have certificates, `"mutual"` where the account requires X509
   */
  link?: Pick<ReplicationLinkArgs, "useGtid" | "connectRetry" | "heartbeatPeriod" | "tls">;
  /** Statements go straight to both servers, with TLS. @default they go through the servers' machines */
  direct?: ConnectionArgs["direct"];
  /** From when on `advice` reminds of what grows old: passwords, certificates. @default of certificates, 30 days before they end */
  reminders?: MariaDbNodeArgs["reminders"];
  /**
   * Takes over what another stack declares on the two servers. Without it, servers that belong to another stack are refused. A change touches
   * nothing. @default false
   */
  adopt?: pulumi.Input<boolean>;
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
  /** With what it is encrypted. */
  encryption: string;
  /** By pattern of the replicated tables, how it was proved that rows arrive: by a row, or by comparing filters. */
  proved?: Readonly<Record<string, string>>;
}
