import { mkdir, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import fc from "fast-check";
import { meaningOf, overridingLines } from "../../provider/src/recipe/settings/foreignLines";
import { nodeSettings } from "../../provider/src/recipe/settings/ofNode";
import {
  isReadBy,
  type OptionLine,
  parseOptionFile,
  renderOptionFile,
} from "../../provider/src/recipe/settings/optionFile";
import { KNOWN_OPTIONS, optionMeant } from "../../provider/src/recipe/settings/optionNames";
import { lineAbout, OPTION_FILE_TEXTS } from "./optionFileTexts";
import type { Comparison } from "./oracle";

/** MariaDB's own programs are the oracle for option files. */

/** Returns what a command prints of each text, which is in the file `$f`. */
export type AskPrograms = (texts: readonly string[], command: string) => Promise<string[]>;

/**
 * @param folder where the files are written
 * @param sh runs a script where the programs are
 * @param there the folder's path for that script. @default the same
 */
export function programs(folder: string, sh: (script: string) => Promise<string>, there = folder): AskPrograms {
  return async (texts, command) => {
    await mkdir(folder, { recursive: true });
    await Promise.all(texts.map((text, index) => writeFile(path.join(folder, `${index}.cnf`), text)));
    const files = texts.map((_, index) => `${there}/${index}.cnf`);
    const printed = await sh(
      `cd /; export PATH=$PATH:/usr/sbin; for f in ${files.join(" ")}; do ${command}; echo END; done`,
    );
    await rm(folder, { recursive: true });
    return printed.split("END\n").slice(0, -1);
  };
}

/** An option as `my_print_defaults` prints it: names with underscores and in small letters, as ours are. */
export const spelled = (text: string): string =>
  text.replace(/^[^=]*/, (name) => name.toLowerCase().replace(/(?<!^-?)-/g, "_"));

export const argument = ({ option, value }: OptionLine): string =>
  `--${option}${value === undefined ? "" : `=${value}`}`;

/** @param version such as `10.11` */
export const printDefaultsCommand = (version: string): string =>
  [
    'my_print_defaults --defaults-file="$f" mysqld server mariadb mariadbd client-server galera',
    ...["mysqld", "mariadb", "mariadbd"].map((group) => `${group}-${version}`),
  ].join(" ");

const optionsIn = (file: string, text: string): OptionLine[] =>
  parseOptionFile(file, text).flatMap((item) => ("option" in item ? [item] : []));

/** What a file says: options in their order. */
export function textComparison(version: string, ask: () => AskPrograms): Comparison<string, readonly string[]> {
  return {
    cases: OPTION_FILE_TEXTS,
    oracle: async (texts) => {
      const printed = await ask()(texts, `${printDefaultsCommand(version)} 2>/dev/null || echo fatal`);
      return printed.map((text) => text.split("\n").slice(0, -1).map(spelled));
    },
    ours: (text) => {
      if (parseOptionFile("", text).some((item) => "problem" in item)) return ["fatal"];
      const lines = optionsIn("", text).filter((line) => isReadBy(line, `${version}.`));
      // A line break in a value is printed as it is.
      return lines.flatMap((line) => argument(line).split("\n").map(spelled));
    },
  };
}

/** What options mean: which of our settings other lines change, as `--help --verbose` shows every variable after a start. */
export function meaningComparison(ask: () => AskPrograms): Comparison<ForeignLines, readonly string[]> {
  return {
    cases: fc.record({ before: fc.array(LINE, { maxLength: 2 }), after: fc.array(LINE, { maxLength: 2 }) }),
    oracle: async (cases) => {
      const [alone = new Map(), ...all] = (await ask()([OURS, ...cases.map(withOurs)], SHOW_VARIABLES)).map(variables);
      // What keeps a server from starting is asked of the server itself before it is stopped.
      return cases.map((one, index) => {
        const now = all[index];
        return now ? named(SEEN.filter((option) => now.get(option) !== alone.get(option))) : overridden(one);
      });
    },
    ours: overridden,
    inTest: 100,
  };
}

/** Options of a server that stand for themselves though they begin the name of another, and that we would take for that other one. */
export async function mistakenNames(ask: AskPrograms): Promise<string[]> {
  const [all = new Map()] = (await ask([""], SHOW_VARIABLES)).map(variables);
  const names = [...all.keys()].filter((name) => /^[a-z_0-9]+$/.test(name));
  expect(names.length).toBeGreaterThan(500);
  return names.filter((name) => {
    const longer = names.filter((other) => other !== name && other.startsWith(name));
    return longer.some((other) => optionMeant({ option: name, value: "" }, new Set([other])).option === other);
  });
}

/** Lines of others in files before and after ours. */
export interface ForeignLines {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

const SETTINGS = nodeSettings(
  "hardened",
  {
    long_query_time: 2,
    slow_query_log: true,
    innodb_flush_log_at_trx_commit: 1,
    default_storage_engine: "InnoDB",
    tmp_table_size: "32M",
    sql_mode: "ANSI_QUOTES",
    innodb_print_all_deadlocks: "ON",
  },
  { nodeNumber: 2, bindAddress: "10.0.0.1", patterns: ["d.%session"], tls: { ca: "/ca.pem", certificate: "/c.pem" } },
);
const OURS = renderOptionFile(SETTINGS);
const UNWRITTEN_ONES = ["read_only", "autocommit", "innodb_force_recovery", "sql_safe_updates", "flashback"];
/** No process shows these before it runs: `contract/filters` starts servers with them. */
const UNSEEN = /^(replicate_|binlog_(do|ignore)_db|slave_connections_needed_for_purge)/;
const SEEN = [...Object.keys(SETTINGS), ...UNWRITTEN_ONES].filter((option) => !UNSEEN.test(option));
const KNOWN = new Set([...KNOWN_OPTIONS, ...SEEN]);
const PLACES_OF_LOG = ["log_bin", "log_basename", "log_bin_index"];

const ALIASES = [
  "ansi",
  "binlog_expire_logs_seconds",
  "log_slow_query_time",
  "slave_parallel_workers",
  "log_slow_query",
];
const LINE = lineAbout([...SEEN, ...ALIASES]);

const SHOW_VARIABLES = `mariadbd --defaults-file="$f" --user=root --datadir=/nonexistent --help --verbose 2>&1 |
  sed -n '/\\[ERROR\\]/p; /^Variables (--/,$p'`;

/** Undefined: it would not start. */
function variables(printed: string): ReadonlyMap<string, string> | undefined {
  if (printed.includes("[ERROR]")) return undefined;
  const rows = printed.split("\n").map((row) => /^([a-z0-9-]+) +(.*)$/.exec(row) ?? []);
  return new Map(rows.map(([, name = "", value = ""]) => [name.replaceAll("-", "_"), placed(name, value.trim())]));
}

/** What `log_basename` makes of it at a start, which is not shown before: `contract/provider.settings` looks at a server. */
const placed = (name: string, value: string): string =>
  name.startsWith("log-bin") ? value.replace(/^mariadbmaster-bin(\.\w+)?$/, "") : value;

const withOurs = ({ before, after }: ForeignLines): string =>
  ["[mysqld]", ...before, OURS, "[mariadb]", ...after, ""].join("\n");

function overridden({ before, after }: ForeignLines): string[] {
  const lines = [
    ...optionsIn("early.cnf", ["[mysqld]", ...before].join("\n")),
    ...optionsIn("ours.cnf", OURS),
    ...optionsIn("late.cnf", ["[mysqld]", ...after].join("\n")),
  ];
  const options = overridingLines(lines, "ours.cnf").flatMap((line) => {
    const also = optionMeant(line, KNOWN).also?.option;
    return [meaningOf(line, KNOWN).option, ...(also === undefined ? [] : [also])];
  });
  return named(options.filter((option) => SEEN.includes(option) || PLACES_OF_LOG.includes(option)));
}

/** The place of the log is said by several options, and `flashback` says the format of the log, whatever other lines say. */
function named(options: readonly string[]): string[] {
  const left = options.includes("flashback") ? options.filter((option) => option !== "binlog_format") : options;
  return [...new Set(left.map((option) => (PLACES_OF_LOG.includes(option) ? "the place of the log" : option)))].sort();
}
