import type { NodeTables, Part } from "../recipe/schema/drift";
import type { Server } from "./server";

/**
 * All parts of a database's tables, one row each. Not from SHOW CREATE TABLE: its text for one and the same table changes between
 * MariaDB's versions, and a pair that is being upgraded is healthy. The next AUTO_INCREMENT value differs between the nodes by design.
 * Of a view only its query counts: its columns vanish with the table beneath, which is told of that table.
 */
const PARTS = `
  SELECT TABLE_NAME AS name, 'table' AS kind, '' AS part, CONCAT_WS(' ', TABLE_TYPE, ENGINE, TABLE_COLLATION) AS definition,
      TABLE_TYPE = 'VIEW' AS isView
    FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?
  UNION ALL
  SELECT TABLE_NAME, 'column', COLUMN_NAME,
      CONCAT_WS(' ', CONCAT('#', ORDINAL_POSITION), COLUMN_TYPE, COLLATION_NAME, IF(IS_NULLABLE = 'NO', 'NOT NULL', NULL),
        CONCAT('DEFAULT ', COLUMN_DEFAULT), NULLIF(EXTRA, ''), CONCAT('AS ', GENERATION_EXPRESSION)), 0
    FROM information_schema.COLUMNS JOIN information_schema.TABLES USING (TABLE_SCHEMA, TABLE_NAME)
    WHERE TABLE_SCHEMA = ? AND TABLE_TYPE <> 'VIEW'
  UNION ALL
  SELECT TABLE_NAME, 'index', INDEX_NAME,
      CONCAT(IF(MAX(NON_UNIQUE) = 0, 'unique ', ''), MAX(INDEX_TYPE), ' (',
        GROUP_CONCAT(COLUMN_NAME, IFNULL(CONCAT('[', SUB_PART, ']'), '') ORDER BY SEQ_IN_INDEX), ')'), 0
    FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ? GROUP BY TABLE_NAME, INDEX_NAME
  UNION ALL
  SELECT k.TABLE_NAME, 'foreign key', k.CONSTRAINT_NAME,
      CONCAT('(', GROUP_CONCAT(k.COLUMN_NAME ORDER BY k.ORDINAL_POSITION), ') to ', MAX(k.REFERENCED_TABLE_NAME), ' (',
        GROUP_CONCAT(k.REFERENCED_COLUMN_NAME ORDER BY k.ORDINAL_POSITION), ') on delete ', MAX(r.DELETE_RULE),
        ', on update ', MAX(r.UPDATE_RULE)), 0
    FROM information_schema.KEY_COLUMN_USAGE k
    JOIN information_schema.REFERENTIAL_CONSTRAINTS r
      ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
    WHERE k.TABLE_SCHEMA = ? AND k.REFERENCED_TABLE_NAME IS NOT NULL GROUP BY k.TABLE_NAME, k.CONSTRAINT_NAME
  UNION ALL
  SELECT TABLE_NAME, 'check', CONSTRAINT_NAME, CHECK_CLAUSE, 0
    FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = ?
  UNION ALL
  SELECT EVENT_OBJECT_TABLE, 'trigger', TRIGGER_NAME, CONCAT_WS(' ', ACTION_TIMING, EVENT_MANIPULATION, ACTION_STATEMENT), 0
    FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?
  UNION ALL
  SELECT TABLE_NAME, 'query', '', VIEW_DEFINITION, 0 FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ?`;

/** Reads how all tables, views and sequences of a database are defined on one server. */
export async function readDefinitions(server: Server, database: string): Promise<NodeTables> {
  const places = PARTS.split("?").length - 1;
  const tables = new Map<string, { isView: boolean; parts: Part[] }>();
  for (const row of await server.query(PARTS, Array(places).fill(database))) {
    const name = String(row["name"]);
    const table = tables.get(name) ?? { isView: false, parts: [] };
    table.isView ||= Number(row["isView"]) === 1;
    const kind = String(row["kind"]) as Part["kind"];
    table.parts.push({ kind, name: String(row["part"]), definition: String(row["definition"]) });
    tables.set(name, table);
  }
  return { node: server.name, tables };
}
