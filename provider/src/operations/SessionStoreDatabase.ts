import type { SessionStoreDatabaseDerived, SessionStoreDatabaseInputs } from "../inputs";
import { nameOf } from "../mariadb/connection";
import { ConnectionError } from "../mariadb/connectionError";
import { askIfThere, isTroubleOf, openIfThere, openServer } from "../mariadb/open";
import { replicaStatus } from "../mariadb/replication";
import type { Server } from "../mariadb/server";
import { copyTables, discardCopy, hasUnfinishedCopy } from "../pair/copy";
import { lackingTables } from "../pair/lackingTables";
import { inTurn, lockServers } from "../pair/lock";
import { concerned } from "../pair/look";
import { type DatabaseState, WORDS } from "../recipe/words";
import { progress } from "../run";
import { type Look, until } from "../waiting";
import { define } from "./define";
import { derived, given } from "./inputs/SessionStoreDatabase";

/** What is wanted of a database, as previews show it. */
export interface SessionStoreDatabaseChecked extends SessionStoreDatabaseInputs, SessionStoreDatabaseDerived {}

const PRESENT = WORDS["SessionStoreDatabase.state"].wanted;

export const SessionStoreDatabase = define<SessionStoreDatabaseInputs, SessionStoreDatabaseChecked, object>({
  properties: given.shape,
  rules: [
    {
      needs: ["characterSet", "collation"],
      broken: ({ characterSet, collation }) =>
        collation.toLowerCase().startsWith(characterSet.toLowerCase()) || /^(binary|uca1400)/i.test(collation)
          ? []
          : [{ property: "collation", reason: `"${collation}" does not belong to the character set ${characterSet}` }],
    },
  ],
  derived: { needs: [], properties: derived.shape, from: () => ({ state: PRESENT }) },
  id: ({ node, name }) => `${node.address}:${node.port}/${name}`,
  on: ({ node }) => [node],

  create: (wanted) => bringUp(wanted, true),
  update: (_last, wanted) => bringUp(wanted, false),

  async observe(last) {
    await using server = await openServer(last.node);
    const found = await defaults(server, last.name);
    if (!found) return { inputs: { state: "missing" }, computed: {} };
    return { inputs: { ...found, state: await stateOfTables(server, last) }, computed: {} };
  },

  inTrouble(trouble) {
    if (trouble instanceof ConnectionError) return trouble.isNew ? { state: "missing" } : {};
    return { state: trouble.problem };
  },

  async remove({ node, name }) {
    progress(
      `${nameOf(node)}: the database ${name} is left as it is, because it holds sessions; drop it by hand when they are no longer needed`,
    );
  },
});

async function bringUp(wanted: SessionStoreDatabaseChecked, isNew: boolean): Promise<object> {
  await inTurn(await concernedServers(wanted, isNew), async () => {
    await using server = await openServer(wanted.node);
    await lockServers([server]);
    await makeDatabase(server, wanted);
    await copyWhatIsLacking(server, wanted);
  });
  return {};
}

async function concernedServers({ node, peer }: SessionStoreDatabaseChecked, isNew: boolean) {
  await using server = await openServer(node);
  return await concerned(server, peer, isNew);
}

/** Makes the database and gives it its defaults; unlogged, because each node has its own. */
async function makeDatabase(
  server: Server,
  { name, characterSet, collation }: SessionStoreDatabaseChecked,
): Promise<void> {
  const found = await defaults(server, name);
  const value = `CHARACTER SET = ${characterSet} COLLATE = ${collation}`;
  if (!found) await server.query(`CREATE DATABASE IF NOT EXISTS ?? ${value}`, [name]);
  else if (found.characterSet !== characterSet || found.collation !== collation) {
    progress(
      `${server.name}: ${name} has ${found.characterSet}, ${found.collation}; becomes ${characterSet}, ${collation}`,
    );
    await server.query(`ALTER DATABASE ?? ${value}`, [name]);
  }
}

async function copyWhatIsLacking(server: Server, { peer, name }: SessionStoreDatabaseChecked): Promise<void> {
  if (!peer || !(await replicaStatus(server))) return;
  await using other = await openIfThere(peer);
  const lacks = other && (await isLacking(server, other, name));
  if (lacks === undefined)
    return progress(
      `${server.name}: whether tables are missing in ${name} can't be told, ${nameOf(peer)} does not answer`,
    );
  if (!other || !lacks) return;
  const lacking = await lackingTables(server, other, name);
  if (lacking.length > 0) await copyTables(other, server, name, lacking);
  else await discardCopy(server);
}

/** Undefined: the other server got into trouble when it was asked. */
async function isLacking(server: Server, other: Server, name: string): Promise<boolean | undefined> {
  try {
    return (await lackingTables(server, other, name)).length > 0 || (await hasUnfinishedCopy(server));
  } catch (error) {
    if (isTroubleOf(other.connection, error)) return undefined;
    throw error;
  }
}

async function stateOfTables(server: Server, last: SessionStoreDatabaseChecked): Promise<DatabaseState> {
  if (last.peer && (await hasUnfinishedCopy(server))) return "a copy of tables is unfinished";
  const lacking = await lackingForLong(server, last);
  return lacking.length === 0 ? PRESENT : `lacks tables: ${lacking.join(", ")}`;
}

/** Tables that this node should have from its peer. One that was just made there is on its way, and does not count as drift. */
async function lackingForLong(server: Server, { peer, name }: SessionStoreDatabaseChecked): Promise<string[]> {
  if (!peer || !(await replicaStatus(server))) return [];
  const patience = Date.now() + 1000;
  const lacking = await askIfThere(peer, (other) =>
    until({ what: `tables of ${name} on ${server.name}`, deadline: 10_000 }, async () => {
      const lacking = await lackingTables(server, other, name);
      const answer: Look<string[]> =
        lacking.length === 0 || Date.now() > patience ? { done: lacking } : { seen: lacking.join(", ") };
      return answer;
    }),
  );
  return lacking ?? [];
}

async function defaults(
  server: Server,
  name: string,
): Promise<{ characterSet: string; collation: string } | undefined> {
  const row = await server.row(
    "SELECT DEFAULT_CHARACTER_SET_NAME AS cs, DEFAULT_COLLATION_NAME AS co FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?",
    [name],
  );
  return row && { characterSet: String(row["cs"]), collation: String(row["co"]) };
}
