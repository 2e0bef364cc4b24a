import type { Version } from "../version";
import { escapeWildcards, type Grant, namesIn, parseGrant, renderGrant } from "./grantText";
import {
  ALL,
  addedByUpgrades,
  allOn,
  canBeGrantedOn,
  GRANT_OPTION,
  isKnown,
  type Level,
  meaning,
  missingOn,
} from "./privileges";

/** Compares what an account must be allowed with what SHOW GRANTS says, by meaning and not by text. */

/** What the meaning of a grant depends on. */
export interface GrantServer {
  readonly version: Version;
  /** True where the server keeps the names of databases and tables in lower case. */
  readonly lowerCaseNames: boolean;
}

export interface GrantDifference {
  /** The wanted texts as far as the account has them, then what it has beyond. The wanted list itself when nothing differs. */
  readonly shown: string[];
  /** To be granted. */
  readonly missing: GrantPart[];
  /** To be revoked. */
  readonly extra: GrantPart[];
  /** To be granted after that: privileges on columns go when the same one on their table does. */
  readonly lost: GrantPart[];
}

/** Privileges on one object. For roles, `on` is ROLE or DEFAULT ROLE. */
export interface GrantPart {
  readonly on: string;
  readonly privileges: readonly string[];
}

/** Privileges by the object they are on. */
type ByObject = Map<string, Set<string>>;
const NONE: ReadonlySet<string> = new Set();

/** Why a text can't be a wanted grant. Undefined when it can. */
export function grantProblem(text: string): string | undefined {
  if (/^\s*(GRANT\s+)?PROXY\b/i.test(text))
    return `"${text}": the right to act as another account (PROXY) can't be given here: give what that account may do, or run the GRANT by hand for an account that no program declares`;
  let grant: Grant;
  try {
    grant = parseGrant(text);
  } catch (error) {
    return `"${text}" is not a grant such as "SELECT, INSERT ON db.*": ${(error as Error).message}`;
  }
  if (grant.hasGrantee) return `"${text}": leave out TO and what follows; the account is named beside it`;
  if (grant.level === "other")
    return `"${text}" is not "privileges ON database.table"; roles and proxies can't be given`;
  const words = grant.privileges.map(({ written }) => written.replace(/ \(.*\)$/s, ""));
  if (words.some((word) => word.toUpperCase() === GRANT_OPTION)) {
    return `"${text}": the right to grant is not handed out, because such an account could give itself any other right on it`;
  }
  const unknown = words.find((word) => !isKnown(word));
  if (unknown !== undefined) return `"${text}": MariaDB has no privilege "${unknown}"`;
  const misplaced = grant.privileges.find(
    ({ written }, i) => !canBeGrantedOn(words[i] ?? "", written.includes("(") ? "column" : (grant.level as Level)),
  );
  if (misplaced) return `"${text}": "${misplaced.written}" can't be given on ${grant.on}`;
  for (const name of namesIn([grant.on, ...grant.privileges.map(({ written }) => written)].join())) {
    const problem = nameProblem(name);
    if (problem) return `"${text}": ${problem}`;
  }
  return undefined;
}

/** The longest name that MariaDB takes in a GRANT, in characters, escaped wildcards counted twice. */
const LONGEST = 64;

function nameProblem(name: string): string | undefined {
  if (name.length > LONGEST)
    return `"${name}" has ${name.length} characters, and MariaDB takes ${LONGEST} here at most`;
  if (name.endsWith(" ")) return `"${name}" ends with a blank, which MariaDB cuts off or refuses`;
  if (/[\p{Surrogate}\u{10000}-\u{10ffff}]/u.test(name))
    return `"${name}" has characters beyond U+FFFF, which no name in MariaDB has`;
  return undefined;
}

/** Names of databases that no GRANT can give exactly, since that escapes what would be wildcards. */
export const tooLongToGrant = (databases: readonly string[]): string[] =>
  databases.filter((name) => escapeWildcards(name).length > LONGEST);

