import { escape as quoteText } from "mysql2";
import type { Right } from "../recipe/accounts/writers";
import { progress } from "../run";
import { StatementError } from "./connectionError";
import type { Server } from "./server";
import { accountOf } from "./storedObjects";

/** What accounts may do in the name of others: by routines, updatable views and triggers that run with their definers' rights. */

/** Statements that write. With a bracket after them, some of the words are functions, which only change a text. */
const WRITES =
  "(?i)\\b((insert|replace|truncate)\\b(?!\\s*\\()|(update|delete|create|drop|alter|rename|load|call|execute|grant|revoke)\\b)";
/** Statements that run what isn't in the text. */
const HIDES = "(?i)\\b(call|execute)\\b";

/** Such objects of one kind, in SQL, and who may use them. */
interface Kind {
  readonly from: string;
  readonly schema: string;
  readonly label: string;
  readonly definer: string;
  readonly isOne: string;
  readonly privilege: string;
  /** By tables of MariaDB's as `h`: where somebody has the privilege. */
  readonly holders: Readonly<Record<string, string>>;
}

/**
 * The rights of all accounts and roles to make such an object write, as far as its text tells.
 * @param databases those that must not be written to
 */
export async function rightsByDefiners(server: Server, databases: readonly string[]): Promise<Right[]> {
  const rows = await unlessKeptWaiting(server, () => server.query(statementFor(databases)));
  return rows.map((row) => ({
    who: { user: String(row["user"]), host: String(row["host"]) },
    on: `${String(row["object"])}${Number(row["found"]) > 1 ? ` and ${Number(row["found"]) - 1} more` : ""}`,
    privileges: [String(row["privilege"])],
    as: accountOf(String(row["definer"])),
  }));
}

/** The server opens views for the answer, and waits for the locks of others: a look at accounts is not held up by that. */
export async function unlessKeptWaiting<T>(server: Server, ask: () => Promise<T[]>): Promise<T[]> {
  await server.query(`SET SESSION max_statement_time=${PATIENCE}`);
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof StatementError)) throw error;
    progress(`${server.name}: who may write by routines, views and triggers of others was not seen: ${error.message}`);
    return [];
  } finally {
    await server.query("SET SESSION max_statement_time=0");
  }
}

/** In seconds. */
const PATIENCE = 3;

/** By account, and whom it acts as: one of the objects, and how many there are. */
function statementFor(databases: readonly string[]): string {
  const uses = kinds(databases).flatMap(({ from, schema, label, definer, isOne, privilege, holders }) =>
    Object.entries(holders).map(
      ([table, condition]) =>
        `SELECT h.User AS user, h.Host AS host, ${definer} AS definer, '${privilege}' AS privilege, ${label} AS object
          FROM ${from} JOIN ${table} h ON ${condition} WHERE ${schema} NOT IN ('mysql', 'sys') AND ${isOne}`,
    ),
  );
  return (
    "SELECT user, host, definer, privilege, MIN(object) AS object, COUNT(*) AS found " +
    `FROM (${uses.join(" UNION ALL ")}) uses GROUP BY user, host, definer, privilege`
  );
}

function kinds(databases: readonly string[]): Kind[] {
  const names = databases.map((name) => name.replace(/[^\w]/g, "\\$&")).join("|");
  const mentions = `REGEXP ${quoteText(`(?i)(^|[^\\w$])(${names})([^\\w$]|$)`)}`;
  const isSuspect = (text: string, database: string) =>
    `${text} REGEXP ${quoteText(WRITES)} AND (${database} IN (${databases.map((name) => quoteText(name)).join(", ")}) OR ${text} ${mentions} OR ${text} REGEXP ${quoteText(HIDES)})`;
  const onTable = "CONCAT_WS(',', h.Table_priv, h.Column_priv) REGEXP 'Insert|Update|Delete'";
  const onTables = "'Y' IN (h.Insert_priv, h.Update_priv, h.Delete_priv)";
  return [
    {
      from: "mysql.proc o",
      schema: "o.db",
      label: "CONCAT(o.type, ' ', o.db, '.', o.name)",
      definer: "o.definer",
      isOne: `o.security_type = 'DEFINER' AND ${isSuspect("o.body_utf8", "o.db")}`,
      privilege: "EXECUTE",
      holders: {
        "mysql.db": "o.db LIKE h.Db AND h.Execute_priv = 'Y'",
        "mysql.global_priv": `CAST(IFNULL(JSON_VALUE(h.Priv, '$.access'), 0) AS UNSIGNED) & ${EXECUTE}`,
        "mysql.procs_priv":
          "h.Db = o.db AND h.Routine_name = o.name AND h.Routine_type = o.type AND FIND_IN_SET('Execute', h.Proc_priv)",
      },
    },
    {
      from: "information_schema.VIEWS o",
      schema: "o.TABLE_SCHEMA",
      label: "CONCAT(o.TABLE_SCHEMA, '.', o.TABLE_NAME)",
      definer: "o.DEFINER",
      isOne: `o.SECURITY_TYPE = 'DEFINER' AND o.IS_UPDATABLE = 'YES' AND o.VIEW_DEFINITION ${mentions}`,
      privilege: "INSERT, UPDATE or DELETE",
      holders: {
        "mysql.db": `o.TABLE_SCHEMA LIKE h.Db AND ${onTables}`,
        "mysql.tables_priv": `h.Db = o.TABLE_SCHEMA AND h.Table_name = o.TABLE_NAME AND ${onTable}`,
      },
    },
    {
      from: "information_schema.TRIGGERS o",
      schema: "o.EVENT_OBJECT_SCHEMA",
      label: "CONCAT(o.EVENT_OBJECT_SCHEMA, '.', o.EVENT_OBJECT_TABLE, ' (trigger ', o.TRIGGER_NAME, ')')",
      definer: "o.DEFINER",
      isOne: isSuspect("o.ACTION_STATEMENT", "o.TRIGGER_SCHEMA"),
      privilege: "INSERT, UPDATE or DELETE",
      holders: {
        "mysql.db": `o.EVENT_OBJECT_SCHEMA LIKE h.Db AND ${onTables}`,
        "mysql.tables_priv": `h.Db = o.EVENT_OBJECT_SCHEMA AND h.Table_name = o.EVENT_OBJECT_TABLE AND ${onTable}`,
      },
    },
  ];
}

/** The bit of the privilege on everything. */
const EXECUTE = 1 << 18;
