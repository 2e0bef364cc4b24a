import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { initialise, remove } from "../../../provider/src/hosts/local/data";
import { paths } from "../../../provider/src/hosts/local/files";
import { start, stop } from "../../../provider/src/hosts/local/server";
import type { Connection } from "../../../provider/src/inputs";
import { openAsAdmin } from "../../../provider/src/mariadb/admin";
import { openAsSuperuser } from "../../../provider/src/mariadb/open";
import type { Server } from "../../../provider/src/mariadb/server";
import { freePort } from "./ports";
import { localConnection, login } from "./reach";

/** A private MariaDB server for one test file. */
export interface TestServer extends AsyncDisposable {
  /** As resources take it: through the socket, as the admin account. */
  readonly connection: Connection;
  /** A session of MariaDB's own root: the hand that breaks things. What it does is not in the binary log. */
  readonly root: Server;
  /** A file of somebody else's, which the next start reads. */
  writeOptions(text: string): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Logs in over TCP, as a proxy does. Returns "in", or the error's number. */
  login(user: string, password: string): Promise<string>;
}

export interface TestServerOptions {
  /** How messages name it. @default "db1" */
  readonly name?: string;
  /** Lines for an option file of its own. @default none */
  readonly settings?: readonly string[];
}

export async function testServer({ name = "db1", settings = [] }: TestServerOptions = {}): Promise<TestServer> {
  const folder = await mkdtemp(path.join(tmpdir(), "session-store-"));
  const directory = path.join(folder, name);
  const port = await freePort();
  const connection = localConnection(name, directory, port, "the admin's password");
  await initialise({ directory, port });
  await writeFile(path.join(paths(directory).includeFolder, "10-test.cnf"), ["[mariadbd]", ...settings, ""].join("\n"));
  await start(directory);
  let root = await openAsSuperuser(connection);
  await (await openAsAdmin(connection))[Symbol.asyncDispose]();
  return {
    connection,
    get root() {
      return root;
    },
    writeOptions: (text) => writeFile(path.join(paths(directory).includeFolder, "20-test.cnf"), text),
    stop: () => stop(directory),
    async start() {
      await start(directory);
      root = await openAsSuperuser(connection);
    },
    login: (user, password) => login(port, user, password),
    async [Symbol.asyncDispose]() {
      await root[Symbol.asyncDispose]();
      await remove(directory);
      await rm(folder, { recursive: true });
    },
  };
}
