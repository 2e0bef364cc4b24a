import { openHost } from "../../provider/src/hosts";
import { DockerContainer } from "../../provider/src/hosts/docker/container";
import { DockerEngine } from "../../provider/src/hosts/docker/engine";
import { waitUntilSetUp } from "../../provider/src/hosts/docker/service";
import { openServer } from "../../provider/src/mariadb/open";
import { until } from "../../provider/src/waiting";
import type { PairOptions } from "../support/engine/declaredPair";
import { failureOf } from "../support/engine/faults";
import { testEngine } from "../support/hosts/dockerEngine";
import { HostPair } from "../support/hosts/hostPair";
import { ServerContainer } from "../support/hosts/serverContainer";
import { TestNetwork } from "../support/hosts/testNetwork";
import { inWhole } from "../support/inWhole";

/** The life of a pair in two containers of one engine. */

jest.setTimeout(120_000);

const FOLDER = "/etc/mysql/conf.d";
const SETTINGS_FILE = `${FOLDER}/99-session-store.cnf`;
const TABLE = "replicated_session_store.a_session";

let pair: HostPair<ServerContainer>;
/** What the program says at the time. */
let options: PairOptions = {};

beforeAll(async () => {
  pair = await HostPair.inContainers({ suite: "trixie" });
});
afterAll(() => pair?.[Symbol.asyncDispose]());

const each = <T>(look: (host: ServerContainer) => Promise<T>): Promise<T[]> => Promise.all(pair.hosts.map(look));
const startedAt = (host: ServerContainer) => host.container.inspect().then(({ Id, State }) => [Id, State.StartedAt]);
const seen = (resource: string) => pair.kept.get(resource)?.outs as Record<string, unknown>;

/** What must not change where nothing is to be changed: files, the containers' starts, accounts, logs. */
const traces = () =>
  each(async (host) => [
    await host.sh(`stat -c '%n %y %s %a %U' ${FOLDER} ${FOLDER}/*`),
    await startedAt(host),
    await host.sql("SELECT User, Host, Priv FROM mysql.global_priv WHERE User <> 'session_store_admin'"),
    await host.sql("SELECT @@GLOBAL.gtid_binlog_pos, @@GLOBAL.gtid_binlog_state"),
  ]);

async function expectSessionsBothWays(id: string): Promise<void> {
  const [one, two] = pair.hosts;
  await one.sql(`INSERT INTO ${TABLE} VALUES ('${id}-1')`);
  await two.sql(`INSERT INTO ${TABLE} VALUES ('${id}-2')`);
  await pair.catchUp();
  for (const rows of await each((host) => host.sql(`SELECT id FROM ${TABLE} WHERE id LIKE '${id}-_' ORDER BY 1`))) {
    expect(rows).toBe(`${id}-1\n${id}-2`);
  }
}

it("up waits until the image has set up empty data, and brings the pair up", async () => {
  await pair.up(options);
  expect(await each((host) => host.sh(`stat -c '%a %U:%G' ${SETTINGS_FILE}`))).toEqual(
    Array(2).fill("644 root:root\n"),
  );
  expect(seen("sessions-db1")["configFile"]).toBe(SETTINGS_FILE);
  await pair.host(1).sql(`CREATE TABLE ${TABLE} (id VARCHAR(20) PRIMARY KEY)`);
  await pair.catchUp();
  await expectSessionsBothWays("first");
});

it("the server with which an image sets up empty data is not taken for the node's, also where it came up during a slow look", async () => {
  await using network = await TestNetwork.create();
  await using machine = await ServerContainer.start(network);
  const { container, engine } = machine.inputs;
  const greetsAfterAWhile = () =>
    until<boolean>({ what: "any server that answers", deadline: 30_000 }, async () => {
      const answers = await machine.sql("SELECT 1").catch(() => undefined);
      return answers ? { done: true } : { seen: "none" };
    });
  await waitUntilSetUp(new DockerContainer(container, DockerEngine.at(engine)), greetsAfterAWhile);
  expect(await machine.sql("SELECT @@skip_networking")).toBe("0");
});