/** Why a server of this version can't give what is wanted: it has no such privilege yet, and none of its own allows the same. */
export function versionProblem(text: string, version: Version): string | undefined {
  for (const { written } of parseGrant(text).privileges) {
    const name = written.replace(/ \(.*$/s, "");
    const since = missingOn(version, name);
    if (since)
      return `"${text}": MariaDB ${version.number} has no privilege "${name}", which came with ${since}; leave it out until all servers that get this have it`;
  }
  return undefined;
}

export function compareGrants(
  wanted: readonly string[],
  live: readonly string[],
  server: GrantServer,
): GrantDifference {
  const asked = wanted.map((text) => ({ text, ...inCaseOf(server, parseGrant(text)) }));
  const needed: ByObject = new Map();
  const allowed: ByObject = new Map();
  for (const { on, level, privileges } of asked) {
    for (const { name } of privileges) {
      const means = meaning(name, level as Level, server.version);
      add(needed, on, means);
      add(allowed, on, [...means, ...addedByUpgrades(name)]);
    }
  }
  const seen = live.map(parseGrant);
  const has = collect(seen, server);
  foldExactNames(has, needed, allowed);

  const missing = without(needed, has, hidden(seen));
  const extra = without(has, allowed);
  // Granted as a whole, it also holds what only newer servers count among it: for who wants it so, and nobody else.
  const lacksAll = (on: string, lacking: ReadonlySet<string>) =>
    asked.some((each) => each.on === on && each.privileges.some(({ name }) => name === ALL)) &&
    isWithin(new Set(meaning(ALL, levelOf(on), server.version)), lacking);
  const written = spelling([...asked, ...seen]);
  return {
    shown: [
      ...asked.flatMap(({ text, ...grant }) => asFarAsThere(text, grant, missing.get(grant.on) ?? NONE, server)),
      ...[...extra].map(([on, beyond]) =>
        renderGrant(on, shorten(on, beyond, has.get(on) ?? NONE, server).map(written(on))),
      ),
    ],
    missing: [...missing].map(([on, lacking]) => ({
      on,
      privileges: lacksAll(on, lacking) ? [ALL] : [...lacking].map(written(on)),
    })),
    extra: [...extra].map(([on, beyond]) => ({ on, privileges: [...beyond].map(written(on)) })),
    lost: [...extra].flatMap(([on, beyond]) => {
      const columns = [...(needed.get(on) ?? NONE)].filter((name) => beyond.has(name.replace(/ \(.*$/s, "")));
      return columns.length === 0 ? [] : [{ on, privileges: columns.map(written(on)) }];
    }),
  };
}

/** Privileges on columns with the names of these as they are: REVOKE does not find them in another case. What the server says comes last and wins. */
function spelling(grants: readonly Grant[]): (on: string) => (name: string) => string {
  const key = (on: string, name: string) => `${name} ON ${on}`;
  const found = new Map(
    grants.flatMap(({ on, privileges }) =>
      privileges.flatMap(({ name, written }) => (name.endsWith(")") ? [[key(on, name), written] as const] : [])),
    ),
  );
  return (on) => (name) => found.get(key(on, name)) ?? name;
}

/** A wanted text, with what the account lacks of it. Nothing, when it has nothing of it. */
function asFarAsThere(text: string, grant: Grant, missing: ReadonlySet<string>, server: GrantServer): string[] {
  let found = grant.privileges.length === 0;
  const lacking = new Set<string>();
  for (const { name, written } of grant.privileges) {
    const means = meaning(name, grant.level as Level, server.version);
    const absent = means.filter((each) => missing.has(each));
    found ||= absent.length < means.length || means.length === 0;
    // A privilege is named as the wanted text names it, unless it stands for several.
    for (const each of absent) lacking.add(means.length === 1 ? written : each);
  }
  if (lacking.size === 0) return [text];
  return found ? [`${text} without ${[...lacking].join(", ")}`] : [];
}

/** What SHOW GRANTS says, by object. `ALL PRIVILEGES` is spelled out, so that it compares with any list. */
function collect(grants: readonly Grant[], server: GrantServer): ByObject {
  const found: ByObject = new Map();
  for (const { on, level, privileges } of grants) {
    const names = privileges.flatMap(({ name }) => {
      if (name === "USAGE") return [];
      return name === ALL ? allOn(level as Level, server.version) : [name];
    });
    add(found, on, names);
  }
  return found;
}

/**
 * Where the wanted name of a database is a pattern (`_` is any character), the same grant on exactly that database will do: it is
 * the narrower one. The other way round it does not.
 */
function foldExactNames(has: ByObject, needed: ByObject, allowed: ByObject): void {
  for (const [on, privileges] of [...has]) {
    // In a grant on one table nothing is a pattern.
    if (levelOf(on) !== "database") continue;
    const pattern = on.replace(/\\([_%\\])/g, "$1");
    const enough = needed.get(pattern);
    if (pattern === on || !enough || needed.has(on)) continue;
    // Where there are grants on both, MariaDB looks at the exact one alone.
    if (!isWithin(enough, privileges) || !isWithin(privileges, allowed.get(pattern))) continue;
    if (!isWithin(has.get(pattern) ?? new Set(), allowed.get(pattern))) continue;
    has.delete(on);
    has.set(pattern, privileges);
  }
}

function inCaseOf(server: GrantServer, grant: Grant): Grant {
  if (!server.lowerCaseNames) return grant;
  return { ...grant, on: grant.on.replace(/`.*/s, (names) => names.toLowerCase()) };
}

/** `ALL PRIVILEGES` instead of forty names, where the account has all there are and few of them are wanted. */
function shorten(on: string, extra: ReadonlySet<string>, has: ReadonlySet<string>, server: GrantServer): string[] {
  const all = allOn(levelOf(on), server.version);
  const beyond = all.filter((name) => extra.has(name));
  if (beyond.length <= all.length / 2 || !isWithin(new Set(all), has)) return [...extra];
  return [ALL, ...[...extra].filter((name) => !all.includes(name))];
}

function levelOf(on: string): Level {
  if (on === "*.*") return "global";
  if (!on.startsWith("`")) return "routine";
  return on.endsWith("`.*") ? "database" : "table";
}

function add(to: ByObject, on: string, privileges: Iterable<string>): void {
  for (const privilege of privileges) to.set(on, (to.get(on) ?? new Set()).add(privilege));
}

/** What is in `all`, and neither in `those` nor had. */
function without(all: ByObject, those: ByObject, isHad = (_on: string, _privilege: string) => false): ByObject {
  const rest: ByObject = new Map();
  for (const [on, privileges] of all) {
    add(
      rest,
      on,
      [...privileges].filter((each) => !those.get(on)?.has(each) && !isHad(on, each)),
    );
  }
  return rest;
}

/** Where an account has all privileges on a table, the server does not show those on its columns. */
function hidden(seen: readonly Grant[]): (on: string, privilege: string) => boolean {
  const whole = seen.filter(
    ({ level, privileges }) => level === "table" && privileges.some(({ name }) => name === ALL),
  );
  const tables = new Set(whole.map(({ on }) => on));
  return (on, privilege) => privilege.endsWith(")") && tables.has(on);
}

const isWithin = (part: ReadonlySet<string>, whole: ReadonlySet<string> | undefined): boolean =>
  [...part].every((each) => whole?.has(each));
