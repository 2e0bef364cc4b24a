import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { openHost } from "../hosts";
import { machineOf } from "../hosts/defaults";
import { type Host, HostUnreachable } from "../hosts/Host";
import type { Claim, Connection } from "../inputs";
import {
  type Declaration,
  describeEntries,
  describeOwner,
  type Entry,
  entryOf,
  judge,
  release,
  unique,
} from "../recipe/claims";
import { OWN_DATABASES } from "../recipe/names";
import { ofRun, progress } from "../run";
import { openToLook } from "./admin";
import { DURABLE } from "./gate";
import type { Server } from "./server";

/**
 * What we keep in the data of a server about itself: an identity, by which it is known wherever and under whatever name it is reached,
 * who declares what on it, and the settings that it was given. Nothing of it is replicated, and a seeding does not copy it.
 */

const IDENTITY = [OWN_DATABASES.register, "identity"] as const;
const CLAIMS = [OWN_DATABASES.register, "claims"] as const;
/** Read and written by `notedSettings.ts`. */
export const SETTINGS = [OWN_DATABASES.register, "settings"] as const;

/** The server's identity. Undefined: nobody has given it one yet, or its data are gone. */
export async function identityOf(server: Server): Promise<string | undefined> {
  const [row] = await server.query("SELECT id FROM ??.??", [...IDENTITY]).catch(unlessMissing);
  return row && String(row["id"]);
}

/** True when the data of a server that does not run have this identity. False also where nobody can tell. */
export async function isInData(host: Host, identity: string): Promise<boolean> {
  const file = `${await host.dataDirectory()}/${IDENTITY.join("/")}.MAD`;
  const found = await host.readFile(file).catch((error: Error) => {
    if (error instanceof HostUnreachable) throw error;
    return undefined;
  });
  return found?.text.includes(identity) ?? false;
}

/**
 * The server's identity, which it gets where it has none.
 * @param known the one by which the server was known until now, which it gets back where its data were lost
 */
export async function ensureIdentity(server: Server, known: string | undefined): Promise<string> {
  const found = await identityOf(server);
  if (found !== undefined && (known === undefined || found === known)) return found;
  await makeRegister(server);
  const identity = known ?? randomUUID();
  await server.query("INSERT INTO ??.?? VALUES (?)", [...IDENTITY, identity]);
  await server.query("DELETE FROM ??.?? WHERE id != ?", [...IDENTITY, identity]);
  return identity;
}

/** True while this claim is on the server: nobody has taken over what was declared under it. */
export async function holds(server: Server, { token }: Claim): Promise<boolean> {
  const rows = await server
    .query("SELECT 1 FROM ??.?? WHERE token = ? LIMIT 1", [...CLAIMS, token])
    .catch(unlessMissing);
  return rows.length > 0;
}

/** All claims on these objects. */
export async function claimsOn(server: Server, objects: readonly string[]): Promise<Entry[]> {
  return (await allClaims(server)).filter(({ object }) => objects.includes(object));
}

async function allClaims(server: Server): Promise<Entry[]> {
  const statement = "SELECT object, token, stack, resource FROM ??.?? ORDER BY object, since";
  const rows = await server.query(statement, [...CLAIMS]).catch(unlessMissing);
  return rows.map((row) => ({
    object: String(row["object"]),
    token: String(row["token"]),
    stack: String(row["stack"]),
    resource: String(row["resource"]),
  }));
}

/**
 * Refuses a server in the place of another one.
 * @param known the identity by which the state knows the server; undefined: it does not know it yet
 */
export async function refuseAnother(server: Server, known: string | undefined): Promise<void> {
  const found = await identityOf(server);
  if (known === undefined || found === undefined || found === known) return;
  throw new Error(anotherServer(server.name, known, found));
}

/** What is said of a server that is not the one that is known. */
export const anotherServer = (name: string, known: string, found: string): string =>
  `another server than before answers as ${name}: its data have the identity ${found}, those of ${name} had ${known} (session_store_register.identity). ` +
  "Nothing was changed. If the wrong one was named, correct where the node is reached. If this one is to take its place, run `pulumi up --replace` for the " +
  "resources of this node, which takes it over as it is";

/** The identity at a place. `new`: a server without one. Undefined: it can't be asked. */
export async function identityAt(connection: Connection): Promise<string | undefined> {
  await using server = await openToLook(connection);
  if (server) return (await identityOf(server)) ?? NEW;
  return (await openHost(connection.host)
    .hasData()
    .catch(() => true))
    ? undefined
    : NEW;
}
export const NEW = "new";

/** What was seen of each server before anything was declared: a run asks once, not for each of its resources. */
const seenClaims = ofRun(() => new Map<string, Promise<Entry[] | undefined>>());

/**
 * The claims at a place on objects of a kind, as they were when this run first asked: what it has declared since, it knows. Undefined: the
 * server can't be asked.
 */
export async function claimsAt(
  connection: Connection,
  isMeant: (object: string) => boolean,
): Promise<Entry[] | undefined> {
  const place = machineOf(connection.host);
  const look = async () => {
    await using server = await openToLook(connection);
    return server && (await allClaims(server));
  };
  const seen = seenClaims().get(place) ?? look();
  seenClaims().set(place, seen);
  return (await seen)?.filter(({ object }) => isMeant(object));
}

/** Refuses to declare what somebody else declares. Looks only. */
export async function refuseOthers(server: Server, objects: readonly string[], mine: Declaration): Promise<void> {
  const { refusal } = judge(await claimsOn(server, objects), mine, server.name);
  if (refusal) throw new Error(refusal);
}