it("the pair is as wanted then: nothing is shown, and up touches nothing", async () => {
  const before = await traces();
  expect(await pair.drift(options)).toEqual({});
  expect(await pair.up(options)).toEqual([]);
  expect(await traces()).toEqual(before);
});

it("what was changed by hand is shown by property, and put back by one up without a restart", async () => {
  const [one, two] = pair.hosts;
  const before = await each(startedAt);
  await one.sql("SET GLOBAL max_connections=77");
  await one.sh(`sed -i 's/^max_connections=.*/max_connections=78/' ${SETTINGS_FILE}`);
  await two.sh(`rm ${SETTINGS_FILE}`);
  await one.sql("SET sql_log_bin=0; REVOKE INSERT ON replicated_session_store.* FROM nevisproxy_user");
  await two.sql("STOP SLAVE SQL_THREAD");
  expect(await pair.drift(options)).toEqual({
    "sessions-db1": ["settings", "configText"],
    "sessions-db1-users": ["accounts"],
    "sessions-db2": ["configText"],
    "sessions-db2-from-db1": ["state"],
  });
  await pair.up(options);
  expect(await pair.drift(options)).toEqual({});
  expect(await each(startedAt)).toEqual(before);
  await expectSessionsBothWays("mended");
});

it("lines of another file that would win over ours, or take the server to another port, are shown and refused by name", async () => {
  const file = `${FOLDER}/zz-by-hand.cnf`;
  await pair.host(1).exec(["tee", file], { input: "[mariadbd]\nmax_connections=500\nport=3307\n" });
  expect(await pair.drift(options)).toEqual({ "sessions-db1": ["overriddenBy"] });
  await expect(pair.up(options)).rejects.toThrow(
    `${file}:2 max_connections=500; ${file}:3 port=3307. Nothing was changed.`,
  );
  await pair.host(1).sh(`rm ${file}`);
});

it("a folder that the server may not read at its next start is shown, and nothing is stopped for it", async () => {
  const host = pair.host(1);
  await host.sh(`chmod 700 ${FOLDER}`);
  const before = await startedAt(host);
  expect(await pair.drift(options)).toEqual({ "sessions-db1": ["overriddenBy"] });
  const { message } = await failureOf(pair.up(options));
  expect(message).toMatch(
    /conf\.d.*its mode is 700, of root:root, so mysql may not read it; no server starts with that/,
  );
  await host.sh(`chmod 755 ${FOLDER}`);
  expect(await pair.drift(options)).toEqual({});
  expect(await startedAt(host)).toEqual(before);
});

it("a setting that needs a restart reaches both containers, one after the other, and they stay the same containers", async () => {
  options = { settings: { innodb_buffer_pool_chunk_size: "4M" } };
  const before = await each(startedAt);
  expect((await pair.up(options)).sort()).toEqual(["sessions-db1", "sessions-db2"]);
  const states = await each(async (host) => (await host.container.inspect()).State);
  const [first, second] = states.sort((a, b) => a.StartedAt.localeCompare(b.StartedAt));
  // The second had not ended before the first was back.
  expect(Date.parse(String(second?.FinishedAt))).toBeGreaterThan(Date.parse(String(first?.StartedAt)));
  expect((await each(startedAt)).map(([id]) => id)).toEqual(before.map(([id]) => id));
  expect(await each((host) => host.sql("SELECT @@GLOBAL.innodb_buffer_pool_chunk_size"))).toEqual([
    "4194304",
    "4194304",
  ]);
  expect(await pair.drift(options)).toEqual({});
  await expectSessionsBothWays("restarted");
});

