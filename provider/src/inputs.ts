/**
 * What resources are given, what follows from it, and what they tell. `npm run fix` writes this file out of the zod objects in
 * operations/inputs: change those.
 */

/** A login name, and from where it may be used. */
export interface AccountInputs {
  /**
   * Name of the account. Another name makes a new account and drops the former one in the same `up`: anyone who still
   * uses it can't log in any more. To go over slowly, keep the former one in `extraAccounts` for a while.
   */
  readonly user: string;
  /**
   * Its password. It goes to the server as a hash and is never shown; state and outputs hold it as a secret. A change
   * is made at once; sessions that are open stay open. An empty one, or one with a line break, is refused.
   */
  readonly password: string;
  /**
   * The hosts it may come from, each an account of its own: names, addresses, patterns with `%`, or `address/netmask`
   * as in `10.1.0.0/255.255.0.0`. What matches no client is refused. A proxy on the server's own machine may need
   * `localhost` beside `%`. MariaDB keeps them in lower case. An entry that is taken out is dropped.
   * @default ["%"]
   */
  readonly from: readonly string[];
  /**
   * What its connections need: `NONE`, `SSL`, or `X509`, a certificate that the node's `ca` signed. A change is made at
   * once; anyone who comes without is refused at the next login. From `localhost`, which is the server's own socket,
   * nothing is needed.
   * @default `requireTls` of the resource
   */
  readonly requireTls?: "NONE" | "SSL" | "X509" | undefined;
}

/** How an account is, or should be, as previews show it. No secret is in it. */
export interface AccountState {
  /** Wanted: `as configured`. */
  readonly password:
    | "as configured"
    | "differs"
    | "accepts another one too"
    | "does not accept the previous one"
    | "none"
    | `checked by ${string}`;
  /** What it may do, in the spelling of what is wanted. */
  readonly grants: readonly string[];
  /** True: it can't log in. */
  readonly locked: boolean;
  /** What the server asks of the connection: `NONE`, `SSL`, `X509`, or certificate details. */
  readonly tls: string;
  /** When its password ends. Wanted: `none`. */
  readonly expiry: "none" | "expired" | `after ${number} days`;
  /** `none`, or such as `MAX_USER_CONNECTIONS 5`. */
  readonly limits: string;
}

/** The accounts of one node, by their part in the recipe. */
export interface AccountsInputs {
  /** The databases that the proxies use. @default ["replicated_session_store"] */
  readonly databases: readonly string[];
  /**
   * `vendor`: grants as in the recipe, to the letter. `hardened`: database names are exact instead of patterns, the
   * binary log account gets BINLOG ADMIN and BINLOG MONITOR instead of SUPER, and the proxy may also see the
   * replication's state (SLAVE MONITOR). A change takes effect at once: what is newly allowed is granted before the
   * rest is revoked. On MariaDB 11.0.1 and later SUPER no longer covers the binary log; there it is granted with BINLOG
   * ADMIN and BINLOG MONITOR.
   * @default vendor
   */
  readonly profile: "vendor" | "hardened";
  /**
   * What connections of all accounts need that don't say otherwise themselves: `NONE`, `SSL` or `X509`. A change is
   * made at once. The server has to have its certificate before, and the links have to use it.
   * @default NONE
   */
  readonly requireTls?: "NONE" | "SSL" | "X509" | undefined;
  /**
   * The proxies' account: all rights on `databases`, and REPLICATION CLIENT (recipe, step 2).
   * @default user `nevisproxy_user`
   */
  readonly proxy: ClientAccountInputs;
  /**
   * The account with which the peer pulls (recipe, step 3). When its password changes, it takes the former one too
   * until the peer's `ReplicationLink` has gone over to the new one. At most 96 bytes, which is what MariaDB lets a
   * replica send.
   * @default user `replication_user`
   */
  readonly replication: AccountInputs;
  /** The account that purges binary logs (recipe, step 4). @default user `binarylog_user` */
  readonly binaryLog: RotatingAccountInputs;
  /**
   * An account for health checks: it sees the state of replication (SLAVE MONITOR, BINLOG MONITOR) and no data. Not in
   * the recipe.
   * @default none; its user `session_store_monitor`
   */
  readonly monitor?: ClientAccountInputs | undefined;
  /** More accounts that this server should have, such as one for backups. @default [] */
  readonly extraAccounts: readonly ExtraAccountInputs[];
}

