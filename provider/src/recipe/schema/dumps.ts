/** What makes of a dump a script that is fit, by what is in the way: an option of mariadb-dump, or a command that changes the file. */

const changing = (command: string): string => `sed -E '${command}' FILE > NEW-FILE`;

/** First with numbers in the place of their columns: made IF NOT EXISTS, it would stay so. */
const VIEWS =
  "; a dump has each view twice: name the tables alone behind the database in the command of mariadb-dump, without --databases, and write CREATE VIEW IF NOT EXISTS out";

const IF_NOT_EXISTS: Readonly<Record<string, string>> = {
  ...forEach(
    ["TABLE", "SEQUENCE"],
    () => `; in a dump: ${changing("s/^CREATE (TABLE|SEQUENCE) (IF NOT EXISTS )?/CREATE \\1 IF NOT EXISTS /")}`,
  ),
  ...forEach(
    ["TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"],
    (kind) =>
      `; in a dump: ${changing(`/^(\\/\\*!5[0-9]+ )?CREATE/s/ ${kind} (IF NOT EXISTS )?/ ${kind} IF NOT EXISTS /I`)}`,
  ),
  VIEW: VIEWS,
};

function forEach(kinds: readonly string[], remedy: (kind: string) => string): Record<string, string> {
  return Object.fromEntries(kinds.map((kind) => [kind, remedy(kind)]));
}

/** For what is made without IF NOT EXISTS. */
export const withIfNotExists = (kind: string): string => IF_NOT_EXISTS[kind] ?? "";

export const WITHOUT_DEFINER = `In a dump: ${changing("/^(\\/\\*!5[0-9]+ )?CREATE|^\\/\\*!5[0-9]+ DEFINER/s/DEFINER=[^@]+@[^ *]+//I")}`;

const leavesOut = (option: string): string => `; mariadb-dump leaves it out with ${option}`;
const writes = (options: string): string => `; mariadb-dump writes it with ${options}: leave that out`;

/** By the statement. */
const STATEMENTS: Readonly<Record<string, string>> = {
  "DROP TABLE": leavesOut("--skip-add-drop-table"),
  "DROP SEQUENCE": leavesOut("--skip-add-drop-table"),
  "DROP PROCEDURE": leavesOut("--skip-add-drop-table"),
  "DROP FUNCTION": leavesOut("--skip-add-drop-table"),
  "DROP EVENT": leavesOut("--skip-add-drop-table"),
  "DROP TRIGGER": leavesOut("--skip-add-drop-trigger"),
  "DROP VIEW": VIEWS,
  "DROP DATABASE": leavesOut("--skip-add-drop-database"),
  CHANGE: writes("--master-data or --dump-slave"),
  STOP: writes("--apply-slave-statements"),
  START: writes("--apply-slave-statements"),
  REPLACE: writes("--replace"),
  USE: writes("--all-databases or --databases"),
};

export const ofStatement = (verb: string): string => STATEMENTS[verb] ?? "";

/** Of what MySQL had before ENGINE. */
export const OF_TYPE = writes("--compatible");

/** By the variable that is set. */
const VARIABLES: Readonly<Record<string, string>> = {
  // What mysqldump of MySQL 5.6 and newer writes by itself, where its server has GTIDs.
  GTID_PURGED: ". Take it out; mysqldump leaves it out with --set-gtid-purged=OFF",
  SQL_LOG_BIN: ". Take it out; mysqldump leaves it out with --set-gtid-purged=OFF",
  GTID_SLAVE_POS: writes("--master-data or --dump-slave"),
  SYSTEM_VERSIONING_INSERT_HISTORY: writes("--dump-history"),
};

export const ofVariable = (name: string): string => VARIABLES[name] ?? "";