inWhole("a container that is replaced by one of another image keeps its volumes, and comes back linked", async () => {
  const [one, two] = pair.hosts;
  const images = () => each(async (host) => (await host.container.inspect()).Image);
  const [former] = await images();
  await one.replace(2);
  expect((await images())[0]).not.toBe(former);
  // Healthy is only one that has caught up.
  expect(await one.sql("SHOW STATUS LIKE 'Slave_running'")).toBe("Slave_running\tON");
  await two.replace(2);
  await pair.up(options);
  expect(await pair.drift(options)).toEqual({});
  await expectSessionsBothWays("replaced");
});

it("a container that does not run is shown as stopped, and started by up, also where its server would not start as it is", async () => {
  const file = `${FOLDER}/99-session-store.cnf`;
  await pair.host(1).sh(`chown games ${file}`);
  await pair.host(2).sh(`echo no_such_option=1 >>${file}; chgrp games ${file}; mkdir -m 700 ${FOLDER}/shut`);
  await pair.host(2).stop();
  await openHost(pair.host(2).inputs).openFolder(`${FOLDER}/shut`);
  expect(await pair.drift(options)).toEqual(
    expect.objectContaining({ "sessions-db1": ["configMode"], "sessions-db2": ["configText", "configMode", "state"] }),
  );
  expect(seen("sessions-db1")["configMode"]).toMatch(/^644, of \d+:root$/);
  expect(seen("sessions-db2")["state"]).toBe("stopped");
  const before = await startedAt(pair.host(1));
  await pair.up(options);
  expect(await startedAt(pair.host(1))).toEqual(before);
  expect(await pair.host(2).sh(`stat -c %a ${FOLDER}/shut; rmdir ${FOLDER}/shut`)).toBe("755\n");
  expect(await each((host) => host.sh(`stat -c '%a %U:%G' ${file}`))).toEqual(["644 root:root\n", "644 root:root\n"]);
  expect(await pair.drift(options)).toEqual({});
  await expectSessionsBothWays("started");
});

it("a container whose server does not start with the settings that it was given starts with those that the program has now", async () => {
  await pair.host(2).sh(`echo no_such_option=1 >>${SETTINGS_FILE}`);
  await pair.host(2).stop();
  options = { settings: { ...options.settings, back_log: 91 } };
  await pair.up(options);
  expect(await pair.host(2).sql("SELECT @@GLOBAL.back_log")).toBe("91");
  expect(await pair.drift(options)).toEqual({});
});

inWhole("a container that comes back without its data is seeded from its peer", async () => {
  await pair.host(2).loseData();
  await pair.up(options);
  // The other node has tried to connect before there were accounts again, and does so every 10 seconds.
  await until({ what: "the pair to be as wanted", deadline: 30_000 }, async () => {
    const drift = await pair.drift(options);
    return Object.keys(drift).length === 0 ? { done: undefined } : { seen: JSON.stringify(drift) };
  });
  expect(await pair.host(2).sql(`SELECT COUNT(*) FROM ${TABLE} WHERE id LIKE 'first%'`)).toBe("2");
  await expectSessionsBothWays("seeded");
});

it("a paused container is shown as unreachable, and up says how to go on", async () => {
  await pair.host(2).container.pause();
  expect(await pair.drift(options)).toMatchObject({ "sessions-db2": ["state"] });
  expect(seen("sessions-db2")["state"]).toBe("unreachable");
  await expect(pair.up(options)).rejects.toThrow(`is paused; end that with: docker unpause ${pair.host(2).address}`);
  await pair.host(2).container.unpause();
  expect(await pair.drift(options)).toEqual({});
});

it("a container that is gone is shown as unreachable, and up says that it is gone", async () => {
  const other = "gone-for-a-while";
  const { address, container } = pair.host(2);
  await container.rename({ name: other });
  expect(await pair.drift(options)).toMatchObject({ "sessions-db2": ["state"] });
  await expect(pair.up(options)).rejects.toThrow(`there is no container "${address}" on that engine`);
  await testEngine().getContainer(other).rename({ name: address });
  expect(await pair.drift(options)).toEqual({});
});

