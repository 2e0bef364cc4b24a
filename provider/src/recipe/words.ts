/**
 * The words that states and previews show, by resource and property. They are API: users' states hold them, and scripts ask for them. So a word
 * is never changed, and a new one is added here first. Angle brackets mark what varies in a word.
 */

/** @param wanted the word when nothing is wrong; undefined where it follows from an input, or nothing is wanted */
const property = <const Words extends Readonly<Record<string, string>>, Wanted extends keyof Words | undefined>(
  wanted: Wanted,
  words: Words,
) => ({ wanted, words });

/** What a statement meets on a server that accepted the login. */
const STATEMENT_PROBLEMS = {
  "not answering": "The server takes connections and does not answer.",
  "disk full": "The server's disk, or its share of one, is full.",
  "error <number>": "The server answers a look with this error.",
} as const;

/** What a login meets. */
const LOGIN_PROBLEMS = {
  stopped: "The server does not run.",
  unreachable: "The machine or the server can't be reached.",
  "not answering": STATEMENT_PROBLEMS["not answering"],
  "disk full": STATEMENT_PROBLEMS["disk full"],
  "login refused": "The admin account's password is wrong, or it lacks its privileges.",
  "without TLS": "The server takes no TLS where the connection needs it.",
  "no data": "There is no data directory: the server was removed, or is there for the first time.",
  "no admin account":
    "The server runs without our admin account: that was dropped, or the server was made again, or is there for the first time.",
} as const;

export const WORDS = {
  "ContainerHealth.state": property("healthy", {
    healthy: "Its healthcheck succeeds.",
    starting: "Its healthcheck has not succeeded since its start, and may still.",
    unhealthy: "Its healthcheck fails.",
    "no healthcheck": "The engine was not told how to check it.",
    stopped: "It does not run; `up` starts it.",
    restarting: "Its server ends, and the engine starts it again and again.",
    paused: "It is paused.",
    missing: "The engine has no container of that name.",
    unreachable: "The engine can't be reached.",
  }),
  "LocalMariaDb.state": property("running", {
    running: "The server's process runs.",
    stopped: "It does not run; `up` starts it.",
    "no data": "Its directory is gone; `up` makes an empty server.",
    "foreign my.cnf": "The option file in its directory is not ours.",
  }),
  "MariaDbNode.state": property("running", {
    running: "The server answers, and has all that its peer got from it.",
    ...LOGIN_PROBLEMS,
    ...STATEMENT_PROBLEMS,
    empty: "It holds no sessions, and its peer has some from it: `up` seeds it from the peer.",
    "being seeded": "It is closed to all other accounts until it has all sessions of its peer.",
    "went back in time": "Its peer has rows of it that it lacks.",
    "binary log was reset": "It has all its rows, but not the log that its peer goes by.",
    "another server":
      "Its data are those of another server than before: it is refused, unless the resource is replaced.",
    "the other node": "It has the numbers of its peer: the program names the two in the other order than before.",
  }),
  "MariaDbNode.tlsState": property("in effect", {
    "in effect": "The server uses the certificate of `tls`.",
    "files missing": "The certificates are not on its machine.",
    "files differ": "The files on its machine hold other certificates.",
    "files have other permissions":
      "The owner or the permissions of the files are not as they were made, or the server may not look into their folder.",
    "the server takes no TLS": "The files are as wanted, and the server does not use them.",
    "another certificate is used, which ends on <date>":
      "The files are as wanted, and the server has not taken them up.",
    "left behind by a run that failed":
      "The node has no `tls`, and certificates of a run that failed are on its machine.",
  }),
  "MariaDbNode.ownAccounts": property(undefined, {
    "<account>: <problems>": "An account by which this library works is not as it should be.",
    "<account>: no longer used":
      "It is left from another `direct.from` or `user`, or from a run that failed; `up` drops it.",
  }),
  "SessionStoreDatabase.state": property("present", {
    present: "The database is there, with all tables that the peer replicates.",
    missing: "The server has no such database.",
    "lacks tables: <names>": "The peer replicates these tables and this server does not have them.",
    "rows are not kept: <names>":
      "The engine of these replicated tables, such as MEMORY, or that of new ones by these settings, does not keep rows on both nodes.",
    "a copy of tables is unfinished": "A run was cut off while it copied tables; `up` copies them again.",
    ...STATEMENT_PROBLEMS,
  }),
  "SessionStoreUsers.accounts.password": property("as configured", {
    "as configured": "The account takes the wanted passwords and no other.",
    differs: "It does not take the wanted password.",
    "accepts another one too": "It takes the wanted password, and others or another way in.",
    "does not accept the previous one": "It takes the wanted password, but not `previousPassword`.",
    none: "It lets in without a password.",
    "checked by <plugin>": "It does not take the wanted password; this plugin decides who is let in.",
  }),
  "SessionStoreUsers.accounts.expiry": property("none", {
    none: "The password has no lifetime of its own, and has not expired.",
    expired: "The password has expired.",
    "after <number> days": "The password expires so many days after its last change.",
  }),
  "SessionStoreUsers.accounts.limits": property("none", {
    none: "The account has no limits.",
    "<limits>": "Each limit that is set, such as `MAX_USER_CONNECTIONS 5`, with commas between them.",
  }),
  "SessionStoreUsers.accounts.tls": property(undefined, {
    NONE: "Its connections need no TLS.",
    SSL: "They need TLS.",
    X509: "They need TLS and a certificate that the node's `ca` signed.",
    "<details>": "They need a certificate with these details, such as `SUBJECT '/CN=proxy'`.",
  }),
  "SessionStoreUsers.proxyWrites": property(undefined, {
    "refused, error <number>: <cause>":
      "The proxy's account is as wanted, and the server still refuses its login or its writes, for this cause.",
  }),
  "ReplicationLink.state": property("replicating", {
    replicating: "Both threads of the replica run.",
    "not configured": "The replica replicates from nobody.",
    "replicates under the name <name>":
      "The replica has a connection to the source that is not the link: somebody made it under this name.",
    connecting: "The replica tries to reach the source, and has not failed yet.",
    "can't connect, error <number>: <text>": "Its last try failed with this error; it tries again by itself.",
    stopped: "Both threads were stopped, without an error.",
    "SQL thread stopped": "It receives and does not apply, without an error.",
    "IO thread stopped": "It does not receive, without an error.",
    "stopped by error <number>: <text>": "This error stopped one of its threads.",
    ...STATEMENT_PROBLEMS,
  }),
  "ReplicationLink.semiSync": property("in effect", {
    "in effect": "Commits on the source wait until the replica has them, unless the nodes have semi-sync switched off.",
    "the replica does not acknowledge": "The replica's thread was started without it, or the source does not count it.",
    "given up: commits on the source wait for nobody":
      "A commit waited too long; the source waits again once the replica has caught up.",
  }),
  "ReplicationLink.tls": property(undefined, {
    off: "The replica comes without TLS.",
    verified: "With TLS, and the source proves itself to the `ca` of the replica's node.",
    mutual: "As `verified`, and the replica proves itself with its node's certificate.",
    "verified by <proof>": "With TLS, and the source proves itself by another file, or by the account's password.",
    "verified by <proof>, with the certificate <file>": "As that, and the replica has this certificate.",
    "on if the source offers it, not verified": "Nobody proves that the source is the right one.",
    "on if the source offers it, not verified, with the certificate <file>":
      "As that, and the replica has this certificate.",
  }),
  "ReplicationLink.encryption": property(undefined, {
    "<cipher>": "The source sends its sessions with this cipher.",
    "required by the account (<requirement>)":
      "The source can't be asked for a cipher, and lets nobody in without TLS.",
    "required by the replica, which verifies the source":
      "The source can't be asked for a cipher, and the replica does not connect without TLS.",
    "used, because the source offers it; not verified":
      "The source can't be asked for a cipher, but offers TLS to a replica that asks for it. Nobody proves that it is the right one.",
    none: "The source sends its sessions without encryption: it says so, or the replica does not ask for TLS, or the source has none.",
  }),
  "ReplicationLink.proved": property(undefined, {
    "a row arrived": "A row of a table with such a name was written on the source and seen on the replica.",
    "filters compared, the name is exact": "Such a table is the users' own, so nothing is written to it.",
    "filters compared, no database for it on both nodes": "There is no place for a row yet.",
    "filters compared, no name for it":
      "A name that matches would be too long, or belongs to a table of somebody else.",
  }),
  "SessionStoreSchema.tables": property("present on both nodes", {
    "present on both nodes": "The table is on both nodes, and alike.",
    "missing on both nodes": "`up` makes it by running the script.",
    "missing on <node>": "`up` copies it, with its rows, from the other node.",
    "differs on <node>: <differences>": "Each part that differs, as it is there and on the other node.",
  }),
  "SessionStoreSchema.state": property("complete", {
    complete: "The script came to its end.",
    "cut off": "A run of the script was cut off; `up` runs it again from its first statement.",
    "not answering on <node>": STATEMENT_PROBLEMS["not answering"],
    "disk full on <node>": STATEMENT_PROBLEMS["disk full"],
    "error <number> on <node>": STATEMENT_PROBLEMS["error <number>"],
  }),
};

