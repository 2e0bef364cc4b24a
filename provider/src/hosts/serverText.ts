/** What a server says may quote rows, and statements that have rows in them. Its own words are kept, those of users are not. */

/** What comes right before a value in the messages of MariaDB's errmsg-utf8.txt. */
const BEFORE_VALUE =
  /\b(?:entry|values?:?|string:?|converting|record|out of range in|offset: \d+ for|illegal [\w ]+|lock name|time zone:|locale:|regex error) '|\b(?:no partition for value |character 0x)/i;

/** What follows a value where it is the last one: the name of a key, and the place in the log. No other quote. */
const AFTER_VALUE = /'(?: for key '[\w$.-]*')?[^']*(?:event's[^']*)?$/;

/** From there on a statement is quoted: by errors of a replica, reports of a crash or a deadlock, and logs of statements. */
const STATEMENT =
  /\s*(?:\bon query\b|\bQuery:|\bQuery \(0x|\bStatement:|\bnear '|\b\d+ (?:Query|Execute|Prepare) |\blen \d+; hex |^(?:INSERT|REPLACE|UPDATE|DELETE|SELECT|CALL|SET|WITH|LOAD)\b).*$/is;

/** The text is that of somebody's SIGNAL in a trigger, routine or event: those numbers, and the ones that no error of the server has. */
const isSignal = (errno: number): boolean => (errno >= 1642 && errno <= 1645) || errno >= 5000;

/** The text of an error without the values that it quotes. */
export function withoutRows(text: string, errno = 0): string {
  if (isSignal(errno)) return "...";
  const before = BEFORE_VALUE.exec(text);
  if (!before) return text;
  const value = before.index + before[0].length;
  return `${text.slice(0, value)}...${AFTER_VALUE.exec(text.slice(value))?.[0] ?? ""}`;
}

/** A line without the statements that it quotes. */
export const withoutStatements = (line: string): string => line.replace(STATEMENT, " ...");

/**
 * What a replica or an event met, without statements and rows. The table, or the database of the statement, and the place in the source's
 * log are kept.
 */
export function withoutUsersData(text: string, errno = 0): string {
  const codes = [...text.matchAll(/\berror[_ ]code: (\d+)/gi)].map(([, code]) => Number(code));
  const number = [errno, ...codes].find(isSignal) ?? errno;
  // An event tells no number.
  const [head = ""] = /^.*?Event Scheduler: (?:\[[^\]]*\])+/.exec(text) ?? /^[^;']* on table [^;']*;/.exec(text) ?? [];
  if (head.includes("Event Scheduler")) return `${head} ...`;
  const [, before, message = "", database] =
    /^(.*?Error ')(.*?)' on query\. Default database: '([\w$.-]*)'/s.exec(text) ?? [];
  if (before !== undefined) {
    return `${before}${withoutRows(withoutStatements(message), number)}' on query. Default database: '${database}'`;
  }
  return `${head} ${withoutRows(withoutStatements(text.slice(head.length)), number).trim()}`.trim();
}
