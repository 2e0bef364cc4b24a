import type { Connection } from "../../provider/src/inputs";
import { openAsSuperuser } from "../../provider/src/mariadb/open";
import type { Server } from "../../provider/src/mariadb/server";
import { testGrants } from "../support/grantsOracle";
import { NEWEST } from "../support/hosts/dockerEngine";
import { ServerContainer } from "../support/hosts/serverContainer";
import { TestNetwork } from "../support/hosts/testNetwork";

/** What `contract/oracle.grants` holds, on other versions of MariaDB. */

describe.each(NEWEST)("on Debian's %s with MariaDB %s", (suite) => {
  let network: TestNetwork;
  let machine: ServerContainer;
  let root: Server;

  beforeAll(async () => {
    network = await TestNetwork.create();
    machine = await ServerContainer.start(network, { suite });
    await machine.healthy();
    const { name, inputs, address } = machine;
    const admin = { user: "session_store_admin", password: "the admin's password" };
    const connection: Connection = { name, host: inputs, address, port: 3306, admin };
    root = await openAsSuperuser(connection);
  }, 120_000);
  afterAll(async () => {
    await root?.[Symbol.asyncDispose]();
    await machine?.[Symbol.asyncDispose]();
    await network?.[Symbol.asyncDispose]();
  });

  testGrants(() => root, 100);
});
