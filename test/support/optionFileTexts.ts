import fc from "fast-check";
import { settingOf } from "../../provider/src/recipe/settings/table";

/** Texts of option files as people and programs write them, and as nobody should. */

const name = fc.constantFrom(
  "a",
  "constructor",
  "__proto__",
  "max-connections",
  "Loose-B",
  "c_d",
  "skip-log-bin",
  "x.y",
  "a b",
  '"q"',
  "é",
  "-a",
  "!a",
  "max_connections ",
);
const value = fc.oneof(
  fc.stringMatching(/^[ -~]{0,12}$/),
  fc.stringMatching(/^[\\"'# =;nstrb]{0,8}$/),
  fc.string({ unit: "binary", maxLength: 6 }).map((text) => text.replace(/[\n\0]/g, "")),
  fc.nat({ max: 9000 }).map((length) => "v".repeat(length)),
);
const blank = fc.constantFrom("", "", "", " ", "\t", "  ", "\v", "\f", "\u00a0");
const option = fc.tuple(blank, name, blank, fc.constantFrom("=", "=", "==", ":"), blank, value, blank);
const group = fc.tuple(
  blank,
  fc.constantFrom(
    "mysqld",
    "mariadb",
    "server",
    "mariadbd",
    "galera",
    "client-server",
    "client",
    "MYSQLD",
    "mysqld-10.1",
    "mariadb-10.11",
    "mariadb-11",
    "mysqld_safe",
    "",
    "[mysqld",
  ),
  fc.constantFrom("", " ", "\t"),
  fc.constantFrom("]", "]", "]", "] # x", "]x", "]]", ""),
);
/** None begins with `=`: for an option without a name, the programs read what lies before the line in their memory. */
const line = fc.oneof(
  { weight: 6, arbitrary: option.map((parts) => parts.join("")) },
  { weight: 2, arbitrary: fc.tuple(blank, name, blank).map((parts) => parts.join("")) },
  {
    weight: 2,
    arbitrary: group.map(([before, of, inside, end]) => `${before}[${of}${inside}${end}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "# comment",
      "; comment",
      "",
      "   ",
      "\\",
      "'",
      "a\\",
      "#[mysqld]",
      "!",
      "!foo",
      "!includefoo x",
    ),
  },
  {
    weight: 1,
    arbitrary: fc.string({ maxLength: 20 }).filter((text) => !/\0|^\s*=/.test(text)),
  },
);

/** Most begin in a group of the server; without, it reads nothing. */
export const OPTION_FILE_TEXTS: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom("[mysqld]\n", "[mysqld]\n", "[mariadb]\r\n", "", "\ufeff[mysqld]\n"),
    fc.array(line, { maxLength: 8 }),
    fc.constantFrom("\n", "\n", "\n", "\r\n", "\r"),
    fc.constantFrom("\n", ""),
  )
  .map(([head, lines, separator, end]) => head + lines.join(separator) + end);

const SWITCHES = "0 1 on OFF True false no yes 2".split(" ");
/** No number differs from another one by its seventh digit alone: --help prints six. */
const VALUES = [
  ...SWITCHES,
  ..."2 5 10 +10 007 1000 1K 1kB 500M 524288000 524288001 2000 1e1 0.5 1.0 1.0000001 1.0006 99999999999".split(" "),
  ..."ROW r M mixed READ-COMMITTED read-c SERIAL strict idem AFTER_S after_c innodb Aria ANSI_QUOTES".split(" "),
  ..."x /ca.pem /c.pem \"/c.pem\" 10.0.0.1 * mariadbmaster /var/x 1452,1062 1062,1452 '1452'".split(" "),
  "500 M",
  "",
  "constructor",
  "mariadbmaster-bin",
  "mariadbmaster-bin.index",
];
const PREFIXES = ["", "", "", "loose-", "skip_", "disable-", "enable-", "loose_skip-", "skip-loose-", "x.", "X.loose_"];
const OTHER_SWITCHES = ["ansi", "slow_query_log", "log_slow_query", "innodb_print_all_deadlocks"];

/** A line about one of these options, in every spelling that a server takes. */
export const lineAbout = (options: readonly string[]): fc.Arbitrary<string> =>
  fc.constantFrom(...options).chain((option) => {
    const isSwitch = OTHER_SWITCHES.includes(option) || settingOf(option)?.kind.is === "boolean";
    return fc
      .tuple(
        fc.constantFrom(...PREFIXES),
        fc.constantFrom(option, option, option, option.slice(0, -1)),
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom("", ...(isSwitch ? SWITCHES : VALUES).map((value) => `=${value}`)),
      )
      .map(([prefix, name, hasDashes, isLarge, value]) => {
        const text = `${prefix}${name}`;
        const dashed = hasDashes ? text.replaceAll("_", "-") : text;
        return `${isLarge ? dashed.toUpperCase() : dashed}${value}`;
      });
  });
