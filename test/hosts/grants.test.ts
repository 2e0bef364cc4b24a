import { testGrants } from "../support/grantsOracle";
import { NEWEST } from "../support/hosts/dockerEngine";
import { useServerOf } from "../support/hosts/versionedServer";

/** What `contract/oracle.grants` holds, on other versions of MariaDB. */

describe.each(NEWEST)("on Debian's %s with MariaDB %s", (suite) => {
  const server = useServerOf(suite);
  testGrants(() => server().root, 100);
});
