import { execFile } from "node:child_process";
import { RECIPE_DATABASE, RECIPE_PATTERNS, wildDoTables } from "../../provider/src/recipe/filters";
import { checkScript } from "../../provider/src/recipe/schema/script";

/** What mariadb-dump writes, and what becomes of it when one does as the messages about it say. */

const FILTERS = { database: RECIPE_DATABASE, patterns: wildDoTables([RECIPE_DATABASE], RECIPE_PATTERNS) };

/** A database that has one of each kind. */
const DUMPED = `CREATE DATABASE ${RECIPE_DATABASE} CHARACTER SET utf8mb4; USE ${RECIPE_DATABASE};
CREATE TABLE session (id INT PRIMARY KEY COMMENT ';\\'\`', v BLOB, w VARCHAR(20));
INSERT INTO session VALUES (1, X'27000AFF5C', 'a'), (2, 'é;\\n--', NULL);
CREATE TABLE conf (PARAMETER VARCHAR(9) PRIMARY KEY, VALUE VARCHAR(9)); INSERT INTO conf VALUES ('REAPER', 'é');
CREATE TABLE old_session (id INT PRIMARY KEY AUTO_INCREMENT) WITH SYSTEM VERSIONING; INSERT INTO old_session VALUES (1);
CREATE SEQUENCE next_session; SELECT NEXTVAL(next_session);
CREATE VIEW a_session AS SELECT id FROM session;
DELIMITER //
create trigger t BEFORE INSERT ON session FOR EACH ROW BEGIN SET @a = 1; SET @b = 2; END//
CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END//
CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1//
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM conf WHERE 0//
`;
const TABLES = "session conf old_session next_session";

/** Options that change the text. What only changes how the rows are read is left out, and so is what writes no tables (--system, --tab). */
const DUMP_OPTIONS = [
  "",
  "--skip-quote-names",
  ...["ansi", "mysql40", "no_table_options", "oracle", "postgresql", "mssql", "db2", "maxdb"].map(
    (mode) => `--compatible=${mode}`,
  ),
  ...[
    "--dump-history",
    "--add-drop-database --databases",
    "--databases",
    "--all-databases",
    "--no-create-db --databases",
  ],
  ...["--triggers", "--triggers --add-drop-trigger", "--routines", "--events", "--routines --triggers --events"],
  ...["--skip-add-drop-table", "--skip-add-locks", "--skip-disable-keys", "--no-autocommit", "--skip-extended-insert"],
  ...[
    "--apply-slave-statements --dump-slave",
    "--dump-slave",
    "--master-data",
    "--master-data --gtid",
    "--master-data=2",
  ],
  ...["--compact", "--skip-comments", "--complete-insert", "--skip-create-options", "--skip-opt", "--allow-keywords"],
  ...["--default-character-set=latin1", "--default-character-set=utf8mb3", "--skip-set-charset", "--skip-tz-utc"],
  ...["--skip-hex-blob", "--insert-ignore", "--replace", "--delayed-insert", "--flush-privileges", "--xml"],
  ...["--no-create-info", "--no-data", "--no-tablespaces", "--order-by-primary", "--single-transaction", "--verbose"],
];

/** A dump, and what was changed of it so far as the messages asked for it. */
interface Dump {
  readonly option: string;
  readonly options: readonly string[];
  /** The names behind the database. */
  readonly tables: string;
  /** What the file went through. */
  readonly commands: readonly string[];
  /** All of that, in order. */
  readonly followed: readonly string[];
}

const ADD = /mariadb-dump (?:leaves it out|writes it so) with (--[\w=-]+)/g;
const REMOVE = /(--[\w-]+(?: or --[\w-]+)*): leave that out/g;
const COMMAND = /(sed -E '.*?') FILE > NEW-FILE/g;
const ONLY_TABLES = /name the tables alone behind the database/;

/**
 * Dumps with each option until nothing is in the way any more, and has a server run what then is the script.
 * @param sh runs a line where the server is, with this input
 * @param login options of the client
 * @param unknown options that this version does not have
 * @param every of how many options one is tried. @default 1: all are
 */
