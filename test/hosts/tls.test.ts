import { createConnection } from "mysql2/promise";
import type { NodeTls } from "../../provider/src/inputs";
import { tlsTexts } from "../../provider/src/recipe/tls";
import { Authority } from "../support/authority";
import type { PairOptions } from "../support/engine/declaredPair";
import { failureOf } from "../support/engine/faults";
import { NEWEST } from "../support/hosts/dockerEngine";
import { HostPair } from "../support/hosts/hostPair";
import { expectSessionsBothWays } from "../support/hosts/sessionsBothWays";
import { inVersionSeries } from "../support/inWhole";
import { SessionClient } from "../support/sessionClient";

/** Certificates of a pair on two machines: brought in, renewed, drifted, taken away; and what would pass for encryption and is none. */

jest.setTimeout(180_000);

const FOLDER = "/etc/session-store-tls";
const SESSION = "replicated_session_store.session";
const PROXY = { user: "nevisproxy_user", password: "proxy-1" };

const certificates = async (pair: HostPair, authority: Authority, days?: number): Promise<[NodeTls, NodeTls]> => {
  const issue = (number: 1 | 2) => authority.issue(pair.host(number).address, days === undefined ? {} : { days });
  return [await issue(1), await issue(2)];
};

const seen = (pair: HostPair, resource: string) => pair.kept.get(resource)?.outs as Record<string, unknown>;

/** The replicas' threads and the servers' processes: others, when something was stopped and started. */
const threads = (pair: HostPair): Promise<unknown> =>
  Promise.all(
    pair.hosts.map(async (host) => [
      await host.serverPid(),
      await host.sql(
        "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'system user' OR COMMAND = 'Binlog Dump' ORDER BY ID",
      ),
    ]),
  );

