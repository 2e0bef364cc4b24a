import fc from "fast-check";
import { RECIPE_DATABASE, RECIPE_PATTERNS, wildDoTables } from "../../provider/src/recipe/filters";
import { movedLogs, overridingLines, repeatingFiles } from "../../provider/src/recipe/settings/foreignLines";
import { nodeSettings } from "../../provider/src/recipe/settings/ofNode";
import {
  describeLine,
  isReadBy,
  type OptionLine,
  parseOptionFile,
  renderOptionFile,
} from "../../provider/src/recipe/settings/optionFile";
import { overrideRemedies } from "../../provider/src/recipe/settings/overrideRemedies";
import { optionFile } from "../support/recipeText";

const options = (text: string, file = "my.cnf"): OptionLine[] =>
  parseOptionFile(file, text).flatMap((item) => ("option" in item ? [item] : []));
/** Older servers ignore it. */
const written = (option: string) => (option === "slave_connections_needed_for_purge" ? `loose_${option}` : option);
const values = (text: string) => options(text).map(({ option, value }) => [option, value]);

describe("what is written is read back the same:", () => {
  // What no option may hold is refused before: control characters. All the rest may stand in a value.
  const value = fc.oneof(
    fc.stringMatching(/^[ -~äß]{0,20}$/),
    fc.stringMatching(/^[\\"'# =;%a]{0,10}$/),
    fc.constantFrom("\\", "\\\\", '"', "'", '\\"', 'a"b', "a'b", "a # b", " a ", "#a", "a\\nb", "a\\", ""),
  );

  test("each kind of line that would win over ours has its own remedy", () => {
    const line = (number: number, text: string) => ({ file: "zz.cnf", line: number, group: "mariadb", ...said(text) });
    const said = (text: string) => ({ option: text.split("=")[0] ?? "", value: text.split("=")[1] });
    expect(overrideRemedies([line(2, "max_connections=77"), line(3, "bind_address=127.0.0.1")])).toBe(
      'Remove these lines, or say the same in "settings".',
    );
    expect(overrideRemedies([line(2, "binlog_do_db=app")])).toBe(
      "Remove these lines: rows that they keep back never reach the other node.",
    );
    expect(
      overrideRemedies(
        [
          "max_connections=77",
          "binlog_do_db=app",
          "read_only=ON",
          "slave_exec_mode=STRICT",
          "port=1",
          "max_binlog_size=4M",
        ].map((text, index) => line(index + 1, text)),
      ),
    ).toBe(
      "Remove zz.cnf:5: with them the next start would take the server elsewhere, fail, or let everybody in. " +
        "Remove zz.cnf:2: rows that they keep back never reach the other node. " +
        "Remove zz.cnf:3, zz.cnf:4: no pair works with them. " +
        'Remove zz.cnf:1, zz.cnf:6, or say the same in "settings".',
    );
  });

  test("any value", () => {
    fc.assert(
      fc.property(value, (text) => {
        expect(values(renderOptionFile({ max_allowed_packet: text }))).toEqual([["max_allowed_packet", text]]);
      }),
      { numRuns: 500 },
    );
  });

  test("any number of patterns, each on a line of its own and in order", () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), (patterns) => {
        expect(values(renderOptionFile({ replicate_wild_do_table: patterns }))).toEqual(
          patterns.map((pattern) => ["replicate_wild_do_table", pattern]),
        );
      }),
    );
  });

  test("every setting of both profiles", () => {
    const node = { nodeNumber: 2, bindAddress: "*", patterns: ["a\\_b.%session", "a\\_b.%conf"] };
    for (const profile of ["vendor", "hardened"] as const) {
      const settings = nodeSettings(profile, {}, node);
      const wanted = Object.entries(settings).flatMap(([option, one]) =>
        option === "log_bin" ? [[option, undefined]] : [one].flat().map((single) => [written(option), single]),
      );
      expect(values(renderOptionFile(settings))).toEqual(wanted);
    }
  });
});

