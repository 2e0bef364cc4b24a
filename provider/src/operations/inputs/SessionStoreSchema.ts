import { z } from "zod";
import { RECIPE_DATABASE, RECIPE_PATTERNS, validatePattern, wildDoTables } from "../../recipe/filters";
import { connection, databaseName, word } from "./shared";

/** What the proxy's tables are given, and what follows from it. */

const pattern = z.string().superRefine((text, context) => {
  const problem = validatePattern(text);
  if (problem) context.addIssue(problem);
});

export const given = z
  .strictObject({
    first: connection.meta({
      description: "The server on which the script runs. What it makes reaches the other one through replication.",
    }),
    second: connection.meta({ description: "The other server of the pair." }),
    database: databaseName.default(RECIPE_DATABASE).meta({
      description:
        "The database in which the script runs. Another name means other tables; the former ones are left as they " +
        "are.",
    }),
    patterns: z
      .array(pattern)
      .min(1, "must name at least one pattern")
      .default(wildDoTables([RECIPE_DATABASE], RECIPE_PATTERNS))
      .meta({
        description:
          "The pair's `database.table` patterns of what is replicated. Every table of the script must match one. @default those of the recipe",
      }),
    script: z.string().meta({
      description:
        "Text of the SQL script that comes with the proxy. It may only add: `CREATE ... IF NOT EXISTS`, `ALTER " +
        "TABLE ... ADD ... IF NOT EXISTS` and INSERT. A changed text is run once more, at once; tables that it no " +
        "longer names are left as they are.",
    }),
  })
  .meta({ id: "SessionStoreSchemaInputs", description: "What is wanted of the proxy's own tables." });

export const derived = z
  .strictObject({
    tables: z
      .record(z.string(), word("SessionStoreSchema.tables", "How it stands on the two nodes."))
      .meta({ description: "By table, how it stands. Wanted: `present on both nodes`." }),
    state: word("SessionStoreSchema.state", "Whether the script came to its end. Wanted: `complete`."),
  })
  .meta({
    id: "SessionStoreSchemaDerived",
    description: "What follows for the tables from the inputs, to be compared with what is seen.",
  });
