import type { Connection, SessionStoreDatabaseDerived, SessionStoreDatabaseInputs } from "../inputs";
import { nameOf } from "../mariadb/connection";
import { ConnectionError } from "../mariadb/connectionError";
import { askIfThere, isTroubleOf, openerOf, openIfThere, openServer, openViewer } from "../mariadb/open";
import { replicaStatus } from "../mariadb/replication";
import type { Server } from "../mariadb/server";
import { replicatedPatterns, tablesOfEngines, unfitDefaults } from "../mariadb/tables";
import { copyTables, discardCopy, hasUnfinishedCopy } from "../pair/copy";
import { lackingTables } from "../pair/lackingTables";
import { inTurn, lockServers, NotYet } from "../pair/lock";
import { concerned, isLinkedByOwnWord } from "../pair/look";
import { encodingProblem } from "../recipe/characterSets";
import { describeUnfit, UNFIT_ENGINES } from "../recipe/schema/engines";
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
      broken({ characterSet, collation }) {
        const problem = encodingProblem(characterSet, collation);
        return problem ? [problem] : [];
      },
    },
  ],
  derived: { needs: [], properties: derived.shape, from: () => ({ state: PRESENT }) },
  id: ({ node, name }) => `${node.address}:${node.port}/${name}`,
  on: ({ node }) => [node],

  create: (wanted) => bringUp(wanted, true),
  update: (_last, wanted) => bringUp(wanted, false),

  async observe(last) {
    await using server = await openViewer(last.node);
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
      `${nameOf(node)}: the database ${name} is left as it is, because it holds sessions; where no program declares it any more, drop it by hand when they are no longer needed`,
    );
  },
});

async function bringUp(wanted: SessionStoreDatabaseChecked, isNew: boolean): Promise<object> {
  await inTurn(await concernedServers(wanted, isNew), async () => {
    await using server = await openServer(wanted.node);
    await using other = isNew ? await openLinkedPeer(server, wanted.peer) : undefined;
    await lockServers(other ? [server, other] : [server]);
    await makeDatabase(server, wanted);
    // What is written into a database that the peer does not have stops its replication (1049).
    if (other && !(await defaults(other, wanted.name))) await makeDatabase(other, wanted);
    await copyWhatIsLacking(server, wanted);
    if (other) await refuseUnlessReplicated(server, other, wanted.name);
    await refuseUnfit(server, wanted.name);
  });
  return {};
}

/** Undefined: it can't be reached, or the two are not linked yet; then nothing goes from here to there. */
const openLinkedPeer = async (server: Server, peer: Connection | undefined): Promise<Server | undefined> =>
  peer && (await isLinkedByOwnWord(server)) ? openIfThere(peer) : undefined;

/** What the peer's filter does not name is lost on it. The accounts that may write into the database are made after this. */
async function refuseUnlessReplicated(server: Server, peer: Server, name: string): Promise<void> {
  const [own, others] = [await replicatedPatterns(server), await replicatedPatterns(peer)];
  // Without a filter everything is taken.
  const missing = others.length === 0 ? [] : own.filter((pattern) => !others.includes(pattern));
  if (missing.length === 0) return;
  throw new NotYet(
    `${peer.name} to take ${name} from ${server.name}`,
    `${peer.name} does not replicate ${missing.join(", ")} yet (replicate_wild_do_table), so sessions in ${name} would not reach it. Nobody was let into ${name} ` +
      `on ${server.name}. Run \`pulumi up\` for both nodes`,
  );
}

/** After all else is done: a table that loses its rows keeps nothing else from being repaired. */
async function refuseUnfit(server: Server, name: string): Promise<void> {
  const { tables, defaults } = await unfit(server, name);
  if (tables.length > 0) throw new Error(`${server.name}: ${describeUnfit(tables)}.`);
  if (defaults.length === 0) return;
  throw new Error(
    `${server.name} has ${defaults.join(", ")}: a new table that names no engine would not keep its rows. ` +
      "SET GLOBAL it to InnoDB, and take the line out of the option file that says so, or give it in the node's settings.",
  );
}

async function unfit(server: Server, database: string) {
  const [tables, defaults] = [await tablesOfEngines(server, UNFIT_ENGINES, { database }), await unfitDefaults(server)];
  return { tables, defaults };
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
      `${server.name}: whether tables are missing in ${name} can't be told, ${nameOf(peer)} can't be asked`,
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
  if (lacking.length > 0) return `lacks tables: ${lacking.join(", ")}`;
  const { tables, defaults } = await unfit(server, last.name);
  const names = [...tables.map(({ table, engine }) => `${table} (ENGINE=${engine})`), ...defaults];
  return names.length === 0 ? PRESENT : `rows are not kept: ${names.join(", ")}`;
}

/** Tables that this node should have from its peer. One that was just made there is on its way, and does not count as drift. */
async function lackingForLong(server: Server, { peer, name }: SessionStoreDatabaseChecked): Promise<string[]> {
  if (!peer || !(await replicaStatus(server))) return [];
  const patience = Date.now() + 1000;
  const look = (other: Server) =>
    until({ what: `tables of ${name} on ${server.name}`, deadline: 10_000 }, async () => {
      const lacking = await lackingTables(server, other, name);
      const answer: Look<string[]> =
        lacking.length === 0 || Date.now() > patience ? { done: lacking } : { seen: lacking.join(", ") };
      return answer;
    });
  const lacking = await askIfThere(peer, look, openerOf(server));
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
