import { SHORT_WAITS } from "../support/engine/declaredPair";
import { failureOf } from "../support/engine/faults";
import { MARIADB, OTHER_VERSIONS, type Suite } from "../support/hosts/dockerEngine";
import { HostPair } from "../support/hosts/hostPair";
import type { Machine } from "../support/hosts/machine";
import { fillSessions } from "../support/manySessions";

/** A node that lost the end of its binary log is told from one that was merely killed by what its log and the peer's relay log say, whatever MariaDB wrote them. */

jest.setTimeout(180_000);

const LOST = 300;
const STOP = "service mariadb stop >/dev/null 2>&1 </dev/null";
const START = "service mariadb start >/dev/null 2>&1 </dev/null";

/** Each in a transaction of its own. */
const write = (machine: Machine, label: string, count: number) =>
  machine.sql(
    Array.from(
      { length: count },
      (_, number) => `INSERT INTO replicated_session_store.session VALUES ('${label}-${number}', '')`,
    ).join(";\n"),
  );
const COUNT = "SELECT COUNT(*) FROM replicated_session_store.session";

const MORE: Readonly<Record<Suite, number>> = { bullseye: 1000, bookworm: 0, trixie: 1 };

it.each(OTHER_VERSIONS.map(([suite]) => [suite, MORE[suite]] as const))(
  "on %s a killed node is as it was, and one that went back and wrote as much and %i more is called so",
  async (suite, more) => {
    await using pair = await HostPair.planned({ suite }, [{ user: "deploy" }, { user: "deploy" }]);
    const [one, two] = pair.hosts;
    await pair.up(SHORT_WAITS);
    expect(await two.sql("SELECT VERSION()")).toContain(MARIADB[suite]);
    await fillSessions(await pair.root(1), 1000);
    await pair.catchUp();

    await write(two, "kept", LOST);
    await two.kill();
    await two.boot();
    await pair.up(SHORT_WAITS);
    expect(await pair.drift(SHORT_WAITS)).toEqual({});

    await two.sh(`${STOP}; cp -a /var/lib/mysql /var/lib/earlier; ${START}`);
    await pair.up(SHORT_WAITS);
    await write(two, "lost", LOST);
    await pair.catchUp();
    await two.sh(`${STOP}; rm -rf /var/lib/mysql; mv /var/lib/earlier /var/lib/mysql; ${START}`);
    await two.sql("SET GLOBAL rpl_semi_sync_master_enabled = OFF");
    const position = (machine: Machine, domain: string) =>
      machine.sql(domain).then((text) => Number(/\b2-2-(\d+)/.exec(text)?.[1] ?? 0));
    const had = await position(one, "SELECT @@GLOBAL.gtid_slave_pos");
    await write(two, "later", had + more - (await position(two, "SELECT @@GLOBAL.gtid_binlog_pos")));
    await two.sql("SET GLOBAL rpl_semi_sync_master_enabled = ON");
    // db1's link may connect at any moment, and bring what db2 has written since.
    const rows = () => Promise.all([one.sql(`${COUNT} WHERE id NOT LIKE 'later-%'`), two.sql(COUNT)]);
    const before = await rows();

    expect((await pair.drift(SHORT_WAITS))["sessions-db2"]).toContain("state");
    expect(pair.kept.get("sessions-db2")?.outs["state"]).toBe("went back in time");
    const { message } = await failureOf(pair.up(SHORT_WAITS));
    expect(message).toMatch(
      /db2 (went back in time .*it )?lacks 300 rows of replicated_session_store\.session.*Nothing was touched/s,
    );
    expect(message).not.toContain("move its data directory away");
    expect(await rows()).toEqual(before);
  },
);