/**
 * The account with which this library changes a server. It may log in on the server's own machine only, unless `direct`
 * is given.
 */
export interface Admin {
  /**
   * Its accounts, from whatever host, are this library's. Another name makes another account, and the former one is
   * removed.
   * @default session_store_admin
   */
  readonly user: string;
  /**
   * A change is made by MariaDB's root through the socket, at once. May be overridden by the environment variable
   * SESSION_STORE_ADMIN_PASSWORD, when the one in the state is out of date.
   */
  readonly password: string;
}

/** Something that works as described, and that MariaDB or we would do otherwise. */
export interface Advice {
  /**
   * `danger`: sessions can be lost without notice. `warning`: a fault costs more than it must. `note`: good to know.
   */
  readonly severity: "danger" | "warning" | "note";
  /** Where it was seen: a node, or both. */
  readonly where: string;
  /** What it is about: an option, an account, the server's version. */
  readonly about: string;
  /** What it costs to leave it so, and what is better. */
  readonly text: string;
  /** Who says so. */
  readonly source: string;
}

/** What shows that a resource was the last to declare an object: only then does it take it away. */
export interface Claim {
  /** The claim itself, as it lies beside what the resource declares. */
  readonly token: string;
  /** The stack, as `organization/project/stack`. */
  readonly stack: string;
  /** The resource's type and name. */
  readonly resource: string;
}

/** An account of clients that may know more than one login method. */
export interface ClientAccountInputs extends RotatingAccountInputs {
  /**
   * What checks its password. `ed25519`, where the server has that plugin: the server keeps nothing from which the
   * password can be found as fast as from the two SHA-1 of `mysql_native_password`; the account's clients have to know
   * the method. A change is made at once.
   * @default mysql_native_password
   */
  readonly authentication?: "mysql_native_password" | "ed25519" | undefined;
}

/** How one server of the pair is reached, and by whom. Other resources get it from `MariaDbNode.connection`. */
export interface Connection {
  /** How messages name the server. @default `<address>:<port>` */
  readonly name?: string | undefined;
  /** The machine that runs it. Statements travel through it too, to the server's own socket. */
  readonly host: HostInputs;
  /** Name or IP address at which the peer and the proxies reach the server. */
  readonly address: string;
  /** TCP port of the server. @default 3306 */
  readonly port: number;
  /** The account with which this library changes the server. `MariaDbNode` makes it. */
  readonly admin: Admin;
  /**
   * The account with which previews and refreshes look at the server; `MariaDbNode` makes it. A change touches nothing
   * but that account.
   * @default they look as the admin
   */
  readonly viewer?: Viewer | undefined;
  /**
   * Statements go straight to `address` and `port`, with TLS, and through the machine only where that fails, as before
   * the server has its certificate. A change touches nothing but the admin's second account.
   * @default they go through the machine
   */
  readonly direct?: DirectAccess | undefined;
}

/** What follows for a container's health, to be compared with what is seen. */
export interface ContainerHealthDerived {
  /** What the engine says of the container. Wanted: `healthy`. */
  readonly state:
    | "healthy"
    | "starting"
    | "unhealthy"
    | "no healthcheck"
    | "stopped"
    | "restarting"
    | "paused"
    | "missing"
    | "unreachable";
}

/** Whose health is waited for, before anything goes on that depends on it. */
export interface ContainerHealthInputs {
  /** The container, as the node's `host` has it. It has to have a healthcheck. One that does not run is started. */
  readonly host: DockerHostInputs;
  /**
   * The container of the other server, its name as plain text: it may be made after this. While it does not exist, or
   * does not run, it is enough that the server in `host` takes connections, because there is nothing to catch up with.
   * @default none: the healthcheck alone decides
   */
  readonly peer?: DockerHostInputs | undefined;
  /**
   * Anything that changes when another container takes the place of this one, such as its id. After a change its health
   * is waited for again.
   * @default none
   */
  readonly revision?: string | undefined;
  /**
   * Longest wait, in seconds. A server that crashed reads its logs first, and one of a new version may convert its
   * tables. A change alone waits for nothing that is healthy.
   * @default 300
   */
  readonly deadline: number;
}

