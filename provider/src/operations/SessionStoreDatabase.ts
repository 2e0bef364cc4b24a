import type { SessionStoreDatabaseDerived, SessionStoreDatabaseInputs } from "../inputs";
import { nameOf } from "../mariadb/connection";
import { ConnectionError } from "../mariadb/connectionError";
import { askIfThere, openServer } from "../mariadb/open";
import { replicaStatus } from "../mariadb/replication";
import type { Server } from "../mariadb/server";
import { copyTables, discardCopy, hasUnfinishedCopy } from "../pair/copy";
import { lackingTables } from "../pair/lackingTables";
import { lockServers, onePerPair } from "../pair/lock";
import { progress } from "../run";
import { type Look, until } from "../waiting";
import { define } from "./define";
import { derived, given } from "./inputs/SessionStoreDatabase";

/** What is wanted of a database, as previews show it. */
export interface SessionStoreDatabaseChecked extends SessionStoreDatabaseInputs, SessionStoreDatabaseDerived {}

const PRESENT = "present";
const UNFINISHED_COPY = "a copy of tables is unfinished";

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

  create: bringUp,
  update: (_last, wanted) => bringUp(wanted),

  async observe(last) {
    await using server = await openServer(last.node);
    const found = await defaults(server, last.name);
    if (!found) return { inputs: { state: "missing" }, computed: {} };
    if (last.peer && (await hasUnfinishedCopy(server)))
      return { inputs: { ...found, state: UNFINISHED_COPY }, computed: {} };
    const lacking = await lackingForLong(server, last);
    const state = lacking.length === 0 ? PRESENT : `lacks tables: ${lacking.join(", ")}`;
    return { inputs: { ...found, state }, computed: {} };
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

/** Makes the database and gives it its defaults; unlogged, because each node has its own. */
async function bringUp(wanted: SessionStoreDatabaseChecked): Promise<object> {
  const { name, characterSet, collation } = wanted;
  await using server = await openServer(wanted.node);
  const found = await defaults(server, name);
  const value = `CHARACTER SET = ${characterSet} COLLATE = ${collation}`;
  if (!found) await server.query(`CREATE DATABASE IF NOT EXISTS ?? ${value}`, [name]);
  else if (found.characterSet !== characterSet || found.collation !== collation) {
    progress(
      `${server.name}: ${name} has ${found.characterSet}, ${found.collation}; becomes ${characterSet}, ${collation}`,
    );
    await server.query(`ALTER DATABASE ?? ${value}`, [name]);
  }
  await copyWhatIsLacking(server, wanted);
  return {};
}

async function copyWhatIsLacking(server: Server, { peer, name }: SessionStoreDatabaseChecked): Promise<void> {
  if (!peer || !(await replicaStatus(server))) return;
  const lacks = await askIfThere(
    peer,
    async (other) => (await lackingTables(server, other, name)).length > 0 || (await hasUnfinishedCopy(server)),
  );
  if (lacks === undefined)
    return progress(
      `${server.name}: whether tables are missing in ${name} can't be told, ${nameOf(peer)} does not answer`,
    );
  if (!lacks) return;
  await onePerPair([server.connection, peer], async () => {
    await using other = await openServer(peer);
    await lockServers([server]);
    // Another run may have copied them while this one waited.
    const lacking = await lackingTables(server, other, name);
    if (lacking.length > 0) await copyTables(other, server, name, lacking);
    else await discardCopy(server);
  });
}

/** Tables that this node should have from its peer. One that was just made there is on its way, and no drift. */
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
