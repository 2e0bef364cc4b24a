import type { Connection } from "../../../provider/src/inputs";
import { openAsAdmin } from "../../../provider/src/mariadb/admin";
import { openAsSuperuser } from "../../../provider/src/mariadb/open";
import type { Server } from "../../../provider/src/mariadb/server";
import type { Suite } from "./dockerEngine";
import { ServerContainer } from "./serverContainer";
import { TestNetwork } from "./testNetwork";

interface VersionedServer {
  readonly connection: Connection;
  readonly root: Server;
}

/** A server of this suite's version in a container, with the admin account, for the tests of one `describe`. */
export function useServerOf(suite: Suite): () => VersionedServer {
  let network: TestNetwork;
  let machine: ServerContainer;
  let server: VersionedServer;

  beforeAll(async () => {
    network = await TestNetwork.create();
    machine = await ServerContainer.start(network, { suite });
    await machine.healthy();
    const { name, inputs, address } = machine;
    const admin = { user: "session_store_admin", password: "the admin's password" };
    const connection = { name, host: inputs, address, port: 3306, admin };
    await (await openAsAdmin(connection))[Symbol.asyncDispose]();
    server = { connection, root: await openAsSuperuser(connection) };
  }, 120_000);
  afterAll(async () => {
    await server?.root[Symbol.asyncDispose]();
    await machine?.[Symbol.asyncDispose]();
    await network?.[Symbol.asyncDispose]();
  });
  return () => server;
}