/** How statements go to the server without a detour. */
export interface DirectAccess {
  /**
   * The authority that signed the server's certificate, in PEM format. The certificate must name the server's
   * `address`.
   */
  readonly ca: string;
  /**
   * From where the admin account (and the viewer) may log in then, with TLS only: the address of the machine that runs
   * `pulumi`, or a pattern with `%`. Another one makes another account, and the former one is removed.
   */
  readonly from: string;
}

/**
 * A container whose main process is a MariaDB server, as in the official `mariadb` image. A change of how it is reached
 * touches nothing in it.
 */
export interface DockerHostInputs {
  /** A container. */
  readonly kind: "docker";
  /**
   * Name of the container. Another one that takes its place under this name is the same node, and has to have the same
   * volumes.
   */
  readonly container: string;
  /**
   * The engine, as DOCKER_HOST has it: `unix://`, `tcp://` (with the certificates of DOCKER_CERT_PATH, where that is
   * set) or `ssh://`.
   * @default the one that the docker command uses: that of DOCKER_HOST, of its context, else the one of this machine
   */
  readonly engine?: string | undefined;
  /**
   * The directory in the container that a volume keeps, and whose option files the server reads last. In the official
   * image that is the default; `mariadb.conf.d` beside it is read before.
   * @default /etc/mysql/conf.d
   */
  readonly configDirectory?: string | undefined;
}

/** An account besides those of the recipe. */
export interface ExtraAccountInputs extends ClientAccountInputs {
  /**
   * What it may do, as between GRANT and TO: `"SELECT ON mydb.*"`, `"PROCESS ON *.*"`. It can do this and no more. `_`
   * and `%` in the name of a database are wildcards, as in GRANT. Refused: what MariaDB doesn't know, also in the
   * server's version, WITH GRANT OPTION, roles, PROXY.
   */
  readonly grants: readonly string[];
}

/** Up to where a server is known to have lost nothing of what its peer got from it, as kept in the state. */
export interface HistoryMark {
  /** The start of its server, in seconds since 1970: until the next one, nothing can have gone back. */
  readonly start: number;
  /** The last number of its own GTID domain that the peer had then. */
  readonly sequence: string;
}

/** Where a server runs and how its machine is reached. */
export type HostInputs = LocalHostInputs | SshHostInputs | DockerHostInputs;

/** A server of `LocalMariaDb` on this machine. */
export interface LocalHostInputs {
  /** This machine. */
  readonly kind: "local";
  /** The directory that `LocalMariaDb` keeps. */
  readonly directory: string;
}

/** What is kept of a private server for the next run. */
export interface LocalMariaDbComputed {
  /** Shows that the resource was the last to declare what it has there. */
  readonly claim?: Claim | undefined;
}

/** What follows from the inputs, for the resources that use the server. */
export interface LocalMariaDbDerived {
  /** Where it runs, for `Connection.host`. */
  readonly host: LocalHostInputs;
  /** Always 127.0.0.1. */
  readonly address: string;
  /** Path of its unix socket. */
  readonly socket: string;
  /** Wanted: `running`. */
  readonly state: "running" | "stopped" | "no data" | "foreign my.cnf";
}

/** What a private server on this machine is made of. */
export interface LocalMariaDbInputs {
  /**
   * Directory of this server: its data, option files, socket and log. It is made when it isn't there, and removed with
   * the data in it when the resource is deleted; where tables are in it, only with `forceDestroy`. At most about 90
   * bytes, because a unix socket's path may have 107. Another directory makes another, empty server, and then the
   * former one is deleted.
   */
  readonly directory: string;
  /**
   * TCP port on 127.0.0.1. Can be changed only while the server is stopped: the peer is told in the same `up`, the
   * proxies have to be.
   */
  readonly port: number;
  /**
   * Deleting the resource removes the server also with tables in it. Without it, the deletion is refused, and the
   * server goes on. It counts as the last `up` has left it. A change touches nothing.
   * @default false
   */
  readonly forceDestroy?: boolean | undefined;
  /**
   * Takes over what another stack declares. Without it, what belongs to another stack is refused. A change touches
   * nothing.
   * @default false
   */
  readonly adopt?: boolean | undefined;
}

