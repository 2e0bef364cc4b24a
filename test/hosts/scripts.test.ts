import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { ContainerHost } from "../support/hosts/containerHost";
import { OLDEST_AND_NEWEST } from "../support/hosts/dockerEngine";
import { TestNetwork } from "../support/hosts/testNetwork";
import { expectAgreement, ORACLE_TIMEOUT } from "../support/oracle";
import { sceneFor, scriptComparison } from "../support/scriptOracle";

/** What `contract/oracle.script` holds, with the clients and servers of other versions of MariaDB. */

jest.setTimeout(ORACLE_TIMEOUT);

it.each(OLDEST_AND_NEWEST)("Debian's %s: the client of MariaDB %s cuts a script as we do", async (suite, version) => {
  const folder = await mkdtemp(path.join(tmpdir(), "session-store-scripts-"));
  try {
    await chmod(folder, 0o777);
    await using network = await TestNetwork.create();
    await using machine = await ContainerHost.start(network, { suite, binds: [`${folder}:${folder}`] });
    for (const statement of sceneFor(folder)) await machine.sql(statement);
    const sh = (line: string) => machine.sh(`cd ${folder}; ${line}`);
    await machine.sh(`chmod 644 ${folder}/general.log`);
    const comparison = scriptComparison(() => ({ folder, client: "mariadb", sh }));
    // This client does not know sandbox, which is \\-, yet, with which newer dumps begin.
    const cases = version === "10.5" ? comparison.cases.filter((text) => !/\\-|sandbox/i.test(text)) : comparison.cases;
    await expectAgreement({ ...comparison, cases, inTest: 100 });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
