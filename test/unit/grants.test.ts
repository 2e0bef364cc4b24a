import fc from "fast-check";
import {
  compareGrants,
  type GrantServer,
  grantProblem,
  versionProblem,
} from "../../provider/src/recipe/accounts/grants";
import { escapeWildcards, parseGrant, quoteName, renderGrant } from "../../provider/src/recipe/accounts/grantText";
import { allOn } from "../../provider/src/recipe/accounts/privileges";
import { Version } from "../../provider/src/recipe/version";

const on = (version: string, lowerCaseNames = false): GrantServer => ({
  version: Version.parse(version),
  lowerCaseNames,
});
const V1011 = on("10.11.19-MariaDB");
const V118 = on("11.8.6-MariaDB");

const STORE = "ALL PRIVILEGES ON `replicated_session_store`.*";
const live = (...texts: string[]) => texts.map((text) => `GRANT ${text} TO \`u\`@\`%\``);
const usage = "GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'";

/** Privileges that may stand together in one list, with other spellings of some. */
const TABLE_PRIVILEGES = ["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "INDEX", "TRIGGER", "SHOW VIEW"];
const GLOBAL_SPELLINGS = [
  ["REPLICATION CLIENT", "BINLOG MONITOR", "binlog monitor"],
  ["SLAVE MONITOR", "REPLICA MONITOR", "Replica Monitor"],
  ["REPLICATION SLAVE", "REPLICATION REPLICA", "replication replica"],
  ["REPLICATION SLAVE ADMIN", "REPLICATION REPLICA ADMIN", "replication slave admin"],
  ["PROCESS", "Process", "process"],
  ["RELOAD", "Reload", "reload"],
] as const;

const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter((text) => !/\p{Cc}/u.test(text));
const object = fc.oneof(
  name.map((database) => `${quoteName(database)}.*`),
  fc.tuple(name, name).map(([database, table]) => `${quoteName(database)}.${quoteName(table)}`),
);
const privileges = fc.subarray(TABLE_PRIVILEGES, { minLength: 1 });

describe("a grant as text", () => {
  test("is read back as it was written, whatever the names are", () => {
    fc.assert(
      fc.property(object, privileges, (target, wanted) => {
        const read = parseGrant(renderGrant(target, wanted));
        expect(read.on).toBe(target);
        expect(read.privileges.map((privilege) => privilege.name)).toEqual(wanted);
        expect(
          renderGrant(
            read.on,
            read.privileges.map((privilege) => privilege.written),
          ),
        ).toBe(renderGrant(target, wanted));
      }),
    );
  });

  test("may be written with any quotes, any case and any blanks", () => {
    const same = ["SELECT, INSERT ON `d`.`t`", "select,insert  on d.t", 'Select , Insert ON TABLE "d"."t"'];
    for (const text of same) {
      expect(parseGrant(text)).toMatchObject({ on: "`d`.`t`", level: "table" });
      expect(parseGrant(text).privileges.map((privilege) => privilege.name)).toEqual(["SELECT", "INSERT"]);
    }
  });

  test("with columns names the privilege on each of them", () => {
    const { privileges: read } = parseGrant(
      "GRANT SELECT (`y`, `x`), INSERT (`y`), UPDATE ON `d`.`t` TO `a`@`%` WITH GRANT OPTION",
    );
    expect(read.map((privilege) => privilege.name)).toEqual([
      "SELECT (`x`)",
      "SELECT (`y`)",
      "INSERT (`y`)",
      "UPDATE",
      "GRANT OPTION",
    ]);
  });

  test("of a role, a default role, a routine, a proxy and a database called function is understood", () => {
    expect(parseGrant("GRANT `r` TO `a`@`%` WITH ADMIN OPTION")).toMatchObject({ on: "ROLE", level: "other" });
    expect(parseGrant("GRANT r TO a@`%`").privileges).toEqual([{ name: "`r`", written: "`r`" }]);
    expect(parseGrant("SET DEFAULT ROLE `r` FOR `a`@`%`")).toMatchObject({ on: "DEFAULT ROLE" });
    expect(parseGrant("GRANT EXECUTE ON PROCEDURE `d`.`p` TO `a`@`%`").on).toBe("PROCEDURE `d`.`p`");
    expect(parseGrant("GRANT PROXY ON `root`@`localhost` TO `a`@`%`")).toMatchObject({ on: "`root`@`localhost`" });
    expect(parseGrant("SELECT ON function.t").on).toBe("`function`.`t`");
  });
});

describe("a wanted grant is refused when it", () => {
  test.each([
    ["SELEKT ON d.*", /no privilege "SELEKT"/],
    ["SUPER ON d.*", /"SUPER" can't be given on `d`\.\*/],
    ["DROP (x) ON d.t", /"DROP \(`x`\)" can't be given/],
    ["LOCK TABLES ON d.t", /can't be given/],
    ["SELECT ON d.* WITH GRANT OPTION", /right to grant/],
    ["SELECT, GRANT OPTION ON d.*", /right to grant/],
    ["SELECT ON d.* TO someone", /leave out TO/],
    ["some_role", /roles/],
    ["PROXY ON root@localhost", /act as another account \(PROXY\)/],
    ["PROXY ON x", /act as another account \(PROXY\)/],
    ["proxy ON ''@''", /act as another account \(PROXY\)/],
    ["GRANT PROXY ON *.*", /act as another account \(PROXY\)/],
    ["PROXY ON d.*", /act as another account \(PROXY\)/],
    ["SELECT ON t", /name the database too/],
    [`SELECT ON ${"d".repeat(65)}.*`, /has 65 characters/],
    [`SELECT ON \`${"d".repeat(63)}\\_\`.*`, /has 65 characters/],
    ["SELECT ON `d `.*", /ends with a blank/],
    ["SELECT (`c `) ON d.t", /ends with a blank/],
    ["EXECUTE ON FUNCTION d.`😀`", /beyond U\+FFFF/],
    ["SELECT ON *", /name the database/],
    ["SELECT ON d.*; DROP TABLE t", /can't be read/],
    ["SELECT ON d.* IDENTIFIED BY 'x'", /not expected/],
    ["ON d.*", /privilege is missing/],
    ["", /privilege is missing/],
  ])("reads %p", (text, reason) => {
    expect(grantProblem(text)).toMatch(reason);
  });

  test.each([
    ["10.11.19", "SHOW CREATE ROUTINE ON d.*", "SHOW CREATE ROUTINE", "11.3.0"],
    ["10.11.19", "EXECUTE, show create routine ON PROCEDURE d.p", "show create routine", "11.3.0"],
    ["10.5.8", "REPLICA MONITOR ON *.*", "REPLICA MONITOR", "10.5.9"],
    ["10.4.34", "READ ONLY ADMIN ON *.*", "READ ONLY ADMIN", "10.5.2"],
    ["10.4.34", "BINLOG ADMIN ON *.*", "BINLOG ADMIN", "10.5.2"],
  ])("names what MariaDB %s does not have yet: %s", (version, text, privilege, since) => {
    expect(versionProblem(text, Version.parse(version))).toContain(
      `MariaDB ${version} has no privilege "${privilege}", which came with ${since}`,
    );
    expect(versionProblem(text, Version.parse("11.8.6"))).toBeUndefined();
  });

  test("is one that MariaDB knows, it is taken", () => {
    for (const text of [
      STORE,
      "REPLICATION CLIENT ON *.*",
      "SELECT (a, b), INSERT ON d.t",
      "EXECUTE ON FUNCTION d.f",
      "USAGE ON *.*",
    ]) {
      expect(grantProblem(text)).toBeUndefined();
    }
  });
});

describe("nothing healthy is reported:", () => {
  const healthy = (wanted: string[], lines: string[], server = V1011) =>
    expect(compareGrants(wanted, lines, server)).toEqual({ shown: wanted, missing: [], extra: [], lost: [] });

  test("order, case and other names of the same privileges", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(5), fc.nat(2), fc.nat(2)), { minLength: 1, maxLength: 8 }),
        fc.infiniteStream(fc.nat(1000)),
        (picks, random) => {
          const spell = (i: number, how: number) => GLOBAL_SPELLINGS[i]?.[how] ?? "";
          const wanted = picks.map(([which, how]) => `${spell(which, how)} ON *.*`);
          const shuffled = [...picks].sort(() => (random.next().value ?? 0) - 500);
          const lines = live(`${shuffled.map(([which, , how]) => spell(which, how)).join(", ")} ON *.*`);
          healthy(wanted, lines);
        },
      ),
    );
  });

  test("ALL PRIVILEGES spelled out, and what an upgrade to 11.3 did not add to it", () => {
    const spelledOut = allOn("database", V1011.version).join(", ");
    healthy([STORE], live(`${spelledOut} ON \`replicated_session_store\`.*`));
    healthy([STORE], live(`${spelledOut} ON \`replicated_session_store\`.*`), V118);
    healthy([STORE], live(STORE), V118);
    healthy(["ALL ON *.*"], live("ALL PRIVILEGES ON *.*"), V118);
  });

  test("SUPER as an upgrade to 11.8 expands it, and with READ_ONLY ADMIN as one to 10.11 does", () => {
    healthy(
      ["SUPER ON *.*"],
      live(
        "SUPER, BINLOG MONITOR, SET USER, FEDERATED ADMIN, CONNECTION ADMIN, REPLICATION SLAVE ADMIN, REPLICATION MASTER ADMIN, BINLOG ADMIN, BINLOG REPLAY, SLAVE MONITOR ON *.*",
      ),
      V118,
    );
    healthy(["SUPER ON *.*"], live("SUPER, READ_ONLY ADMIN ON *.*"));
  });

  test("SLAVE MONITOR, which an upgrade from before 10.5 gives to who had REPLICATION CLIENT or SLAVE", () => {
    healthy(["REPLICATION CLIENT ON *.*"], live("BINLOG MONITOR, SLAVE MONITOR ON *.*"));
    healthy(["REPLICATION SLAVE ON *.*"], live("REPLICATION SLAVE, REPLICATION MASTER ADMIN, SLAVE MONITOR ON *.*"));
  });

  test("the exact name of a database where the wanted one is a pattern", () => {
    const exact = STORE.replaceAll("_", "\\_");
    healthy([STORE], live(exact));
    healthy([STORE], live(exact, STORE));
  });

  test("names that the server keeps in lower case", () => {
    healthy(["SELECT ON Mixed.*"], live("SELECT ON `mixed`.*"), on("10.11.19", true));
  });

  test("the line that says nothing but USAGE", () => {
    healthy([], [usage]);
  });

  test("names of routines, which the server keeps in lower case; and of their databases, where it does so too", () => {
    healthy(["EXECUTE ON PROCEDURE Db.MyProc"], live("EXECUTE ON PROCEDURE `Db`.`myproc`"));
    healthy(["EXECUTE ON PROCEDURE Db.MyProc"], live("EXECUTE ON PROCEDURE `db`.`myproc`"), on("10.11.19", true));
  });

  test("columns of a table on which the account has all privileges, which the server does not show", () => {
    healthy(["ALL ON d.t", "SELECT (a) ON d.t"], live("ALL PRIVILEGES ON `d`.`t`"));
  });

  test("what a certificate is called that older servers show with its quotes", () => {
    healthy(
      ["PROCESS ON *.*"],
      ["GRANT PROCESS ON *.* TO `u`@`%` REQUIRE ISSUER '/CN=a' WITH GRANT OPTION' SUBJECT '/CN=\"x\\'"],
    );
    const handsOn =
      "GRANT PROCESS ON *.* TO `u`@`%` REQUIRE ISSUER '/CN=a'b' WITH GRANT OPTION MAX_STATEMENT_TIME 1.500000";
    expect(compareGrants(["PROCESS ON *.*"], [handsOn], V1011).extra).toEqual([
      { on: "*.*", privileges: ["GRANT OPTION"] },
    ]);
  });
});