/** What a node tells of itself when it is made, changed or looked at. */
export interface MariaDbNodeComputed {
  /** Version of the server, such as `10.11.19`. */
  readonly version: string;
  /** Path of the option file that is ours. */
  readonly configFile: string;
  /** What MariaDB or we would do otherwise. */
  readonly advice: readonly Advice[];
  /** Up to where the server is known to have lost nothing of what its peer got from it. */
  readonly historyMark?: HistoryMark | undefined;
  /** Days until the first of the certificates of `tls` ends. */
  readonly tlsDaysLeft?: number | undefined;
  /** Shows that the resource was the last to declare what it has there. */
  readonly claim?: Claim | undefined;
  /** The identity that its server has in its data. */
  readonly identity?: string | undefined;
}

/** What follows for a node from its inputs, to be compared with what is seen. */
export interface MariaDbNodeDerived {
  /** Text of the option file that is ours. */
  readonly configText: string;
  /**
   * Its permissions, in octal; with its owner, as in `644, of ops:ops`, where that is not the superuser. The server
   * ignores a file that everybody may write, and one that it may not read.
   */
  readonly configMode: string;
  /** Lines of other files that say otherwise than ours. */
  readonly overriddenBy: readonly string[];
  /** Wanted: `running`. What each word means, `recipe/words.ts` says. */
  readonly state:
    | "running"
    | "stopped"
    | "unreachable"
    | "not answering"
    | "disk full"
    | "login refused"
    | "without TLS"
    | "no data"
    | "no admin account"
    | `error ${number}`
    | "empty"
    | "being seeded"
    | "went back in time"
    | "binary log was reset"
    | "another server"
    | "the other node";
  /**
   * What is not as it should be of the accounts by which this library works (`admin`, `viewer`), such as one that is
   * left from another `direct.from`. Wanted: absent.
   */
  readonly ownAccounts?: readonly (`${string}: ${string}` | `${string}: no longer used`)[] | undefined;
  /**
   * Whether the certificates of `tls` are used. Wanted: `in effect`. Without `tls`: none, or what a run that failed has
   * left.
   */
  readonly tlsState?:
    | "in effect"
    | "files missing"
    | "files differ"
    | "files have other permissions"
    | "the server takes no TLS"
    | `another certificate is used, which ends on ${string}`
    | "left behind by a run that failed"
    | undefined;
}

/** What is wanted of one server of the pair. */
export interface MariaDbNodeInputs {
  /**
   * How the server is reached, and the admin account that is made on it. Another name, address or port of the same
   * server is taken up in place; another server is set up first, and then what was made on the former one is removed.
   */
  readonly connection: Connection;
  /**
   * How the other server of the pair is reached. With it this node can restart without harm to the sessions. Without
   * it, changes that need a restart or stopped replica threads are refused once the node replicates.
   */
  readonly peer?: Connection | undefined;
  /**
   * 1 or 2: the place in the pair, from which server_id, gtid_domain_id and auto_increment_offset follow. Don't change
   * it.
   */
  readonly nodeNumber: number;
  /**
   * `vendor`: the recipe to the letter. `hardened`: with the improvements that `advice` names. Changing it takes effect
   * at once, except for the pattern of tables, which stops the replica threads for a moment.
   * @default vendor
   */
  readonly profile: "vendor" | "hardened";
  /**
   * Databases whose tables are replicated. A change stops the replica threads for a moment.
   * @default ["replicated_session_store"]
   */
  readonly databases: readonly string[];
  /**
   * Patterns of the replicated tables' names; `%` is any text, `_` any character. A change stops the replica threads
   * for a moment.
   * @default ["%session", "%attribute", "%key_id_map", "%conf"]
   */
  readonly tables: readonly string[];
  /**
   * Address on which the server listens. A change restarts it.
   * @default the node's own when that is a loopback address, else all
   */
  readonly bindAddress?: string | undefined;
  /**
   * Options to add to the profile, or to set against it, by their names in an option file. What a change does follows
   * from the option: at once, or a restart of one node at a time. The server's own catalogue decides which options and
   * values there are. After the check it holds the value of every option that is kept.
   * @default {}
   */
  readonly settings: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  /**
   * Names of users, besides the proxy's default one, in whose names views, triggers, routines and events may come along
   * when the node is seeded from its peer. They have to be accounts that the program makes on both nodes. Named or not,
   * an account that may write beyond single databases is refused. A change touches nothing.
   * @default none
   */
  readonly definers?: readonly string[] | undefined;
  /**
   * The node's certificates. The first ones, and taking them away, restart it; others take effect at once.
   * @default none: what the server does by itself, which is TLS with a certificate of its own from MariaDB 11.4 on, and
   * none before
   */
  readonly tls?: NodeTls | undefined;
  /** From when on `advice` reminds of what grows old. A change touches nothing. @default of certificates only */
  readonly reminders?: Reminders | undefined;
  /**
   * Takes over what another stack declares. Without it, what belongs to another stack is refused. A change touches
   * nothing.
   * @default false
   */
  readonly adopt?: boolean | undefined;
}

