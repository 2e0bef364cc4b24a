import { escapeWildcards } from "./accounts/grantText";

/** Names, defaults and rules that more than one part of the library needs. */

/** `vendor`: the recipe to the letter. `hardened`: with the measured improvements. */
export type Profile = "vendor" | "hardened";

export const PROFILES = ["vendor", "hardened"] as const satisfies readonly Profile[];

export const DEFAULT_PROFILE: Profile = "vendor";

/** What a row of a table says in each profile. */
export interface ByProfile<T> {
  /** The recipe's value. Absent: the recipe leaves it to the server. */
  readonly vendor?: T;
  /** The better value. Absent: as the recipe has it. */
  readonly hardened?: T;
}

export const inProfile = <T>(profile: Profile, { vendor, hardened }: ByProfile<T>): T | undefined =>
  profile === "hardened" ? (hardened ?? vendor) : vendor;

/** Names of databases where MariaDB reads patterns: `hardened` means exactly these, the recipe takes their `_` for any character. */
export const databasePatterns = (profile: Profile, databases: readonly string[]): readonly string[] =>
  profile === "hardened" ? databases.map(escapeWildcards) : databases;

/** The account with which this library works on a server. */
export const DEFAULT_ADMIN = "session_store_admin";
export const DEFAULT_VIEWER = "session_store_viewer";
/** The account with which rows of another server are written, while they are. */
export const LOADER = "session_store_load";

/** MariaDB's TCP port. */
export const DEFAULT_PORT = 3306;

/** Names in lower case. */
const SYSTEM_DATABASES: readonly string[] = ["mysql", "sys", "information_schema", "performance_schema"];

/** Databases with our notes about one server: they hold no sessions, and are never replicated. */
export const OWN_DATABASES = {
  /** The server's identity, and who declares what on it. */
  register: "session_store_register",
  /** While it is there, the server is closed, or on its way to or from that. It holds what has to be put back. */
  gate: "session_store_closed",
  /**
   * Marks a server whose seeding is not at its end. It is made when the server is closed and nothing was found on it, and dropped before it is
   * opened: nobody else writes while it is there, and without it nothing is seeded over.
   */
  seeding: "session_store_seeding",
  /** Where tables are copied to before they are moved to their place. */
  copy: "session_store_copy",
} as const;

/** Databases that no sessions are in. */
export const NOT_FOR_SESSIONS: readonly string[] = [...SYSTEM_DATABASES, ...Object.values(OWN_DATABASES)];

/** True for MariaDB's own and ours, in any case: some servers keep the names of databases in lower case. */
export const isReservedDatabase = (name: string): boolean => NOT_FOR_SESSIONS.includes(name.toLowerCase());

const RESERVED_USERS: readonly string[] = ["root", "mysql", "mariadb.sys", "public", LOADER];

/** MariaDB's own accounts, and the one that copies. The next `destroy` would drop one that a program gives, and with it the way into the server. */
export const isReservedUser = (name: string): boolean => RESERVED_USERS.includes(name.toLowerCase());

/** Where a server is reached. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

export const isSameServer = (one: Place, other: Place): boolean =>
  one.address === other.address && one.port === other.port;

/** Addresses that only the machine itself reaches. */
export const isLoopback = (address: string): boolean => /^(127\.|::1$|localhost$)/.test(address);

/** A hidden input: texts of why the component that the resource belongs to is refused, each empty where nothing is wrong. */
export const REFUSALS = "__refusals";