/** A login as a proxy does it. Answers the cipher. */
async function cipherOf(host: string, login: { user: string; password: string }, ca?: string): Promise<string> {
  const client = await createConnection({ host, ...login, ...(ca && { ssl: { ca } }) });
  try {
    const [rows] = await client.query("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
    return (rows as { Value: string }[])[0]?.Value ?? "";
  } finally {
    client.destroy();
  }
}

describe.each(NEWEST)("on Debian's %s with MariaDB %s", (suite) => {
  let pair: HostPair;
  let authority: Authority;
  let options: PairOptions;

  beforeAll(async () => {
    pair = await HostPair.planned({ suite }, [{ user: "deploy" }, {}]);
    authority = await Authority.create();
    await pair.up();
    await pair.host(1).sql(SessionClient.TABLE);
    await pair.catchUp();
    options = { tls: await certificates(pair, authority) };
  });
  afterAll(() => pair?.[Symbol.asyncDispose]());

  it("certificates are brought to a pair in use: one node at a time restarts, the links are proved, and no session is lost", async () => {
    const clients = pair.hosts.map(({ address }, index) =>
      new SessionClient(`plain-${index}`, 3306, PROXY, address).start(),
    );
    await pair.up(options);
    await Promise.all(clients.map((client) => client.stop()));
    await pair.catchUp();
    for (const host of pair.hosts) {
      const there = new Set((await host.sql(`SELECT id FROM ${SESSION}`)).split("\n"));
      for (const { acknowledged } of clients) {
        expect(acknowledged.length).toBeGreaterThan(20);
        expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
      }
      const status = await host.sql("SHOW SLAVE STATUS");
      expect(status).toContain(`${FOLDER}/ca.pem`);
      expect(await host.sh(`stat -c '%a %U' ${FOLDER}/node.pem`)).toBe("600 mysql\n");
    }
    for (const name of ["sessions-db1-from-db2", "sessions-db2-from-db1"]) {
      expect(seen(pair, name)).toMatchObject({ tls: "verified", encryption: "required by the account (SSL)" });
    }
    expect(seen(pair, "sessions-db1")["tlsDaysLeft"]).toBe(364);
    expect(await pair.drift(options)).toEqual({});
    expect(await pair.up(options)).toEqual([]);
    await expectSessionsBothWays(pair, "encrypted", SESSION);
  });

  it("proxies are let in with TLS, and without it they are not", async () => {
    const { address } = pair.host(1);
    expect(await cipherOf(address, PROXY, authority.ca)).toMatch(/^TLS_|^ECDHE/);
    await expect(cipherOf(address, PROXY)).rejects.toThrow(/Access denied/);
  });

  it("renewed certificates are taken up without a restart, and no connection breaks", async () => {
    const before = await threads(pair);
    options = { tls: await certificates(pair, authority, 20) };
    expect(Object.keys(await pair.drift(options)).sort()).toEqual(["sessions-db1", "sessions-db2"]);
    await pair.up(options);
    expect(await threads(pair)).toEqual(before);
    expect(seen(pair, "sessions-db1")["tlsDaysLeft"]).toBe(19);
    expect(seen(pair, "sessions-db1")["advice"]).toContainEqual(
      expect.objectContaining({ about: "certificate", text: expect.stringMatching(/^ends in 19 days/) }),
    );
    expect(await pair.drift(options)).toEqual({});
    // As after an interruption.
    for (const host of pair.hosts) await host.sql("STOP SLAVE; START SLAVE");
    await pair.up(options);
    await expectSessionsBothWays(pair, "renewed", SESSION);
  });

  it("another authority is refused while the peer does not trust it, and goes in when both are given", async () => {
    const next = await Authority.create("Next CA");
    const [one, two] = await certificates(pair, next);
    const [, former] = options.tls as [NodeTls, NodeTls];
    await expect(pair.up({ tls: [one, former] })).rejects.toThrow(
      /waited .* for db2 to trust the new certificate of db1; last seen: another authority signed it\. The former certificate and authorities of db1 are still in use/,
    );
    // An interruption now finds both sides as they were.
    for (const host of pair.hosts) await host.sql("STOP SLAVE; START SLAVE");
    await expectSessionsBothWays(pair, "refused", SESSION);
    const both = authority.ca + next.ca;
    options = {
      tls: [
        { ...one, ca: both },
        { ...two, ca: both },
      ],
    };
    await pair.up(options);
    authority = next;
    options = { tls: [one, two] };
    await pair.up(options);
    expect(await pair.drift(options)).toEqual({});
    for (const host of pair.hosts) await host.sql("STOP SLAVE; START SLAVE");
    await pair.up(options);
    await expectSessionsBothWays(pair, "other-authority", SESSION);
  });

  it("another authority for both nodes goes in within one up too, where each trusts the other's new certificate as soon as it is there", async () => {
    const next = await Authority.create("Third CA");
    options = { tls: await certificates(pair, next) };
    const before = await threads(pair);
    await pair.up(options);
    authority = next;
    expect(await threads(pair)).toEqual(before);
    expect(await pair.drift(options)).toEqual({});
    for (const host of pair.hosts) await host.sql("STOP SLAVE; START SLAVE");
    await pair.up(options);
    await expectSessionsBothWays(pair, "at-once", SESSION);
  });

  it("an authority's file that a run has written before it was cut off is taken up by the next one", async () => {
    const [one, two] = options.tls as [NodeTls, NodeTls];
    const both = tlsTexts({ ...one, ca: authority.ca + (await Authority.create("Fourth CA")).ca }).ca;
    const flushes = () => pair.host(1).sql("SHOW GLOBAL STATUS LIKE 'Com_flush'");
    await pair.host(1).exec(["tee", `${FOLDER}/ca.pem`], { input: both });
    const before = await flushes();
    await pair.up({ tls: [{ ...one, ca: both }, two] });
    expect(await flushes()).not.toBe(before);
    await pair.up(options);
  });

  it("what was changed by hand is shown by property, and put back by one up without a restart", async () => {
    const [one, two] = pair.hosts;
    const processes = () => Promise.all(pair.hosts.map((host) => host.serverPid()));
    const before = await processes();
    await one.sh(`rm ${FOLDER}/ca.pem`);
    await two.sh(`chmod 644 ${FOLDER}/node.pem`);
    await two.sql("STOP SLAVE; CHANGE MASTER TO MASTER_SSL_VERIFY_SERVER_CERT=0; START SLAVE");
    await one.sql("SET sql_log_bin=0; ALTER USER nevisproxy_user REQUIRE NONE");
    expect(await pair.drift(options)).toEqual({
      "sessions-db1": ["tlsState"],
      "sessions-db1-users": ["accounts"],
      "sessions-db2": ["tlsState"],
      "sessions-db2-from-db1": ["tls"],
    });
    expect(seen(pair, "sessions-db1")["tlsState"]).toBe("files missing");
    expect(seen(pair, "sessions-db2")["tlsState"]).toBe("files have other permissions");
    expect(seen(pair, "sessions-db2-from-db1")["tls"]).toMatch(/^on if the source offers it, not verified/);
    await pair.up(options);
    expect(await processes()).toEqual(before);
    expect(await pair.drift(options)).toEqual({});
    await expectSessionsBothWays(pair, "repaired", SESSION);
  });

  it("no server is restarted into a line of somebody else's that has it do without TLS", async () => {
    const [, two] = pair.hosts;
    const byHand = "/etc/mysql/mariadb.conf.d/zz-by-hand.cnf";
    const more = { ...options, settings: { innodb_buffer_pool_chunk_size: "4M" } };
    await two.sh(`printf '[mariadbd]\\nskip-ssl\\n' >${byHand}`);
    expect(await pair.drift(options)).toEqual({ "sessions-db2": ["overriddenBy"] });
    const before = await two.serverPid();
    const { message } = await failureOf(pair.up({ ...more, only: ["sessions-db2"] }));
    expect(message).toMatch(/zz-by-hand\.cnf:2 skip_ssl\. Nothing was changed\. Remove these lines/);
    expect(await two.serverPid()).toBe(before);
    await two.sh(`rm ${byHand}`);
    expect(await pair.drift(options)).toEqual({});
  });

  it("what would keep a server from its next start is shown while it runs, and put back without a restart: owners, groups, a folder", async () => {
    const [one, two] = pair.hosts;
    const file = "/etc/mysql/mariadb.conf.d/99-session-store.cnf";
    const before = await Promise.all(pair.hosts.map((host) => host.serverPid()));
    await one.sh(`chown games:games ${file}; chown root ${FOLDER}/node.pem`);
    await two.sh(`chgrp games ${file}; chmod 700 ${FOLDER}`);
    expect(await pair.drift(options)).toEqual({
      "sessions-db1": ["configMode", "tlsState"],
      "sessions-db2": ["configMode", "tlsState"],
    });
    expect(pair.hosts.map((_, index) => seen(pair, `sessions-db${index + 1}`))).toMatchObject([
      { configMode: "644, of games:games", tlsState: "files have other permissions" },
      { configMode: "644, of root:games", tlsState: "files have other permissions" },
    ]);
    await pair.up(options);
    expect(await Promise.all(pair.hosts.map((host) => host.serverPid()))).toEqual(before);
    expect(await one.sh(`stat -c '%a %U:%G' ${file} ${FOLDER}/node.pem`)).toBe("644 root:root\n600 mysql:mysql\n");
    expect(await two.sh(`stat -c '%a %U:%G' ${file} ${FOLDER}`)).toBe("644 root:root\n755 root:root\n");
    expect(await pair.drift(options)).toEqual({});
  });

  it("so are links to where the server does not look, and a folder in which somebody else may put other files", async () => {
    const [one, two] = pair.hosts;
    const file = "/etc/mysql/mariadb.conf.d/99-session-store.cnf";
    const before = await Promise.all(pair.hosts.map((host) => host.serverPid()));
    await one.sh(`chown games ${FOLDER}; mv ${file} /root/ours; ln -s /root/ours ${file}`);
    await two.sh(`chmod 777 ${FOLDER}; mv ${FOLDER}/ca.pem /root/ca; ln -s /root/ca ${FOLDER}/ca.pem`);
    expect(await pair.drift(options)).toEqual({
      "sessions-db1": ["configMode", "tlsState"],
      "sessions-db2": ["tlsState"],
    });
    expect(seen(pair, "sessions-db1")["configMode"]).toBe("644, behind a link");
    await pair.up(options);
    expect(await Promise.all(pair.hosts.map((host) => host.serverPid()))).toEqual(before);
    expect(await one.sh(`stat -c '%a %U:%G %F' ${file} ${FOLDER}`)).toBe(
      "644 root:root regular file\n755 root:root directory\n",
    );
    expect(await two.sh(`stat -c '%a %U:%G %F' ${FOLDER}/ca.pem ${FOLDER}`)).toBe(
      "644 root:root regular file\n755 root:root directory\n",
    );
    expect(await pair.drift(options)).toEqual({});
  });

  it("servers that are down and would not start are brought back by one up: a certificate of root, one that is gone, an option that there is not", async () => {
    const [one, two] = pair.hosts;
    await Promise.all([one, two].map((host) => host.sh("service mariadb stop")));
    await one.sh(`chown root:root ${FOLDER}/node.pem`);
    await two.sh(`rm -r ${FOLDER}; echo no_such_option=1 >>/etc/mysql/mariadb.conf.d/99-session-store.cnf`);
    await pair.up(options);
    expect(await pair.drift(options)).toEqual({});
    await expectSessionsBothWays(pair, "started-again", SESSION);
  });

  it("a link whose account does not require TLS is refused where nothing could prove the encryption", async () => {
    const plain: PairOptions = { ...options, requireTls: "NONE" };
    await pair.up({ ...plain, only: ["sessions-db1-users"] });
    await pair.down("ReplicationLink");
    await expect(pair.up({ ...plain, only: ["sessions-db2-from-db1"] })).rejects.toThrow(
      /whether db1 sends its sessions encrypted could not be proved.*performance_schema is off.*Nothing was linked.*requireTls/,
    );
    expect(await pair.host(2).sql("SHOW SLAVE STATUS")).toBe("");
    await pair.up(options);
    await expectSessionsBothWays(pair, "linked-again", SESSION);
  });

  it("an authority that did not sign the source's certificate keeps the link from being made, and the error names both ways", async () => {
    const other = await Authority.create("Another CA");
    await pair.down("ReplicationLink");
    await pair.host(2).exec(["tee", `${FOLDER}/ca.pem`], { input: other.ca });
    await expect(pair.up({ ...options, only: ["sessions-db2-from-db1"] })).rejects.toThrow(
      /db2 does not reach db1 at .*:3306: db1 does not prove itself there .*"ca" of db2 .*; give db2 the right "tls\.ca", or db1 another "tls\.certificate", and run/,
    );
    expect(await pair.host(2).sql("SHOW SLAVE STATUS")).toBe("");
    await pair.up(options);
    await expectSessionsBothWays(pair, "trusted-again", SESSION);
  });

  it("with X509 the replicas show their certificates, and whoever has none is refused", async () => {
    const strict: PairOptions = { ...options, requireTls: "X509" };
    await pair.up(strict);
    expect(seen(pair, "sessions-db1-from-db2")).toMatchObject({
      tls: "mutual",
      encryption: "required by the account (X509)",
    });
    await expect(cipherOf(pair.host(1).address, PROXY, authority.ca)).rejects.toThrow(/Access denied/);
    expect(await pair.drift(strict)).toEqual({});
    await expectSessionsBothWays(pair, "mutual", SESSION);
    await pair.up(options);
  });

  it("statements go straight to the servers when that is wanted, encrypted and verified", async () => {
    const direct: PairOptions = { ...options, direct: { ca: authority.ca, from: "%" } };
    await pair.up(direct);
    const [one] = pair.hosts;
    await one.sql("SET GLOBAL max_connections=77");
    await one.sql("SET GLOBAL general_log_file='direct.log', general_log=ON");
    expect(await pair.drift(direct)).toEqual({ "sessions-db1": ["settings"] });
    await one.sql("SET GLOBAL general_log=OFF");
    const logins = (await one.sh("grep -o 'session_store_admin@.*' /var/lib/mysql/direct.log")).trimEnd().split("\n");
    // One goes through the machine, to look at the certificate.
    const [here, there] = [pair.network.gateway, "localhost"].map((from) =>
      logins.filter((login) => login.startsWith(`session_store_admin@${from} `) && login.endsWith("using SSL/TLS")),
    );
    expect(here?.length).toBeGreaterThan(3);
    expect(there).toHaveLength(1);
    expect(logins).toHaveLength(Number(here?.length) + 1);
    await pair.up(direct);
    expect(await pair.up(direct)).toEqual([]);
    await pair.up(options);
  });

  it("TLS is not taken from a server while somebody needs it; in two steps it is, and no session is lost", async () => {
    await expect(pair.up()).rejects.toThrow(
      /is to run without its certificates, but TLS is required by the account "binarylog_user", the account "nevisproxy_user", the account "replication_user", the replication of db\d.*Nothing was changed/,
    );
    await pair.up({ ...options, requireTls: "NONE", link: { tls: "off" } });
    await pair.up({ link: { tls: "off" } });
    for (const host of pair.hosts) {
      expect(await host.sql("SELECT @@GLOBAL.ssl_cert")).toBe("NULL");
      await expect(host.sh(`test -e ${FOLDER}/node.pem`)).rejects.toThrow();
    }
    expect(await pair.drift({ link: { tls: "off" } })).toEqual({});
    await expectSessionsBothWays(pair, "plain", SESSION);
  });
});

inVersionSeries("a pair of MariaDB 10.11 and 11.8 is linked both ways with verified certificates", async () => {
  await using pair = await HostPair.planned({}, [{ suite: "bookworm" }, { suite: "trixie" }]);
  const options = {
    tls: await certificates(pair, await Authority.create()),
    settings: { performance_schema: true },
  };
  await pair.up(options);
  await pair.host(1).sql(SessionClient.TABLE);
  await pair.catchUp();
  await expectSessionsBothWays(pair, "mixed", SESSION);
  for (const name of ["sessions-db1-from-db2", "sessions-db2-from-db1"]) {
    expect(seen(pair, name)).toMatchObject({ tls: "verified", encryption: expect.stringMatching(/^TLS_|^ECDHE/) });
  }
  expect(await pair.drift(options)).toEqual({});
  expect(await pair.up(options)).toEqual([]);
});