/** The certificates of one node. All of it is PEM text, as in the files of an authority. */
export interface NodeTls {
  /**
   * The authority that signed the certificates of both nodes; several, one after the other, while one takes over from
   * another. A change takes effect at once. To change the authority: first both here, `up`; then the certificates,
   * `up`; then only the new one.
   */
  readonly ca: string;
  /**
   * The node's certificate, followed by those between it and the authority, if any. It has to name the node's
   * `address`. A renewed one takes effect at once, and breaks no connection.
   */
  readonly certificate: string;
  /**
   * Its private key, not encrypted. It lies on the machine readable for the server only; state and outputs hold it as a
   * secret.
   */
  readonly privateKey: string;
}

/** From when on `advice` reminds of what grows old. */
export interface Reminders {
  /**
   * Days after which `advice` reminds of a password that has not been changed, of the admin, the viewer and the
   * accounts of the pair.
   * @default never
   */
  readonly passwordAge?: number | undefined;
  /** Days before the end of a certificate of `tls` from which on `advice` reminds of it. @default 30 */
  readonly certificateDays?: number | undefined;
}

/** What a link tells of itself when it is made, changed or looked at. */
export interface ReplicationLinkComputed {
  /** `db1<-db2`: db1 replicates from db2. */
  readonly direction: string;
  /** Seconds that a row took to arrive when the link was last made or changed. */
  readonly secondsToArrive: number;
  /** By pattern of the replicated tables, how it was proved that rows arrive when the link was last made or changed. */
  readonly proved?:
    | Readonly<
        Record<
          string,
          | "a row arrived"
          | "filters compared, the name is exact"
          | "filters compared, no database for it on both nodes"
          | "filters compared, no name for it"
        >
      >
    | undefined;
  /** What the link is encrypted with. */
  readonly encryption: string;
  /** Up to where the source is known to have lost nothing. */
  readonly sourceMark?: HistoryMark | undefined;
  /** Shows that the resource was the last to declare what it has there. */
  readonly claim?: Claim | undefined;
  /** The identity that its server has in its data. */
  readonly identity?: string | undefined;
}

/** What follows for a link from its inputs, to be compared with what is seen. */
export interface ReplicationLinkDerived {
  /** Address of the source, as the replica has it. */
  readonly sourceAddress: string;
  /** TCP port of the source, as the replica has it. */
  readonly sourcePort: number;
  /** Wanted: `replicating`. */
  readonly state:
    | "replicating"
    | "not configured"
    | `replicates under the name ${string}`
    | "connecting"
    | `can't connect, error ${number}: ${string}`
    | "stopped"
    | "SQL thread stopped"
    | "IO thread stopped"
    | `stopped by error ${number}: ${string}`
    | "not answering"
    | "disk full"
    | `error ${number}`;
  /** Whether commits on the source wait until the replica has them. Wanted: `in effect`. */
  readonly semiSync:
    | "in effect"
    | "the replica does not acknowledge"
    | "given up: commits on the source wait for nobody";
  /**
   * Options of the replica that no link has, such as `MASTER_DELAY=3600`: rows come late, or not at all. Wanted: none.
   */
  readonly otherOptions?: readonly string[] | undefined;
  /** Tables that a proof of this link has left when it was cut off; `up` removes them. Wanted: none. */
  readonly leftOver?: readonly string[] | undefined;
}

