import { sleep } from "../../provider/src/waiting";
import { expectSuccess, PASSWORDS, type Pair, pairProgram, pairThatIsUp } from "../support/cli/pairProgram";
import type { PairServer } from "../support/local/pairServer";
import { SessionClient } from "../support/sessionClient";

jest.setTimeout(300_000);

/** For a rotation the proxies' account takes the former password too, as long as the configuration names it. */
const PROGRAM = pairProgram().replace(
  `proxy: { password: config.requireSecret("proxyPassword"), from: ["%", "localhost"] },`,
  `proxy: {
    password: config.requireSecret("proxyPassword"),
    from: ["%", "localhost"],
    ...(config.get("previousProxyPassword") ? { previousPassword: config.requireSecret("previousProxyPassword") } : {}),
  },`,
);
const CHANGED = {
  adminPassword: "changed-admin",
  proxyPassword: "changed-proxy",
  replicationPassword: "changed-replication",
  binaryLogPassword: "changed-binlog",
  monitorPassword: "changed-monitor",
};
const USERS = {
  proxyPassword: "nevisproxy_user",
  replicationPassword: "replication_user",
  binaryLogPassword: "binarylog_user",
  monitorPassword: "session_store_monitor",
} as const;

let pair: Pair;

beforeAll(async () => {
  pair = await pairThatIsUp(PROGRAM);
  await pair.db1.write(SessionClient.TABLE);
  await pair.db2.catchUpWith(pair.db1);
});

afterAll(async () => {
  await pair?.[Symbol.asyncDispose]();
});

const both = () => [pair.db1, pair.db2] as const;

/** Looks at the replication of a server until it is told to end. */
function watch(server: PairServer): () => Promise<{ errors: string[]; longestBreak: number; looks: number }> {
  let over = false;
  const seen = { errors: [] as string[], longestBreak: 0, looks: 0 };
  const watching = (async () => {
    let lastRunning = Date.now();
    while (!over) {
      const row = await server.replica();
      seen.looks++;
      if (row?.["Last_IO_Errno"] || row?.["Last_SQL_Errno"])
        seen.errors.push(`${row["Last_IO_Error"]}${row["Last_SQL_Error"]}`);
      if (row?.["Slave_IO_Running"] === "Yes" && row["Slave_SQL_Running"] === "Yes") lastRunning = Date.now();
      seen.longestBreak = Math.max(seen.longestBreak, Date.now() - lastRunning);
      await sleep(10);
    }
    return seen;
  })();
  return () => {
    over = true;
    return watching;
  };
}

it("all passwords change in one up: both links stay alive, and proxies with the former password write on without a stall", async () => {
  const login = { user: "nevisproxy_user", password: PASSWORDS.proxyPassword };
  await pair.project.configure({ ...CHANGED, previousProxyPassword: PASSWORDS.proxyPassword }, "secret");
  const watches = both().map(watch);
  const clients = both().map((server) => new SessionClient(server.name, server.port, login).start());

  const up = await pair.project.up();

  for (const client of clients) await client.stop();
  const links = await Promise.all(watches.map((end) => end()));
  expectSuccess(up);
  for (const link of links) {
    expect(link.errors).toEqual([]);
    expect(link.looks).toBeGreaterThan(50);
    expect(link.longestBreak).toBeLessThan(2000);
  }
  for (const client of clients) {
    expect(client.errors).toEqual([]);
    expect(client.acknowledged.length).toBeGreaterThan(100);
    // The stall that a replica leaves behind it without notice is 10 s.
    expect(client.worst).toBeLessThan(3000);
  }
  const [one, other] = both();
  await one.catchUpWith(other);
  await other.catchUpWith(one);
  const sessions = clients.flatMap(({ acknowledged }) => acknowledged).sort();
  for (const server of both()) {
    const rows = await server.rows("SELECT id FROM replicated_session_store.session");
    const ids = new Set(rows.map((row) => row["id"]));
    expect(sessions.filter((id) => !ids.has(id))).toEqual([]);
  }
});

it("then the servers take the new passwords and refuse the former ones, but for the proxies' former one", async () => {
  for (const server of both()) {
    for (const [key, user] of Object.entries(USERS) as [keyof typeof USERS, string][]) {
      expect({ user, seen: await server.login(user, CHANGED[key]) }).toEqual({ user, seen: "in" });
      const former = await server.login(user, PASSWORDS[key]);
      expect({ user, seen: former }).toEqual({ user, seen: key === "proxyPassword" ? "in" : "1045" });
    }
    const hash = await server.value("SELECT authentication_string FROM mysql.user WHERE User='session_store_admin'");
    expect(hash).toBe(await server.value("SELECT PASSWORD(?)", [CHANGED.adminPassword]));
    // The replica comes in with the new one, not only on its open connection.
    await server.run("STOP SLAVE IO_THREAD", "START SLAVE IO_THREAD");
    await server.waitFor(
      "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for master to send event%'",
      "1",
    );
  }
});

it("without the previous password in the configuration the proxies' former one is refused", async () => {
  expectSuccess(await pair.project.run(["config", "rm", "previousProxyPassword"]));
  expectSuccess(await pair.project.up());
  for (const server of both()) {
    expect(await server.login("nevisproxy_user", PASSWORDS.proxyPassword)).toBe("1045");
    expect(await server.login("nevisproxy_user", CHANGED.proxyPassword)).toBe("in");
  }
  expectSuccess(await pair.project.preview("--expect-no-changes"));
});

it("an admin password that was changed by hand is given by the environment, until the configuration has it", async () => {
  const byHand = "by-hand-admin";
  for (const server of both()) {
    await server.run(`ALTER USER session_store_admin@localhost IDENTIFIED BY '${byHand}'`);
  }
  expect((await pair.project.preview("--diff")).output).toContain('"login refused"');

  const environment = { SESSION_STORE_ADMIN_PASSWORD: byHand };
  const seen = await pair.project.run(["preview", "--expect-no-changes"], { environment });
  expectSuccess(seen);
  expect(seen.output).not.toContain(byHand);
});