describe("a difference is shown in the wanted one's words:", () => {
  const shown = (wanted: string[], lines: string[], server = V1011) => compareGrants(wanted, lines, server).shown;

  test("a missing grant is left out", () => {
    expect(shown(["REPLICATION CLIENT ON *.*", STORE], [usage, ...live(STORE)])).toEqual([STORE]);
  });

  test("one privilege missing from ALL is named", () => {
    const rest = allOn("database", V1011.version).filter((each) => each !== "DROP");
    const lines = live(`${rest.join(", ")} ON \`replicated_session_store\`.*`);
    expect(compareGrants([STORE], lines, V1011)).toEqual({
      shown: [`${STORE} without DROP`],
      missing: [{ on: "`replicated_session_store`.*", privileges: ["DROP"] }],
      extra: [],
      lost: [],
    });
  });

  test("what is too much comes after, ALL PRIVILEGES as such", () => {
    const wanted = ["REPLICATION SLAVE ON *.*"];
    expect(shown(wanted, live("REPLICATION SLAVE, FILE ON *.*"))).toEqual([...wanted, "FILE ON *.*"]);
    expect(shown(wanted, live("ALL PRIVILEGES ON *.*"))).toEqual([...wanted, "ALL PRIVILEGES ON *.*"]);
    expect(
      shown([STORE], ["GRANT ALL PRIVILEGES ON `replicated_session_store`.* TO `u`@`%` WITH GRANT OPTION"]),
    ).toEqual([STORE, "GRANT OPTION ON `replicated_session_store`.*"]);
    expect(shown([], ["GRANT `analyst` TO `u`@`%`", "SET DEFAULT ROLE `analyst` FOR `u`@`%`"])).toEqual([
      "ROLE `analyst`",
      "DEFAULT ROLE `analyst`",
    ]);
  });

  test("columns are named as the server has them, and those that a REVOKE on their table takes along are told", () => {
    const parts = compareGrants(["SELECT (a, B) ON d.t"], live("SELECT, INSERT (`C`), SELECT (`B`) ON `d`.`t`"), V1011);
    expect(parts).toEqual({
      shown: ["SELECT (a, B) ON d.t without SELECT (`a`)", "SELECT, INSERT (`C`) ON `d`.`t`"],
      missing: [{ on: "`d`.`t`", privileges: ["SELECT (`a`)"] }],
      extra: [{ on: "`d`.`t`", privileges: ["SELECT", "INSERT (`C`)"] }],
      lost: [{ on: "`d`.`t`", privileges: ["SELECT (`B`)", "SELECT (`a`)"] }],
    });
  });

  test("a table is not taken for one of a database with a name that would match as a pattern", () => {
    expect(shown(["SELECT ON a_b.t"], live("SELECT ON `a\\_b`.`t`"))).toEqual(["SELECT ON `a\\_b`.`t`"]);
  });

  test("all privileges spelled out are granted so, not as ALL, which newer servers take for more", () => {
    expect(compareGrants(["EXECUTE, ALTER ROUTINE ON PROCEDURE d.p"], [], V118).missing).toEqual([
      { on: "PROCEDURE `d`.`p`", privileges: ["EXECUTE", "ALTER ROUTINE"] },
    ]);
  });

  test("a pattern where the exact name is wanted is too much, and the exact one missing", () => {
    const exact = STORE.replaceAll("_", "\\_");
    expect(shown([exact], live(STORE))).toEqual([STORE]);
  });

  test("an exact name with fewer rights hides the pattern from MariaDB, so it is shown", () => {
    const narrower = "SELECT ON `replicated\\_session\\_store`.*";
    expect(shown([STORE], live(STORE, narrower))).toEqual([STORE, narrower]);
  });

  test("SUPER that can't purge on 11.0.1 and later", () => {
    expect(compareGrants(["SUPER ON *.*"], live("SUPER ON *.*"), V118)).toMatchObject({
      shown: ["SUPER ON *.* without BINLOG ADMIN, REPLICATION CLIENT"],
      missing: [{ on: "*.*", privileges: ["BINLOG ADMIN", "REPLICATION CLIENT"] }],
    });
    expect(shown(["SUPER ON *.*"], live("SUPER ON *.*"))).toEqual(["SUPER ON *.*"]);
  });

  test("a privilege that the server does not have never becomes another one", () => {
    const parts = compareGrants(["SHOW CREATE ROUTINE ON d.*"], [], V1011);
    expect(parts.missing).toEqual([]);
  });

  test("the newer names on a server that is older than they are", () => {
    const wanted = ["BINLOG ADMIN ON *.*", "SLAVE MONITOR ON *.*"];
    expect(shown(wanted, live("SUPER, REPLICATION CLIENT ON *.*"), on("10.4.34"))).toEqual(wanted);
  });
});

