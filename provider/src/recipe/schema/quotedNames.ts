import { isSymbol, isWord, type Token } from "../sql/tokens";

/** Behind these words stands a name. */
const BEFORE_NAMES = [
  "TABLE",
  "EXISTS",
  "INTO",
  "VIEW",
  "SEQUENCE",
  "REFERENCES",
  "INSERT",
  "TRIGGER",
  "PROCEDURE",
  "COLUMN",
  "KEY",
  "INDEX",
];

/** A string in double quotes where only a name can stand: without ANSI_QUOTES the server takes it for a string. */
export function doubleQuotedName({
  text,
  tokens,
}: {
  readonly text: string;
  readonly tokens: readonly Token[];
}): string | undefined {
  const plain = tokens.filter(({ kind }) => kind !== "comment mark");
  if (!isWord(plain[0], "CREATE", "INSERT", "ALTER")) return undefined;
  const isTable = isWord(plain[1], "TABLE");
  let depth = 0;
  return plain.find((token, i) => {
    const before = plain[i - 1];
    if (isSymbol(token, "(")) depth++;
    if (isSymbol(token, ")")) depth--;
    if (token.kind !== "string" || text[token.start] !== '"') return false;
    const beginsColumn = isTable && depth === 1 && (isSymbol(before, "(") || isSymbol(before, ","));
    return beginsColumn || isSymbol(before, ".") || isWord(before, ...BEFORE_NAMES);
  })?.text;
}
