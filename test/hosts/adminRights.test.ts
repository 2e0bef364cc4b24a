import { testEachPrivilege } from "../support/adminNeeds";
import { NEWEST } from "../support/hosts/dockerEngine";
import { useServerOf } from "../support/hosts/versionedServer";

/** What `contract/adminRights` holds, on other versions of MariaDB. */

describe.each(NEWEST)("on Debian's %s with MariaDB %s", (suite, version) => {
  testEachPrivilege(useServerOf(suite), version === "11.8" ? [] : ["SHOW CREATE ROUTINE"]);
});