/** What is wanted of one direction of the pair. */
export interface ReplicationLinkInputs {
  /** The server that pulls. */
  readonly replica: Connection;
  /** The server from which it pulls. */
  readonly source: Connection;
  /**
   * The account on the source with which the replica logs in. A change stops this direction for a moment.
   * @default replication_user
   */
  readonly user: string;
  /** Its password. A change stops this direction for a moment, while commits on the source wait for nobody. */
  readonly password: string;
  /**
   * From which position the replica goes on: `current_pos` as in the recipe, or `slave_pos`, as MariaDB advises. Both
   * behave alike in a pair. A change stops this direction for a moment.
   * @default current_pos
   */
  readonly useGtid: "current_pos" | "slave_pos";
  /**
   * Seconds between two tries to connect. After a restart of the source, its first commits wait that long for the
   * second copy. A change stops this direction for a moment.
   * @default 10
   */
  readonly connectRetry: number;
  /**
   * Seconds between two signs of life from an idle source. A change stops this direction for a moment.
   * @default none: half of slave_net_timeout at the time when the link is made
   */
  readonly heartbeatPeriod?: number | undefined;
  /**
   * How the replica comes to the source. `verified`: with TLS, and only if the source proves itself to the `ca` of the
   * replica's node. `mutual`: the replica proves itself too, with its node's certificate, as an account with
   * `requireTls` X509 wants it. `off`: without. With certificates, the link is not made unless it is proved that it is
   * encrypted. A change stops this direction for a moment.
   * @default what the servers do by themselves: from MariaDB 11.4 on both TLS without certificates, else none
   */
  readonly tls?: "off" | "verified" | "mutual" | undefined;
  /**
   * Anything that changes when one of the two machines is replaced by another with the same data, such as the ids of
   * their containers. After a change this direction is brought back at once and proved; nothing is stopped.
   * @default none
   */
  readonly revisions?: readonly string[] | undefined;
  /**
   * Takes over what another stack declares. Without it, what belongs to another stack is refused. A change touches
   * nothing.
   * @default false
   */
  readonly adopt?: boolean | undefined;
}

/** An account whose password can be changed without a moment in which its users are locked out. */
export interface RotatingAccountInputs extends AccountInputs {
  /**
   * A second password that the account takes too. For a rotation: set the new `password`, and the one in use here;
   * `up`; give the new one to all who log in; take this out; `up`.
   * @default none
   */
  readonly previousPassword?: string | undefined;
}

/** What follows for a database from its inputs, to be compared with what is seen. */
export interface SessionStoreDatabaseDerived {
  /** Wanted: `present`. */
  readonly state:
    | "present"
    | "missing"
    | `lacks tables: ${string}`
    | `rows are not kept: ${string}`
    | "a copy of tables is unfinished"
    | "not answering"
    | "disk full"
    | `error ${number}`;
}

/** What is wanted of the database on one node. */
export interface SessionStoreDatabaseInputs {
  /** The server on which the database stands. */
  readonly node: Connection;
  /** The other server of the pair. Tables that are missing on this one are copied from there. */
  readonly peer?: Connection | undefined;
  /**
   * Name of the database. Another name makes another database; the former one is left as it is.
   * @default replicated_session_store
   */
  readonly name: string;
  /**
   * Character set of tables made from now on. A change takes effect at once, existing tables keep theirs.
   * @default utf8mb4
   */
  readonly characterSet: string;
  /**
   * Collation of tables made from now on. A change takes effect at once, existing tables keep theirs.
   * @default utf8mb4_general_ci
   */
  readonly collation: string;
}

/** What follows for the tables from the inputs, to be compared with what is seen. */
export interface SessionStoreSchemaDerived {
  /** By table, how it stands. Wanted: `present on both nodes`. */
  readonly tables: Readonly<
    Record<
      string,
      "present on both nodes" | "missing on both nodes" | `missing on ${string}` | `differs on ${string}: ${string}`
    >
  >;
  /** Whether the script came to its end. Wanted: `complete`. */
  readonly state:
    | "complete"
    | "cut off"
    | `not answering on ${string}`
    | `disk full on ${string}`
    | `error ${number} on ${string}`;
}

/** What is wanted of the proxy's own tables. */
export interface SessionStoreSchemaInputs {
  /** The server on which the script runs. What it makes reaches the other one through replication. */
  readonly first: Connection;
  /** The other server of the pair. */
  readonly second: Connection;
  /**
   * The database in which the script runs. Another name means other tables; the former ones are left as they are.
   * @default replicated_session_store
   */
  readonly database: string;
  /**
   * The pair's `database.table` patterns of what is replicated. Every table of the script must match one.
   * @default those of the recipe
   */
  readonly patterns: readonly string[];
  /**
   * Text of the SQL script that comes with the proxy. It may only add: `CREATE ... IF NOT EXISTS`, `ALTER TABLE ... ADD
   * ... IF NOT EXISTS` and INSERT. A changed text is run once more, at once; tables that it no longer names are left as
   * they are.
   */
  readonly script: string;
}