test("all is in a group that the server reads, and each setting has its reason above it", () => {
  const text = renderOptionFile({ log_bin: "ON", max_connections: "1000" });
  expect(options(text).map(({ group }) => group)).toEqual(["mariadb", "mariadb"]);
  expect(text).toMatch(/# Maximum number of connections\nmax_connections=1000\n$/);
});

test("an option that older servers don't know is written so that they pass over it", () => {
  const text = renderOptionFile({ slave_connections_needed_for_purge: "0" });
  expect(text).toContain("\nloose_slave_connections_needed_for_purge=0\n");
  expect(values(text)).toEqual([["loose_slave_connections_needed_for_purge", "0"]]);
});

describe("a file is read as the server reads it:", () => {
  test("the recipe's own, with dashes, quotes and an option without a value", () => {
    const read = values(optionFile(1));
    expect(read.slice(0, 4)).toEqual([
      ["log_bin", undefined],
      ["server_id", "1"],
      ["gtid_domain_id", "1"],
      ["log_basename", "mariadbmaster"],
    ]);
    expect(read.filter(([option]) => option === "replicate_wild_do_table").map(([, value]) => value)).toEqual(
      wildDoTables([RECIPE_DATABASE], RECIPE_PATTERNS),
    );
  });

  test.each<[string, string, unknown]>([
    ["blanks around name and value", "  max-connections  =  5  ", [["max_connections", "5"]]],
    ["a comment after the value", "max_connections=5 # five", [["max_connections", "5"]]],
    ["a comment right after the value", "max_connections=5# five", [["max_connections", "5"]]],
    ["a comment after a quoted value with quotes in it", 'a="x" # say "y"', [["a", "x"]]],
    ["a comment after an option without a value", "log_bin # on", [["log_bin", undefined]]],
    ["comment lines of both kinds", "#a=1\n;b=2\n  # c=3", []],
    ["a # in quotes", "a='x # y'", [["a", "x # y"]]],
    ["an escaped quote in quotes", 'a="x\\"#y" # z', [["a", 'x"#y']]],
    ["a blank and a backslash, each escaped, without quotes", "a=x\\sy\\\\z", [["a", "x y\\z"]]],
    ["a backslash that escapes nothing", "a=d\\_b.%", [["a", "d\\_b.%"]]],
    ["quotes that begin and don't end", 'a="x', [["a", '"x']]],
    ["an empty value", "a=", [["a", ""]]],
    ["a name in capitals", "Max_Connections=5", [["max_connections", "5"]]],
    [
      "line ends of Windows",
      "a=1\r\nb=2\r\n",
      [
        ["a", "1"],
        ["b", "2"],
      ],
    ],
    ["a value with = in it", "a=b=c", [["a", "b=c"]]],
  ])("%s", (_what, lines, wanted) => {
    expect(values(`[mariadb]\n${lines}`)).toEqual(wanted);
  });

  test("groups of other programs are none of the server's business", () => {
    const text =
      "[client]\na=1\n[mysqld]\nb=2\n[mysqldump]\nc=3\n[server]\nd=4\n[mariadb-dump]\ne=5\n[mariadbd]\nf=6\n";
    expect(options(text).map(({ option }) => option)).toEqual(["b", "d", "f"]);
    expect(values("[client]\na=1\n[mysqld]\nb=2")).toEqual([["b", "2"]]);
  });

  test("a group of one version is read by that version only", () => {
    const [first, second] = options("[mariadb-10.11]\na=1\n[mysqld]\nb=2");
    if (!first || !second) throw new Error("two lines are there");
    expect(["10.11.19", "10.5.23", "10.1.48"].map((version) => isReadBy(first, version))).toEqual([true, false, false]);
    expect(isReadBy(second, "10.5.23")).toBe(true);
  });

  test("what it includes stands where it is included", () => {
    const text = "[mariadb]\na=1\n!includedir /etc/more.d\n!include /etc/one more.cnf\nb=2\n";
    expect(parseOptionFile("my.cnf", text)).toMatchObject([
      { option: "a", line: 2 },
      { include: "/etc/more.d", isFolder: true, line: 3 },
      { include: "/etc/one more.cnf", isFolder: false, line: 4 },
      { option: "b", line: 5 },
    ]);
  });
});

describe("a line of another file overrides ours", () => {
  const ours = '[mariadb]\nmax_connections=1000\nreplicate_wild_do_table="d.%session"\n';
  const overriding = (before: string, after: string) => {
    const lines = [
      ...options(`[mariadb]\n${before}`, "early.cnf"),
      ...options(ours, "ours.cnf"),
      ...options(`[mysqld]\n${after}`, "late.cnf"),
    ];
    return overridingLines(lines, "ours.cnf").map(describeLine);
  };

  test("when it comes later and says otherwise", () => {
    expect(overriding("", "max_connections=500")).toEqual(["late.cnf:2 max_connections=500"]);
    expect(overriding("", "a=1\nmax-connections = 500 # less")).toEqual(["late.cnf:3 max_connections=500"]);
  });

  test("not when it comes earlier, says the same, or is about something else", () => {
    expect(overriding("max_connections=500", "max_connections=1000\nmax_allowed_packet=1M")).toEqual([]);
  });

  test("not when it says the same in other words", () => {
    expect(overriding("", "max_connections=1000.0")).toEqual([]);
  });

  test("not when a still later line says again what we say, for the last one wins", () => {
    expect(overriding("", "max_connections=500\nmax_connections=1000")).toEqual([]);
    expect(overriding("", "max_connections=1000\nmax_connections=500")).toEqual(["late.cnf:3 max_connections=500"]);
  });

  test("when it switches an option off by another name", () => {
    const lines = [...options("[mariadb]\nlog_bin\n", "ours.cnf"), ...options("[mysqld]\nskip-log-bin", "late.cnf")];
    expect(overridingLines(lines, "ours.cnf").map(describeLine)).toEqual(["late.cnf:2 skip_log_bin"]);
  });

  // Each was given to MariaDB 10.11, which shows have_ssl=YES where nothing overrides.
  test.each([
    ["skip_ssl", true],
    ["ssl=0", true],
    ["ssl=off", true],
    ["disable-ssl", true],
    ["loose-skip-ssl", true],
    ["enable_ssl=0", true],
    ["skip_ssl=0", false],
    ["ssl", false],
    ["ssl=1", false],
    ["skip_ssl\nssl", false],
  ])("when it has the server do without TLS: %j", (late, overrides) => {
    const lines = [...options("[mariadb]\nssl=ON\n", "ours.cnf"), ...options(`[mysqld]\n${late}`, "late.cnf")];
    expect(overridingLines(lines, "ours.cnf")).toHaveLength(overrides ? 1 : 0);
    const early = [...options(`[mysqld]\n${late}`, "early.cnf"), ...options("[mariadb]\nssl=ON\n", "ours.cnf")];
    expect(overridingLines(early, "ours.cnf")).toEqual([]);
  });

  test.each([
    ["log_bin=/a/bin", "log_basename=other"],
    ["log_bin\nlog_basename=ours", "log_bin_index=/b/list"],
    ["log_bin\nlog_basename=ours", "log_bin=/a/ours-bin"],
    ["log_bin\nlog_basename=ours", "log_bin=ON"],
  ])("after %j, %j puts the binary log elsewhere", (ours, late) => {
    const lines = [...options(`[mariadb]\n${ours}`, "ours.cnf"), ...options(`[mysqld]\n${late}`, "late.cnf")];
    expect(overridingLines(lines, "ours.cnf").map(describeLine)).toEqual([`late.cnf:2 ${late}`]);
  });

  test("log files that our log_basename moves, by the line that named them", () => {
    const early = "[mysqld]\nrelay_log=/a\nrelay_log=/b\nslow_query_log_file=/c\ngeneral_log_file=/d\nlog_bin=/e";
    const lines = [
      ...options(early, "early.cnf"),
      ...options("[mariadb]\nlog_bin\nlog_basename=ours\ngeneral_log_file=/d", "ours.cnf"),
      ...options("[mariadb]\nslow_query_log_file=/f", "late.cnf"),
    ];
    expect(movedLogs(lines, "ours.cnf").map(describeLine)).toEqual(["early.cnf:3 relay_log=/b"]);
    expect(movedLogs(options("[mysqld]\nrelay_log=/a", "early.cnf"), "ours.cnf")).toEqual([]);
  });

  test("when it adds a pattern, for the server adds up the patterns of all files", () => {
    expect(overriding("replicate_wild_do_table=d.%other", "")).toEqual([
      "early.cnf:2 replicate_wild_do_table=d.%other",
    ]);
    expect(overriding("", "replicate-wild-do-table=d.%more")).toEqual(["late.cnf:2 replicate_wild_do_table=d.%more"]);
    expect(overriding("replicate_wild_do_table=d.%session", "")).toEqual([]);
  });

  // Each was given to MariaDB 10.11, which shows the variable so after its start.
  test.each([
    ["max_connection = 50", true],
    ["MAX-CONN=50", true],
    ["cache.max_connections=50", true],
    ["skip-max-connections", true],
    ["max_connection = 1000", false],
    ["max_connections=+01000", false],
    ["binlog_expire_logs_seconds=100", true],
    ["binlog_expire_logs_seconds=86400", false],
    ["binlog_format=r", true],
    ["binlog_format=0", false],
    ["flashback", true],
    ["skip-autocommit", true],
    ["autocommit=0\nautocommit=1", false],
    ["innodb_deadlock_detect=yes", false],
    ["innodb_deadlock_detect=no", false],
    ["innodb_deadlock_detect=constructor", false],
    ["innodb_deadlock_detect=1", true],
    ["max_connections=1.5", true],
    ["expire_logs_days=1.0000001", false],
    ["expire_logs_days=100", true],
    ["constructor=1\n__proto__\nskip-constructor\ntoString=OFF", false],
  ])("when the server takes its name and its value so: %j", (late, overrides) => {
    const file = "max_connections=1000\nexpire_logs_days=1\nbinlog_format=MIXED\ninnodb_deadlock_detect=OFF";
    const lines = [...options(`[mariadb]\n${file}`, "ours.cnf"), ...options(`[mysqld]\n${late}`, "late.cnf")];
    expect(overridingLines(lines, "ours.cnf").map(({ file: of }) => of)).toEqual(overrides ? ["late.cnf"] : []);
  });

  test("when it is the option's name without a value", () => {
    expect(overriding("", "max_connections")).toEqual(["late.cnf:2 max_connections"]);
  });
});

test("a file that says of any option what ours says is named, with all that it says of our options", () => {
  const lines = [
    ...options("[mysqld]\nexpire_logs_days=10\nbind-address=127.0.0.1", "distribution.cnf"),
    ...options("[mariadb]\nlog-bin\nserver_id=1\nexpire_logs_days = 2\nkey_buffer_size=1M", "by-hand.cnf"),
    ...options("[mariadb]\nlog_bin\nserver_id=1\nexpire_logs_days=1\nbind_address=*", "ours.cnf"),
  ];
  const named = [...repeatingFiles(lines, "ours.cnf")].map(([file, found]) => [file, found.map(describeLine)]);
  expect(named).toEqual([
    ["by-hand.cnf", ["by-hand.cnf:2 log_bin", "by-hand.cnf:3 server_id=1", "by-hand.cnf:4 expire_logs_days=2"]],
  ]);
});
