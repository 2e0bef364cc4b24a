import { sleep, until } from "../../provider/src/waiting";
import { PASSWORDS, SHORT_WAITS } from "../support/engine/declaredPair";
import { failureOf } from "../support/engine/faults";
import { OTHER_VERSIONS } from "../support/hosts/dockerEngine";
import { HostPair } from "../support/hosts/hostPair";
import { takeServerOff } from "../support/hosts/localRepository";
import type { Machine } from "../support/hosts/machine";
import { cut } from "../support/hosts/networkFaults";
import { inVersionSeries } from "../support/inWhole";
import { fillSessions, fingerprint } from "../support/manySessions";
import { SessionClient } from "../support/sessionClient";

/** A machine that lost its data is seeded from its peer, whatever way leads there and whatever MariaDB they have. */

const SESSIONS = Number(process.env["SEEDING_SESSIONS"] ?? 10_000);

jest.setTimeout(120_000 + SESSIONS);

/** As after the disk was replaced and the package installed again. */
const REINSTALL = `service mariadb stop >/dev/null 2>&1 </dev/null
  rm -rf /var/lib/mysql/* && mariadb-install-db --user=mysql --skip-test-db >/dev/null 2>&1
  service mariadb start >/dev/null 2>&1 </dev/null`;

async function seeded<M extends Machine>(pair: HostPair<M>, lose: (host: M) => Promise<unknown>): Promise<void> {
  const [one, two] = pair.hosts;
  await pair.up(SHORT_WAITS);
  const db1 = await pair.root(1);
  await fillSessions(db1, SESSIONS);
  await pair.catchUp(20 + SESSIONS / 1000);
  await lose(two);

  const login = { user: "nevisproxy_user", password: PASSWORDS.proxy };
  const { Networks } = (await one.container.inspect()).NetworkSettings;
  const survivor = new SessionClient("survivor", 3306, login, String(Networks[pair.network.name]?.IPAddress)).start();
  await pair.up(SHORT_WAITS).finally(() => survivor.stop());
  expect(survivor.errors).toEqual([]);
  expect(survivor.acknowledged.length).toBeGreaterThan(10);

  for (const host of pair.hosts) {
    await host.sql(`INSERT INTO replicated_session_store.session VALUES ('after-${host.name}', '')`);
  }
  await pair.catchUp();
  expect(await fingerprint(await pair.root(2))).toEqual(await fingerprint(await pair.root(1)));
  const count = "SELECT COUNT(*) FROM replicated_session_store.session";
  expect((await two.sql(count)).trim()).toBe(String(SESSIONS + survivor.acknowledged.length + 2));
  expect(await two.sql("SELECT @@GLOBAL.gtid_slave_pos")).toMatch(/^1-1-\d+,2-2-\d+$/m);
  expect(await pair.drift(SHORT_WAITS)).toEqual({});
}

it.each(OTHER_VERSIONS)("over SSH, on %s with MariaDB %s", async (suite) => {
  await using pair = await HostPair.planned({ suite }, [{ user: "deploy" }, {}]);
  await seeded(pair, (host) => host.sh(REINSTALL));
});

inVersionSeries.each(OTHER_VERSIONS)("in containers of %s with MariaDB %s", async (suite) => {
  await using pair = await HostPair.inContainers({ suite });
  await seeded(pair, (host) => host.loseData());
});

it("a first up waits for the other machine where that is still booting: it may have sessions", async () => {
  await using pair = await HostPair.planned();
  const [, two] = pair.hosts;
  await two.container.stop({ t: 0 });
  const run = pair.up(SHORT_WAITS);
  // As long as it takes to see that nobody is there.
  await Promise.race([run, sleep(8_000)]);
  await Promise.all([run, two.boot()]);
  expect(await pair.drift(SHORT_WAITS)).toEqual({});
});

it("a blank machine in the place of the lost one gets MariaDB where that is allowed, and is told so where it is not", async () => {
  await using pair = await HostPair.planned({}, [{}, { inputs: { install: true } }]);
  const [one, two] = pair.hosts;
  await pair.up(SHORT_WAITS);
  await one.sql(`${SessionClient.TABLE}; INSERT INTO replicated_session_store.session VALUES ('kept', '')`);
  await pair.catchUp();
  await takeServerOff(two);
  await pair.up(SHORT_WAITS);
  expect(await two.sql("SELECT id FROM replicated_session_store.session")).toBe("kept");
  expect(await pair.drift(SHORT_WAITS)).toEqual({});

  await takeServerOff(one);
  await expect(pair.up(SHORT_WAITS)).rejects.toThrow(/there is no MariaDB server on .*set "install": true/);
});

it("a first up in which one machine gets MariaDB, however long that takes, brings the pair up", async () => {
  await using pair = await HostPair.planned({}, [{}, { inputs: { install: true } }]);
  const [, two] = pair.hosts;
  await takeServerOff(two);
  await two.sh(
    `printf '#!/bin/sh\\nsleep 6\\nexec /usr/bin/apt-get "$@"\\n' >/usr/local/bin/apt-get; chmod 755 /usr/local/bin/apt-get`,
  );
  await pair.up(SHORT_WAITS);
  expect(await pair.drift(SHORT_WAITS)).toEqual({});
});

inVersionSeries(
  "a connection that breaks during the copy, to the survivor or to the lost node, is one error, and the next up goes on",
  async () => {
    await using pair = await HostPair.planned();
    const [one, two] = pair.hosts;
    await pair.up(SHORT_WAITS);
    await fillSessions(await pair.root(1), 10_000);
    await pair.catchUp();
    for (const number of [1, 2] as const) {
      await two.sh(REINSTALL);

      // The dump gets no further than to this table while it is held.
      const held = one.sql("LOCK TABLES replicated_session_store.session_attribute WRITE; SELECT SLEEP(600)");
      const run = failureOf(pair.up(SHORT_WAITS));
      const begun = "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'replicated_session_store'";
      await until({ what: "the copy to begin", deadline: 30_000, pause: 5 }, async () => {
        // Closing the node ends all sessions that have not logged in yet, this one perhaps.
        const count = await two.sql(begun).catch(() => "0");
        return count === "0" ? { seen: "no table" } : { done: undefined };
      });
      await cut({ to: pair.host(number), port: 22, from: pair.network.gateway });
      await one.sql(
        await one.sql(`SELECT CONCAT('KILL ', ID) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP%'`),
      );
      await held.catch(() => undefined);
      const { message, seconds } = await run;
      expect(message).toMatch(/seeding db2 from db1 was cut off: .*db1 was only read.*Run `pulumi up` again/s);
      expect(seconds).toBeLessThan(60);

      await pair.up(SHORT_WAITS);
      await pair.catchUp();
      expect(await fingerprint(await pair.root(2))).toEqual(await fingerprint(await pair.root(1)));
      expect(await pair.drift(SHORT_WAITS)).toEqual({});
    }
  },
);
