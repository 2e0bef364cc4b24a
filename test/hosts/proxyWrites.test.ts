import { failureOf } from "../support/engine/faults";
import { OTHER_VERSIONS } from "../support/hosts/dockerEngine";
import { HostPair } from "../support/hosts/hostPair";

/** What keeps proxies from writing, on each version of MariaDB and on machines whose option files are the operator's. */

jest.setTimeout(180_000);

const FILE = "/etc/mysql/mariadb.conf.d/60-by-hand.cnf";

describe.each(OTHER_VERSIONS)("on Debian's %s with MariaDB %s", (suite) => {
  let pair: HostPair;
  const shown = () => pair.kept.get("sessions-db1-users")?.outs["proxyWrites"];

  beforeAll(async () => {
    pair = await HostPair.planned({ suite });
    await pair.up();
  });
  afterAll(() => pair?.[Symbol.asyncDispose]());

  it.each([
    ["read_only", "refused, error 1290: read_only is on"],
    ["tx_read_only", "refused, error 1792: transactions are read-only"],
  ])("%s set by hand is shown by the node and by the accounts, and goes in one up", async (variable, word) => {
    // Seen without a table, and with one.
    for (const table of ["", "CREATE TABLE IF NOT EXISTS replicated_session_store.a_session (id INT PRIMARY KEY); "]) {
      await pair.host(1).sql(`${table}SET GLOBAL ${variable} = 1`);
      expect(await pair.drift()).toEqual({ "sessions-db1": ["settings"], "sessions-db1-users": ["proxyWrites"] });
      expect(shown()).toBe(word);
      expect((await pair.up()).sort()).toEqual(["sessions-db1", "sessions-db1-users"]);
      expect(await pair.drift()).toEqual({});
    }
  });

  it("sql_safe_updates set by hand is shown by the node, and goes in one up", async () => {
    await pair.host(1).sql("SET GLOBAL sql_safe_updates = 1");
    expect(await pair.drift()).toEqual({ "sessions-db1": ["settings"] });
    expect(await pair.up()).toEqual(["sessions-db1"]);
    expect(await pair.drift()).toEqual({});
  });

  it("an init_connect that fails is named", async () => {
    await pair.host(1).sql("SET GLOBAL init_connect = 'SELECT nothing'");
    expect(await pair.drift()).toEqual({ "sessions-db1-users": ["proxyWrites"] });
    expect(shown()).toBe("refused, error 1184: init_connect fails");
    await pair.host(1).sql("SET GLOBAL init_connect = ''");
    expect(await pair.drift()).toEqual({});
  });

  it("a line in a file of the operator is refused with its place; once that is gone, one up switches it off", async () => {
    const host = pair.host(1);
    await host.exec(["tee", FILE], { input: "[mariadbd]\nread-only\ntransaction-read-only=1\nskip-networking=0\n" });
    await host.sh("service mariadb restart");
    const { message } = await failureOf(pair.up());
    expect(message).toContain(`${FILE}:2 read_only; ${FILE}:3 transaction_read_only=1. Nothing was changed.`);
    await host.sh(`rm ${FILE}`);
    expect(await pair.drift()).toMatchObject({ "sessions-db1": ["settings"], "sessions-db1-users": ["proxyWrites"] });
    await pair.up();
    expect(await pair.drift()).toEqual({});
    expect(await host.sql("SELECT @@read_only, @@tx_read_only")).toBe("0\t0");
  });
});
