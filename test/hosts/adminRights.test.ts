import type { Connection } from "../../provider/src/inputs";
import { openAsAdmin } from "../../provider/src/mariadb/admin";
import { openAsSuperuser } from "../../provider/src/mariadb/open";
import type { Server } from "../../provider/src/mariadb/server";
import { testEachPrivilege } from "../support/adminNeeds";
import { NEWEST } from "../support/hosts/dockerEngine";
import { ServerContainer } from "../support/hosts/serverContainer";
import { TestNetwork } from "../support/hosts/testNetwork";

/** What `contract/adminRights` holds, on other versions of MariaDB. */

describe.each(NEWEST)("on Debian's %s with MariaDB %s", (suite, version) => {
  let network: TestNetwork;
  let machine: ServerContainer;
  let server: { connection: Connection; root: Server };

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

  testEachPrivilege(() => server, version === "11.8" ? [] : ["SHOW CREATE ROUTINE"]);
});
