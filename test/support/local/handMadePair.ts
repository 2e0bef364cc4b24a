import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { createConnection, type RowDataPacket, type Connection as Session } from "mysql2/promise";
import { initialise, remove } from "../../../provider/src/hosts/local/data";
import { localUser, paths } from "../../../provider/src/hosts/local/files";
import { start, stop } from "../../../provider/src/hosts/local/server";
import { until } from "../../../provider/src/waiting";
import { DATABASE_AND_ACCOUNTS, optionFile, START_REPLICATION, setMaster } from "../recipeText";
import { freePorts } from "./ports";

/** One server of a pair that was set up by hand, as the vendor's page says and without a line of our own operations. */
export interface HandMadeNode {
  readonly name: "db1" | "db2";
  readonly directory: string;
  readonly port: number;
  readonly socket: string;
  /** A session as root through the socket. The pair's end closes it. */
  readonly session: Session;
  rows(statement: string): Promise<RowDataPacket[]>;
}

/** Its end stops both servers and removes their data. */
export interface HandMadePair extends AsyncDisposable {
  readonly folder: string;
  readonly nodes: readonly [HandMadeNode, HandMadeNode];
}

export interface Place {
  readonly folder: string;
  readonly ports: readonly [number, number];
}

/** A place for a pair alone. */
const ownPlace = async (): Promise<Place> => ({
  folder: await fs.mkdtemp(path.join(tmpdir(), "session-store-by-hand-")),
  ports: await freePorts(),
});

/** Lines that the operator has after the page's own, of the node in this directory. */
type FurtherLines = (directory: string) => readonly string[];

/** Sets up the pair in the page's order: accounts, then files with a restart, then links. In another order it stalls for 10 s. */
export async function handMadePair(given?: Place, more: FurtherLines = () => []): Promise<HandMadePair> {
  const { folder, ports } = given ?? (await ownPlace());
  const directories = [path.join(folder, "db1"), path.join(folder, "db2")] as const;
  const sessions: Session[] = [];
  const stopAll = async () => {
    for (const session of sessions) session.destroy();
    await Promise.all(directories.map((directory) => remove(directory)));
    if (!given) await fs.rm(folder, { recursive: true, force: true });
  };
  try {
    const prepared = await Promise.allSettled([
      prepare({ directory: directories[0], port: ports[0] }, 1, more(directories[0])),
      prepare({ directory: directories[1], port: ports[1] }, 2, more(directories[1])),
    ]);
    // Both have come to rest: none is removed while the other still starts.
    for (const attempt of prepared) if (attempt.status === "rejected") throw attempt.reason;
    const nodes = (await Promise.all([
      open("db1", directories[0], ports[0]),
      open("db2", directories[1], ports[1]),
    ])) as [HandMadeNode, HandMadeNode];
    sessions.push(...nodes.map(({ session }) => session));
    await link(nodes);
    return { folder, nodes, [Symbol.asyncDispose]: stopAll };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

async function prepare(
  place: { directory: string; port: number },
  node: 1 | 2,
  more: readonly string[],
): Promise<void> {
  const { directory } = place;
  await initialise(place);
  await start(directory);
  const session = await openSession(paths(directory).socket);
  for (const statement of statementsOf(DATABASE_AND_ACCOUNTS)) await session.query(statement);
  session.destroy();
  const text = `${optionFile(node)}\n${more.join("\n")}\n`;
  await fs.writeFile(path.join(paths(directory).includeFolder, "50-recipe.cnf"), text, { mode: 0o600 });
  await stop(directory);
  await start(directory);
}

async function link(nodes: readonly [HandMadeNode, HandMadeNode]): Promise<void> {
  for (const [i, node] of nodes.entries()) {
    // Two servers on one machine: the only words that can't be the page's own are address and port.
    const port = nodes[1 - i]?.port;
    const statement = setMaster("127.0.0.1").replace("MASTER_PORT=3306", `MASTER_PORT=${port}`);
    await node.session.query(statement);
  }
  for (const node of nodes) await node.session.query(START_REPLICATION);
  for (const node of nodes) {
    await until({ what: `${node.name} to replicate`, deadline: 30_000 }, async () => {
      const [status] = await node.rows("SHOW SLAVE STATUS");
      const [clients] = await node.rows("SHOW STATUS LIKE 'Rpl_semi_sync_master_clients'");
      const seen = `${status?.["Slave_IO_Running"]}/${status?.["Slave_SQL_Running"]}/${clients?.["Value"]}`;
      return seen === "Yes/Yes/1" ? { done: undefined } : { seen };
    });
  }
}

async function open(name: HandMadeNode["name"], directory: string, port: number): Promise<HandMadeNode> {
  const { socket } = paths(directory);
  const session = await openSession(socket);
  return {
    name,
    directory,
    port,
    socket,
    session,
    rows: async (statement) => (await session.query<RowDataPacket[]>(statement))[0],
  };
}

const openSession = (socketPath: string): Promise<Session> =>
  createConnection({ socketPath, user: localUser(), supportBigNumbers: true, bigNumberStrings: true });

const statementsOf = (text: string): string[] =>
  text
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