/** What is kept of the accounts for the next run. */
export interface SessionStoreUsersComputed {
  /** What MariaDB or we would do otherwise. */
  readonly advice?: readonly Advice[] | undefined;
  /** Shows that the resource was the last to declare what it has there. */
  readonly claim?: Claim | undefined;
  /** The identity that its server has in its data. */
  readonly identity?: string | undefined;
}

/** What follows for the accounts from the inputs, to be compared with what is seen. */
export interface SessionStoreUsersDerived {
  /** By `user@host`, how each account is, or should be. Follows from the other inputs. */
  readonly accounts: Readonly<Record<string, AccountState>>;
  /**
   * Why the proxy's account, which is as wanted, can't log in or write, such as `refused, error 1290: read_only is on`.
   * It is tried through the server's socket, where the account may come from `localhost` or `%` and needs no
   * certificate. Wanted: absent.
   */
  readonly proxyWrites?: `refused, error ${number}: ${string}` | undefined;
}

/** The accounts of one node: the recipe's steps 2 to 4. Accounts are not replicated, so each node has this resource. */
export interface SessionStoreUsersInputs extends AccountsInputs {
  /** The server that has the accounts: `MariaDbNode.connection`. */
  readonly node: Connection;
  /**
   * Takes over what another stack declares. Without it, what belongs to another stack is refused. A change touches
   * nothing.
   * @default false
   */
  readonly adopt?: boolean | undefined;
}

/**
 * A Linux machine with a distribution's MariaDB, reached over SSH. A change of how it is reached touches nothing on it.
 */
export interface SshHostInputs extends SshLogin {
  /** Another machine. */
  readonly kind: "ssh";
  /** Another machine through which this one is reached. @default none */
  readonly jump?: SshLogin | undefined;
  /**
   * Seconds to wait for a machine that is still starting, before something is changed on it. Previews don't wait.
   * @default 300
   */
  readonly bootDeadline?: number | undefined;
  /**
   * Installs the distribution's mariadb-server where there is none (apt-get, dnf or zypper). Without it, a machine
   * without a server is an error.
   * @default false
   */
  readonly install?: boolean | undefined;
  /**
   * Path of the option file that is ours.
   * @default `99-session-store.cnf` in the directory that the distribution's option files include last, found by asking
   * the host
   */
  readonly settingsFile?: string | undefined;
}

/** How one machine lets us in: with a key, an agent or a password. */
export interface SshLogin {
  /** Name or IP address of the machine. */
  readonly address: string;
  /** TCP port of its sshd. @default 22 */
  readonly port?: number | undefined;
  /** A user other than root needs `sudo` without a password for the commands in docs/hosts.md. @default root */
  readonly user?: string | undefined;
  /**
   * The machine's public host keys, of which it must show one, as in `ssh_host_ed25519_key.pub`, in known_hosts or as
   * `ssh-keyscan` prints them, also several lines at once. Several, so that they can be changed without a moment in
   * which none fits.
   */
  readonly hostKeys: readonly string[];
  /**
   * Text of a private key, in OpenSSH's or PEM format (PKCS #1, SEC 1, PKCS #8). The environment variable
   * SESSION_STORE_SSH_KEY_FILE takes precedence over it.
   */
  readonly privateKey?: string | undefined;
  /** What the private key is encrypted with. @default it is not */
  readonly passphrase?: string | undefined;
  /** Path of an agent's socket, or `true` for the one of SSH_AUTH_SOCK. @default no agent */
  readonly agent?: string | boolean | undefined;
  /** The user's password. @default none */
  readonly password?: string | undefined;
}

/**
 * An account with which a server is only looked at. It may read everything and change nothing. It may log in from where
 * the admin may.
 */
export interface Viewer {
  /**
   * Its accounts, from whatever host, are this library's. Another name makes another account, and the former one is
   * removed.
   * @default session_store_viewer
   */
  readonly user: string;
  /** A change is made at once. */
  readonly password: string;
}
