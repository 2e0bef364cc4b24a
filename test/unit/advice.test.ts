import {
  accountAdvice,
  certificateAdvice,
  nodeAdvice,
  passwordAdvice,
  together,
} from "../../provider/src/recipe/advice";
import { nodeSettings } from "../../provider/src/recipe/settings/ofNode";
import { Version } from "../../provider/src/recipe/version";

const node = { nodeNumber: 1, bindAddress: "*", patterns: ["d.%session"] };
const GOOD = Version.parse("10.11.19-MariaDB");
const advice = (version: string, settings = nodeSettings("hardened", {}, node)) =>
  nodeAdvice("db1", Version.parse(version), settings);

test("a hardened node on a sound release gets no advice", () => {
  expect(nodeAdvice("db1", GOOD, nodeSettings("hardened", {}, node))).toEqual([]);
});

test("the recipe's own settings get advice on exactly what the hardened profile does otherwise, with the value that is better", () => {
  const given = nodeAdvice("db1", GOOD, nodeSettings("vendor", {}, node));
  expect(given.map(({ about }) => about).sort()).toEqual([
    "gtid_strict_mode",
    "innodb_lock_wait_timeout",
    "rpl_semi_sync_master_timeout",
    "rpl_semi_sync_master_wait_point",
    "slave_net_timeout",
    "sync_binlog",
  ]);
  expect(given.find(({ about }) => about === "sync_binlog")?.text).toContain("sync_binlog=1");
  expect(new Set(given.map(({ severity }) => severity))).toEqual(new Set(["warning"]));
});

test("a better value in another spelling gets no advice", () => {
  const settings = {
    ...nodeSettings("hardened", {}, node),
    gtid_strict_mode: "1",
    rpl_semi_sync_master_timeout: "2000.0",
  };
  expect(nodeAdvice("db1", GOOD, settings)).toEqual([]);
});

test("semi-sync switched off is a danger, for it loses sessions without a word", () => {
  for (const option of ["rpl_semi_sync_master_enabled", "rpl_semi_sync_slave_enabled"]) {
    const settings = nodeSettings("hardened", { [option]: false }, node);
    expect(nodeAdvice("db1", GOOD, settings)).toMatchObject([{ severity: "danger", about: option, where: "db1" }]);
  }
});

describe("releases that lose sessions are a danger, with the faults by number and the release to upgrade to:", () => {
  test.each([
    ["10.6.18", "MDEV-33465", "10.11.19"],
    ["10.11.8", "MDEV-33465, MDEV-37662, MDEV-38731", "10.11.19"],
    ["10.11.15", "MDEV-37662, MDEV-38731", "10.11.19"],
    ["11.4.2", "MDEV-33465", "the newest release of 11.4"],
    ["11.8.6", "MDEV-38731", "11.8.9"],
  ])("%s", (version, issues, better) => {
    const [danger] = advice(version);
    expect(danger).toMatchObject({ severity: "danger", about: `MariaDB ${version}`, source: `MariaDB ${issues}` });
    expect(danger?.text).toContain(`upgrade to ${better}`);
  });

  test.each([
    ["10.11.18", "MDEV-34135, MDEV-40298, MDEV-40648"],
    ["11.8.8", "MDEV-34135, MDEV-40298, MDEV-40648"],
    ["12.3.2", "MDEV-39788"],
  ])("%s has faults that lose nothing: one warning", (version, issues) => {
    expect(advice(version)).toMatchObject([{ severity: "warning", source: `MariaDB ${issues}` }]);
  });

  test("a fault that came with a release is not said of earlier ones", () => {
    expect(
      advice("11.8.5")
        .map(({ source }) => source)
        .join(),
    ).toContain("MDEV-38216");
    expect(
      advice("11.8.3")
        .map(({ source }) => source)
        .join(),
    ).not.toContain("MDEV-38216");
  });

  test.each(["10.11.19", "10.11.20", "11.4.3", "11.8.9", "12.3.3", "13.0.1"])("nothing is said of %s", (version) => {
    expect(advice(version)).toEqual([]);
  });
});

test.each(["10.4.34", "10.5.29", "10.6.30", "11.2.6", "12.1.2"])(
  "%s gets no fixes any more, which is a warning and no stop",
  (version) => {
    expect(advice(version)).toMatchObject([
      {
        severity: "warning",
        about: `MariaDB ${version}`,
        text: expect.stringMatching(/^its series gets no fixes any more/),
      },
    ]);
  },
);

test("an example password is a danger; its account is named, the password never", () => {
  const given = accountAdvice({
    proxy: { password: "nevisproxypassword" },
    replication: { user: "other_user", password: "replicationpassword" },
    binaryLog: { password: "a good one" },
    monitor: undefined,
  });
  expect(given.map(({ about, severity }) => [about, severity])).toEqual([
    ["account nevisproxy_user", "danger"],
    ["account other_user", "danger"],
  ]);
  expect(JSON.stringify(given)).not.toMatch(/nevisproxypassword|replicationpassword|a good one/);
});

test("what is said of both nodes alike is said once, with both names", () => {
  const both = ["db1", "db2"].flatMap((name) => nodeAdvice(name, GOOD, nodeSettings("vendor", {}, node)));
  const said = together(both);
  expect(said.length).toBe(both.length / 2);
  expect(new Set(said.map(({ where }) => where))).toEqual(new Set(["db1, db2"]));
});

test("certificates get advice when they end within 30 days", () => {
  expect(certificateAdvice("db1", undefined)).toEqual([]);
  expect(certificateAdvice("db1", 30)).toEqual([]);
  expect(certificateAdvice("db1", 29)).toMatchObject([
    { severity: "warning", where: "db1", about: "certificate", text: expect.stringMatching(/^ends in 29 days/) },
  ]);
});

describe("passwords", () => {
  const changes = new Map([
    ["session_store_admin@localhost", new Date("2026-01-05T10:00:00Z")],
    ["nevisproxy_user@%", new Date("2026-03-01T10:00:00Z")],
  ]);
  const now = new Date("2026-04-05T11:00:00Z");

  test("are told of from the stated age on, and not where none is stated", () => {
    expect(passwordAdvice("db1", changes, { passwordAge: 90 }, now)).toEqual([
      expect.objectContaining({
        about: "account session_store_admin@localhost",
        text: expect.stringMatching(/^its password was last changed on 2026-01-05, more than 90 days ago;/),
      }),
    ]);
    expect(passwordAdvice("db1", changes, { passwordAge: 91 }, now)).toEqual([]);
    expect(passwordAdvice("db1", changes, {}, now)).toEqual([]);
  });
});

test("certificates are told of from the stated number of days on", () => {
  const about = (days: number, certificateDays?: number) =>
    certificateAdvice("db1", days, { certificateDays }).map(({ about }) => about);
  expect([about(29), about(30), about(59, 60), about(60, 60), about(20, 10)]).toEqual([
    ["certificate"],
    [],
    ["certificate"],
    [],
    [],
  ]);
});
