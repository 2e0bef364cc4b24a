/** Patterns of the recipe, each of which a proof of a link proves with a table of its own. */
const PATTERNS = 4;

/** What a proof of one direction leaves in the source's binary log. */
export const PROOF = {
  /** One that touches nothing, one for each table that is made, one for all rows, one for all tables that go. */
  gtids: 1 + PATTERNS + 1 + 1,
  /** Tables into which rows are written. */
  tables: PATTERNS,
  /** Each statement of it, and each table. */
  text: /pulumi_probe|session_store_probe/,
};