export async function testDumps(
  sh: (line: string, input?: string) => Promise<string>,
  { login = "", unknown = [], every = 1 }: { login?: string; unknown?: readonly string[]; every?: number } = {},
): Promise<void> {
  const client = `mariadb ${login} --default-character-set=utf8mb4`;
  await sh(client, DUMPED);
  const written = async (dumps: readonly Dump[]) => {
    const lines = dumps.map((dump) => `mariadb-dump ${login} ${argumentsOf(dump)} 2>/dev/null | base64 -w0; echo`);
    const texts = (await sh(lines.join("\n"))).split("\n").map((text) => Buffer.from(text, "base64"));
    return Promise.all(dumps.map(({ commands }, i) => throughAll(commands, texts[i] ?? Buffer.alloc(0))));
  };
  const outcomes: { dump: Dump; left: readonly string[]; script: string }[] = [];
  let dumps: readonly Dump[] = DUMP_OPTIONS.filter((option, i) => !unknown.includes(option) && i % every === 0).map(
    asked,
  );
  while (dumps.length > 0) {
    const scripts = await written(dumps);
    dumps = dumps.flatMap((dump, i) => {
      const script = scripts[i] ?? "";
      const left = [...new Set(checkScript(script, FILTERS).findings.map(({ reason }) => reason))];
      const next = changed(dump, left);
      if (!next) outcomes.push({ dump, left, script });
      return next ? [next] : [];
    });
  }
  const run = `(${client} -e 'CREATE OR REPLACE DATABASE scratch'; echo "$text" | base64 -d | ${client} scratch) 2>&1 >/dev/null`;
  const said = await sh(
    `while read -r text; do ${run} | tr '\\n' ' '; echo; done`,
    outcomes.map(({ script }) => `${Buffer.from(script).toString("base64")}\n`).join(""),
  );
  const answers = said.split("\n");
  expect(outcomes.map(({ dump, left }, i) => [dump.option, dump.followed, left, answers[i]])).toEqual(
    outcomes.map(({ dump }) => [dump.option, dump.followed, [], ""]),
  );
}

const asked = (option: string): Dump => ({
  option,
  options: option.includes("hex-blob") ? [option] : [...option.split(" "), "--hex-blob"],
  tables: "",
  commands: [],
  followed: [],
});

function argumentsOf({ options, tables }: Dump): string {
  if (options.includes("--all-databases")) return options.join(" ");
  return `${options.join(" ")} ${RECIPE_DATABASE} ${options.includes("--databases") ? "" : tables}`;
}

/** As the messages have it. Undefined: there is nothing more that they ask for. */
function changed(dump: Dump, reasons: readonly string[]): Dump | undefined {
  const { options, commands } = dump;
  const found = (pattern: RegExp) => [
    ...new Set(reasons.flatMap((reason) => [...reason.matchAll(pattern)].map(([, it = ""]) => it))),
  ];
  const isNarrowed = reasons.some((reason) => ONLY_TABLES.test(reason));
  const unwanted = [...found(REMOVE).flatMap((text) => text.split(" or ")), ...(isNarrowed ? ["--databases"] : [])];
  const without = options.filter((one) => !unwanted.some((other) => one.startsWith(other)));
  const added = found(ADD).filter((one) => !options.includes(one));
  const more = found(COMMAND).filter((one) => !commands.includes(one));
  const tables = isNarrowed ? TABLES : dump.tables;
  const steps = [
    ...options.filter((one) => !without.includes(one)).map((one) => `without ${one}`),
    ...added,
    ...more,
    ...(tables === dump.tables ? [] : [tables]),
  ];
  return steps.length === 0
    ? undefined
    : {
        ...dump,
        options: [...without, ...added],
        commands: [...commands, ...more],
        tables,
        followed: [...dump.followed, ...steps],
      };
}

async function throughAll(commands: readonly string[], input: Buffer): Promise<string> {
  let bytes = input;
  for (const command of commands) bytes = await piped(command, bytes);
  return bytes.toString("utf8");
}

const piped = (command: string, input: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const child = execFile("sh", ["-c", command], { encoding: "buffer" }, (error, out) =>
      error ? reject(error) : resolve(out),
    );
    child.stdin?.end(input);
  });
