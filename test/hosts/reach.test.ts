import type { Connection } from "../../provider/src/inputs";
import { openAsSuperuser, openServer } from "../../provider/src/mariadb/open";
import type { Server } from "../../provider/src/mariadb/server";
import { refuseUnreachable } from "../../provider/src/pair/reachability";
import { PASSWORDS } from "../support/engine/declaredPair";
import { HostPair } from "../support/hosts/hostPair";
import { NetworkFault } from "../support/hosts/networkFaults";

/** Before two nodes are linked: whether each reaches the other from its own machine, and if not, in which direction and why. */

jest.setTimeout(60_000);

let pair: HostPair;
const sessions: Server[] = [];

beforeAll(async () => {
  pair = await HostPair.planned({}, [{ user: "deploy" }, {}]);
});
afterAll(async () => {
  await Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()));
  await pair?.[Symbol.asyncDispose]();
});

/** The session of a node which is said to be somewhere else than it is. */
async function node(number: 1 | 2, where: Partial<Connection> = {}): Promise<Server> {
  const session = await openAsSuperuser({ ...pair.connection(number), ...where });
  sessions.push(session);
  return session;
}

const refusal = async (replica: Server, source: Server): Promise<string> => {
  const error = await refuseUnreachable(replica, source, "replication_user").then(
    () => undefined,
    (reason: Error) => reason,
  );
  return error?.message ?? "";
};

const option = (text: string) =>
  Promise.all(
    pair.hosts.map(async (host) => {
      await host.exec(["tee", "/etc/mysql/mariadb.conf.d/99-by-hand.cnf"], { input: `[mariadbd]\n${text}\n` });
      await host.sh("service mariadb restart >/dev/null 2>&1 </dev/null");
    }),
  );

const rest = (repair: string) =>
  `Nothing was changed about the replication of db1; ${repair} and run \`pulumi up\` again.`;
const NETWORK = "put the network right";
const listen = (name: string) => `let ${name} listen there, or give its node the place where it does,`;

it("a server that listens on the loopback address only, as Debian has it: bind_address is named, in both directions", async () => {
  const [one, two] = [await node(1), await node(2)];
  const reason = (from: string, to: string, address: string) =>
    `${from} does not reach ${to} at ${address}:3306: the connection is refused: ${to} listens on 127.0.0.1 only, where no other machine ` +
    `gets in (bind_address; the node's "bindAddress" sets it).`;
  const [a, b] = pair.hosts;
  expect(await refusal(one, two)).toBe(
    `${reason("db1", "db2", b.address)} ${reason("db2", "db1", a.address)} ${rest(`${listen("db2")} ${listen("db1")}`)}`,
  );
});

it("a server that takes no connections over the network: skip_networking is named", async () => {
  await option("skip_networking");
  expect(await refusal(await node(1), await node(2))).toMatch(
    /db1 does not reach db2 at \S+: the connection is refused: db2 takes no connections over the network \(skip_networking\)/,
  );
});

describe("servers that listen to all", () => {
  let one: Server;
  beforeAll(async () => {
    await option("bind_address=*");
    one = await node(1);
  });

  it("are reached, whether or not the account is there", async () => {
    expect(await refusal(one, await node(2))).toBe("");
  });

  it("a user whose name is made of what a shell would run", async () => {
    await refuseUnreachable(one, await node(2), "it's $(touch pwned) `touch pwned`; touch pwned\n-x");
    for (const host of pair.hosts) expect(await host.sh("find / -xdev -name pwned")).toBe("");
  });

  it.each<[string, () => Partial<Connection>, RegExp, string?]>([
    [
      "another port",
      () => ({ port: 3307 }),
      /db2 at \S+:3307: the connection is refused: db2 listens on port 3306\./,
      listen("db2"),
    ],
    [
      "an unknown name",
      () => ({ address: "no-such-host.invalid" }),
      /db2 at no-such-host\.invalid:3306: no such name is known on the machine of db1\./,
    ],
    [
      "the address of another machine",
      () => ({ address: pair.network.nextAddress() }),
      /(there is no route to it from there|no answer within 5 s)/,
    ],
  ])("%s is named, in the one direction", async (_, where, words, repair = NETWORK) => {
    const message = await refusal(one, await node(2, where()));
    expect(message).toMatch(words);
    expect(message).not.toContain("db2 does not reach db1");
    expect(message).toContain(rest(repair));
  });

  it.each([
    [
      "that drops packets",
      NetworkFault.unreachable,
      /no answer within 5 s\. Either a firewall drops the packets, and has to let TCP port 3306 through/,
    ],
    [
      "that refuses",
      NetworkFault.refused,
      /the connection is refused: db2 listens there, so a firewall refuses, or the address is not that of db2/,
    ],
    ["that says there is no way", NetworkFault.noRoute, /there is no route to it from there/],
    [
      "that lets connections be made and nothing through them",
      NetworkFault.halfOpen,
      /within 5 s nothing comes through it: the server hangs, or something in between swallows the packets/,
    ],
  ])("a firewall %s is told apart, in the one direction", async (_, make, words) => {
    await using _fault = await make({ to: pair.host(2), port: 3306, from: pair.host(1).address });
    const message = await refusal(one, await node(2));
    expect(message).toMatch(words);
    expect(message).not.toContain("db2 does not reach db1");
  });
});

describe("the admin account", () => {
  it("is made and its password changed by up, unlogged, and nobody gets in with the former one", async () => {
    await pair.up();
    const passwords = { admin: "admin-2" };
    await pair.up({ passwords });

    expect(await pair.drift({ passwords })).toEqual({});
    for (const number of [1, 2] as const) {
      await expect(openServer(pair.connection(number, PASSWORDS.admin))).rejects.toThrow("refuses the login");
      await using admin = await openServer(pair.connection(number, "admin-2"));
      expect(await admin.value("SELECT CURRENT_USER()")).toBe("session_store_admin@localhost");
    }
    for (const host of pair.hosts) {
      expect(await host.sql("SELECT User, Host FROM mysql.global_priv WHERE User LIKE 'session_store%'")).toBe(
        "session_store_admin\tlocalhost",
      );
      const log = await host.sh("cat /var/lib/mysql/*-bin.[0-9]* | strings -n 4 || true");
      expect(log).not.toMatch(/session_store_admin|IDENTIFIED/);
    }
  });

  it("that is out of date in the state is overridden by SESSION_STORE_ADMIN_PASSWORD", async () => {
    for (const host of pair.hosts) {
      await host.sql("SET sql_log_bin=0; SET PASSWORD FOR session_store_admin@localhost = PASSWORD('by hand')");
    }
    process.env["SESSION_STORE_ADMIN_PASSWORD"] = "by hand";
    try {
      await using admin = await openServer(pair.connection(1));
      expect(await admin.value("SELECT CURRENT_USER()")).toBe("session_store_admin@localhost");
      await pair.down();
    } finally {
      delete process.env["SESSION_STORE_ADMIN_PASSWORD"];
    }
    for (const host of pair.hosts) {
      expect(await host.sql("SELECT COUNT(*) FROM mysql.user WHERE User LIKE 'session_store%'")).toBe("0");
    }
  });
});
