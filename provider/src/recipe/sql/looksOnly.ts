/** Statements that change nothing but their own session. What is not known counts as a change. A DELETE of no row asks whether it may be done. */
const LOOKS =
  /^\s*(?:(?:SELECT|SHOW|USE|DO|SET\s+(?:SESSION|TRANSACTION)|START\s+TRANSACTION|COMMIT|ROLLBACK)\b|DELETE\s.*\sWHERE\s+FALSE\s*$)/i;

/** True for a statement of ours that only looks, or sets its session up. */
export const looksOnly = (statement: string): boolean => LOOKS.test(statement);