it("a file for the server only belongs to its user, and lies in the volume", async () => {
  await using server = await openServer(pair.connection(1));
  const { host } = server;
  const file = `${host.tlsFolder}/key.pem`;
  await host.writeFile(file, "first", { mode: 0o600, ofServer: true });
  await host.writeFile(file, "second", { mode: 0o600, ofServer: true });
  expect(await pair.host(1).sh(`stat -c '%a %U' ${file}; cat ${file}`)).toBe("600 mysql\nsecond");
  const ofServer = { text: "second", mode: 0o600, ...(await host.ownerOf({ mode: 0o600, ofServer: true })) };
  expect(await host.readFile(file)).toMatchObject(ofServer);
  // Links are followed; what is no file, lies deeper, leads nowhere or has another name is left out.
  await pair
    .host(1)
    .sh(
      `cd ${host.tlsFolder} && mkdir folder.pem && touch folder.pem/deeper.pem other && ln -s key.pem link.pem && ln -s gone broken.pem`,
    );
  expect([...((await host.readFolder(host.tlsFolder, /pem$/))?.files ?? [])]).toMatchObject([
    ["key.pem", ofServer],
    ["link.pem", ofServer],
  ]);
  expect(await host.readFolder(`${host.tlsFolder}/none`, /pem$/)).toBeUndefined();
  // Of a folder with more in it than anybody wants to have sent, only what is meant is asked for.
  expect([...((await host.readFolder("/etc/../usr", /^none$/))?.files ?? [])]).toEqual([]);
  await pair.host(1).sh(`cd ${host.tlsFolder} && mkfifo fifo && truncate -s 2M long`);
  expect(await host.readFile(`${host.tlsFolder}/fifo`)).toMatchObject({
    text: "",
    unread: "it is not a file but a fifo",
  });
  expect(await host.readFile(`${host.tlsFolder}/long`)).toMatchObject({ text: "", unread: "it is longer than 1 MiB" });
  expect(await host.readFile("/usr")).toMatchObject({ text: "", isFolder: true, owner: "root:root" });
  await pair.host(1).sh(`cd ${host.tlsFolder} && rm fifo long`);
  await pair.host(1).sh(`cd ${host.tlsFolder} && rm -r folder.pem other link.pem broken.pem`);
  expect(file.startsWith(`${FOLDER}/`)).toBe(true);
  await host.removeFile(file);
  expect(await host.readFile(file)).toBeUndefined();
});

// Nothing of a pair is changed any more in a run in which a change of it failed: the last but one.
it("a setting with which the server does not start is taken back, the log is shown, and the server runs as before", async () => {
  await expect(
    pair.up({ settings: { ...options.settings, ssl_ca: "/none.pem" }, only: ["sessions-db1"] }),
  ).rejects.toThrow(
    /does not start with the new settings.*ended while it started.*Its log says:\n.*\[ERROR\] Failed to setup SSL.*The former option file was put back and db1 runs with it/s,
  );
  expect(await pair.host(1).sh(`cat ${SETTINGS_FILE}`)).not.toContain("none.pem");
  expect(await pair.drift(options)).toEqual({});
  await expectSessionsBothWays("kept");
});

it("destroy takes off what is ours, and leaves the servers with their sessions", async () => {
  const before = await each(startedAt);
  await pair.down();
  for (const host of pair.hosts) {
    await expect(host.sh(`test -e ${SETTINGS_FILE}`)).rejects.toThrow();
    expect(await host.sql("SHOW SLAVE STATUS")).toBe("");
    expect(await host.sql("SELECT User FROM mysql.user WHERE User REGEXP '^(nevis|repl|binary|session_store)'")).toBe(
      "",
    );
    expect(await host.sql(`SELECT COUNT(*) FROM ${TABLE} WHERE id LIKE 'first%'`)).toBe("2");
  }
  expect(await each(startedAt)).toEqual(before);
});