/** `error <number>` as a type: `error ${number}`. */
type Filled<Word extends string> = Word extends `${infer Before}<${infer Varies}>${infer After}`
  ? `${Before}${Varies extends "number" ? number : string}${Filled<After>}`
  : Word;

/** The words of a property. */
export type WordOf<Name extends keyof typeof WORDS> = Filled<keyof (typeof WORDS)[Name]["words"] & string>;

/** What keeps a login from succeeding. */
export type LoginProblem = keyof typeof LOGIN_PROBLEMS;
/** What went wrong with a statement, as states show it where it was met while looking. */
export type StatementProblem = Filled<keyof typeof STATEMENT_PROBLEMS>;

export type ContainerHealthState = WordOf<"ContainerHealth.state">;
export type LocalServerState = WordOf<"LocalMariaDb.state">;
export type NodeState = WordOf<"MariaDbNode.state">;
export type NodeTlsState = WordOf<"MariaDbNode.tlsState">;
/** What is not as it should be of an account by which this library works. */
export type OwnAccountState = WordOf<"MariaDbNode.ownAccounts">;
export type DatabaseState = WordOf<"SessionStoreDatabase.state">;
/** How the passwords of an account compare with the wanted ones. */
export type PasswordState = WordOf<"SessionStoreUsers.accounts.password">;
/** When the password of an account expires. */
export type PasswordExpiry = WordOf<"SessionStoreUsers.accounts.expiry">;
/** Why the proxy's account can't write. */
export type RefusedWrites = WordOf<"SessionStoreUsers.proxyWrites">;
export type LinkState = WordOf<"ReplicationLink.state">;
/** How it was proved that rows under a pattern arrive. */
export type Proof = WordOf<"ReplicationLink.proved">;
export type SemiSyncState = WordOf<"ReplicationLink.semiSync">;
export type LinkTlsState = WordOf<"ReplicationLink.tls">;
export type LinkEncryption = WordOf<"ReplicationLink.encryption">;
export type TableWord = WordOf<"SessionStoreSchema.tables">;
