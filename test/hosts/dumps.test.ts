import { CONFIG_DIRECTORY } from "../../stacks/mariadbContainer";
import { testDumps } from "../support/dumps";
import { OTHER_VERSIONS } from "../support/hosts/dockerEngine";
import { ServerContainer } from "../support/hosts/serverContainer";
import { TestNetwork } from "../support/hosts/testNetwork";

/** What `contract/dumps` holds, on other versions of MariaDB: a sample of it, all of it in `npm run test:versions`. */

const EVERY = process.env["EVERY_MARIADB"] ? 1 : 8;

it.each(OTHER_VERSIONS)(
  "a dump by Debian's %s, of MariaDB %s, can be made fit as the messages say",
  async (suite, version) => {
    await using network = await TestNetwork.create();
    await using machine = await ServerContainer.start(network, { suite });
    await machine.healthy();
    // --master-data asks for a binary log.
    await machine.sh(`printf '[mariadbd]\\nlog_bin\\nserver_id=1\\n' > ${CONFIG_DIRECTORY}/90-test.cnf`);
    await machine.container.restart();
    await machine.healthy();
    await testDumps((line, input = "") => machine.exec(["sh", "-ec", line], { input }), {
      every: EVERY,
      unknown: version === "10.5" ? ["--dump-history", "--default-character-set=utf8mb3"] : [],
    });
  },
  300_000,
);