/** Puts claims on objects, before they are made or changed. Writes nothing where they are there. */
export async function declare(server: Server, objects: readonly string[], mine: Declaration): Promise<void> {
  const entries = await claimsOn(server, objects);
  const { refusal, outdated } = judge(entries, mine, server.name);
  if (refusal) throw new Error(refusal);
  const missing = objects
    .map((object) => entryOf(object, mine))
    .filter((wanted) => !entries.some((entry) => isDeepStrictEqual(entry, wanted)));
  if (missing.length > 0) await makeRegister(server);
  for (const { object, token, stack, resource } of missing) {
    // First the new one: at no time is the object nobody's.
    await server.query("INSERT INTO ??.?? VALUES (?, ?, ?, ?, NOW())", [...CLAIMS, object, token, stack, resource]);
    await server.query("DELETE FROM ??.?? WHERE object = ? AND token = ? AND (stack, resource) != (?, ?)", [
      ...CLAIMS,
      object,
      token,
      stack,
      resource,
    ]);
  }
  for (const entry of outdated) {
    await server.query("DELETE FROM ??.?? WHERE object = ? AND token = ?", [...CLAIMS, entry.object, entry.token]);
  }
  const adopted = outdated.filter((entry) => entry.stack !== mine.stack);
  if (adopted.length > 0) progress(`${server.name}: takes over from another stack: ${describeEntries(adopted)}`);
}

/** What anybody declares on the server. */
export const declaredObjects = async (server: Server): Promise<string[]> =>
  unique((await allClaims(server)).map(({ object }) => object));

/** What is declared under a claim, of all times. */
export const objectsOf = async (server: Server, claim: Claim): Promise<string[]> =>
  (await objectsBeside(server, claim)).mine;

/** The same, and what anybody declares. */
export async function objectsBeside(
  server: Server,
  claim: Claim | undefined,
): Promise<{ readonly mine: string[]; readonly all: string[] }> {
  const claims = await allClaims(server);
  const mine = claims.filter(({ token }) => token === claim?.token);
  return { mine: mine.map(({ object }) => object), all: unique(claims.map(({ object }) => object)) };
}

/**
 * Gives up objects, and takes away those that nobody else declares.
 * @param remove takes objects away, also where some are gone already
 */
export async function giveUp(
  server: Server,
  { token }: Claim,
  objects: readonly string[],
  remove: (free: readonly string[]) => Promise<void>,
): Promise<void> {
  if (objects.length === 0) return;
  const { free, kept } = release(await claimsOn(server, objects), token);
  if (kept.length > 0)
    progress(`${server.name}: stays, because it is declared elsewhere too: ${describeEntries(kept)}`);
  await remove(free);
  // Last, and in one statement: a removal that was cut off is taken up again.
  const given = [token, objects];
  const isLeft = await server.row("SELECT 1 FROM ??.?? WHERE NOT (token = ? AND object IN (?)) LIMIT 1", [
    ...CLAIMS,
    ...given,
  ]);
  if (isLeft) await server.query("DELETE FROM ??.?? WHERE token = ? AND object IN (?)", [...CLAIMS, ...given]);
  else await server.query("DROP DATABASE IF EXISTS ??", [OWN_DATABASES.register]);
}

/**
 * Gives up all that a resource declared. Without its claim nothing proves that it is not somebody else's by now: it stays.
 * @param claim undefined: an earlier version of this library made the resource, or the claim was gone at the last look
 * @param what the objects, for messages
 */
export async function giveUpAll(
  server: Server,
  claim: Claim | undefined,
  what: string,
  remove: (free: readonly string[]) => Promise<void>,
): Promise<void> {
  const objects = claim ? await objectsOf(server, claim) : [];
  if (objects.length > 0) return giveUp(server, claim as Claim, objects, remove);
  const others = unique((await allClaims(server)).map(describeOwner));
  const declared = others.length > 0 ? `; declared there now by ${others.join(", ")}` : "";
  progress(
    `${server.name}: ${what}: left as they are, because nothing there proves that this resource was the last to declare them${declared}`,
  );
}

/** Makes the register, or what is lacking of it. */
export async function makeRegister(server: Server): Promise<void> {
  await server.query("CREATE DATABASE IF NOT EXISTS ?? CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", [
    OWN_DATABASES.register,
  ]);
  await server.query(`CREATE TABLE IF NOT EXISTS ??.?? (id CHAR(36) NOT NULL) ${DURABLE}`, [...IDENTITY]);
  const columns =
    "object TEXT NOT NULL, token CHAR(36) NOT NULL, stack TEXT NOT NULL, resource TEXT NOT NULL, since DATETIME NOT NULL, KEY (token)";
  await server.query(`CREATE TABLE IF NOT EXISTS ??.?? (${columns}) ${DURABLE}`, [...CLAIMS]);
  await server.query(`CREATE TABLE IF NOT EXISTS ??.?? (name VARCHAR(64) NOT NULL, value TEXT NOT NULL) ${DURABLE}`, [
    ...SETTINGS,
  ]);
}

/** For `catch`: there is no register yet, or a run that was cut off has made a part of it. */
export function unlessMissing(error: unknown): [] {
  const MISSING = [1049, 1146];
  if (!MISSING.includes((error as { errno?: number }).errno ?? 0)) throw error;
  return [];
}
