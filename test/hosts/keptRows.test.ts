import { replicaStatus } from "../../provider/src/mariadb/replication";
import { PROBE_COMMENT } from "../../provider/src/recipe/probe";
import { REPLICA_COLUMNS, SOURCE_COLUMNS, unknownColumns } from "../../provider/src/recipe/replicationColumns";
import { failureOf } from "../support/engine/faults";
import { OTHER_VERSIONS } from "../support/hosts/dockerEngine";
import { HostPair } from "../support/hosts/hostPair";
import { expectSessionsBothWays, TABLE } from "../support/hosts/sessionsBothWays";

/** What keeps rows back, on each version of MariaDB and on machines whose option files are the operator's. */

jest.setTimeout(180_000);

const FILE = "/etc/mysql/mariadb.conf.d/60-by-hand.cnf";

describe.each(OTHER_VERSIONS)("on Debian's %s with MariaDB %s", (suite) => {
  let pair: HostPair;

  beforeAll(async () => {
    pair = await HostPair.planned({ suite });
    await pair.up();
    await pair.host(1).sql(`CREATE TABLE ${TABLE} (id VARCHAR(20) PRIMARY KEY)`);
    await pair.catchUp();
  });
  afterAll(() => pair?.[Symbol.asyncDispose]());

  const expectRowsBothWays = async (id: string) => {
    await expectSessionsBothWays(pair, id);
    for (const host of pair.hosts) {
      const probes = `SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_COMMENT='${PROBE_COMMENT}'`;
      expect(await host.sql(probes)).toBe("0");
    }
  };

  it("each column of this version is in the table, and a link that was just made has no other option", async () => {
    const root = await pair.root(1);
    const [replica] = await root.query("SHOW ALL SLAVES STATUS");
    const [source] = await root.query("SHOW MASTER STATUS");
    expect(unknownColumns(Object.keys(replica ?? {}), REPLICA_COLUMNS)).toEqual([]);
    expect(unknownColumns(Object.keys(source ?? {}), SOURCE_COLUMNS)).toEqual([]);
    expect((await replicaStatus(root))?.otherOptions).toEqual([]);
    expect(new Set(Object.values(pair.kept.get("sessions-db1-from-db2")?.outs["proved"] as object))).toEqual(
      new Set(["a row arrived"]),
    );
  });

  it("filters and options set by hand are shown, and go in one up", async () => {
    await pair.host(1).sql("STOP SLAVE; SET GLOBAL replicate_do_db='app'; START SLAVE");
    await pair
      .host(2)
      .sql("STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=3600, IGNORE_SERVER_IDS=(7), IGNORE_DOMAIN_IDS=(9); START SLAVE");
    expect(await pair.drift()).toEqual({ "sessions-db1": ["settings"], "sessions-db2-from-db1": ["otherOptions"] });
    expect(pair.kept.get("sessions-db2-from-db1")?.outs["otherOptions"]).toEqual([
      "IGNORE_SERVER_IDS=(7)",
      "IGNORE_DOMAIN_IDS=(9)",
      "MASTER_DELAY=3600",
    ]);
    expect((await pair.up()).sort()).toEqual(["sessions-db1", "sessions-db2-from-db1"]);
    expect(await pair.drift()).toEqual({});
    await expectRowsBothWays("by-hand");
  });

  it("a filter in a file of the operator is refused with its line; once that is gone, one up takes it off the server", async () => {
    const host = pair.host(1);
    await host.exec(["tee", FILE], { input: "[mariadbd]\nbinlog-do-db=app\nreplicate-rewrite-db=a->b\n" });
    await host.sh("service mariadb restart");
    const { message } = await failureOf(pair.up());
    expect(message).toContain(`${FILE}:2 binlog_do_db=app; ${FILE}:3 replicate_rewrite_db=a->b. Nothing was changed.`);
    await host.sh(`rm ${FILE}`);
    expect((await pair.drift())["sessions-db1"]).toEqual(["settings"]);
    await pair.up();
    expect(await pair.drift()).toEqual({});
    expect(await host.sql("SHOW MASTER STATUS")).not.toContain("app");
    await expectRowsBothWays("from-file");
  });

  it("a wrong password of the replica is repaired", async () => {
    await pair.host(1).sql("STOP SLAVE; CHANGE MASTER TO MASTER_PASSWORD='x'; START SLAVE");
    const root = await pair.root(1);
    await root.query("STOP SLAVE IO_THREAD");
    await root.query("START SLAVE IO_THREAD");
    expect(await pair.up()).toEqual(["sessions-db1-from-db2"]);
    await expectRowsBothWays("password");
  });
});
