import { z } from "zod";
import { RECIPE_DATABASE } from "../../recipe/filters";
import { connection, databaseName, word } from "./shared";

/** What a database is given, and what follows from it. */

const encodingName = z.string().regex(/^[a-z0-9_]+$/i, "must be a name that MariaDB knows, such as utf8mb4");

export const given = z
  .strictObject({
    node: connection.meta({ description: "The server on which the database stands." }),
    peer: connection.optional().meta({
      description: "The other server of the pair. Tables that are missing on this one are copied from there.",
    }),
    name: databaseName.default(RECIPE_DATABASE).meta({
      description: "Name of the database. Another name makes another database; the former one is left as it is.",
    }),
    characterSet: encodingName.default("utf8mb4").meta({
      description:
        "Character set of tables made from now on. A change takes effect at once, existing tables keep theirs.",
    }),
    collation: encodingName.default("utf8mb4_general_ci").meta({
      description: "Collation of tables made from now on. A change takes effect at once, existing tables keep theirs.",
    }),
  })
  .meta({ id: "SessionStoreDatabaseInputs", description: "What is wanted of the database on one node." });

export const derived = z
  .strictObject({
    state: word("SessionStoreDatabase.state", "Wanted: `present`."),
  })
  .meta({
    id: "SessionStoreDatabaseDerived",
    description: "What follows for a database from its inputs, to be compared with what is seen.",
  });