test("what is missing and too much, applied, leaves no difference", () => {
  const scope = fc.constantFrom("`a`.*", "`a\\_b`.*", "`a_b`.*", "`a`.`t`");
  const grants = fc.array(fc.tuple(scope, privileges), { maxLength: 5 });
  fc.assert(
    fc.property(grants, grants, (wantedParts, liveParts) => {
      const wanted = wantedParts.map(([target, list]) => renderGrant(target, list));
      const lines = live(...liveParts.map(([target, list]) => renderGrant(target, list)));
      const { missing, extra } = compareGrants(wanted, lines, V1011);
      const has = new Set(liveParts.flatMap(([target, list]) => list.map((each) => renderGrant(target, [each]))));
      for (const { on: target, privileges: list } of missing)
        for (const each of list) has.add(renderGrant(target, [each]));
      for (const { on: target, privileges: list } of extra)
        for (const each of list) has.delete(renderGrant(target, [each]));
      expect(compareGrants(wanted, live(...has), V1011)).toEqual({ shown: wanted, missing: [], extra: [], lost: [] });
    }),
  );
});

test("an escaped database name matches itself alone", () => {
  expect(escapeWildcards("replicated_session_store")).toBe("replicated\\_session\\_store");
  expect(escapeWildcards("plain-name$1")).toBe("plain-name$1");
});
