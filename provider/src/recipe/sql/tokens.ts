/** Takes SQL text apart as MariaDB's own lexer does, as far as telling statements and names apart needs it. */

export interface Token {
  /**
   * `comment mark`: where an executable comment, whose content the server runs, begins or ends.
   * `unfinished`: a quote or comment that never closes.
   */
  readonly kind: "word" | "name" | "string" | "symbol" | "delimiter" | "comment mark" | "unfinished";
  /** Names and strings are without their quotes. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Counted from 1. */
  readonly line: number;
}

/**
 * The tokens of a text, as the server reads it. Comments are left out.
 * @param sqlMode with which the server reads it
 */
export function tokensOf(text: string, sqlMode = ""): Token[] {
  const scanner = new Scanner(text, undefined, sqlMode);
  const tokens: Token[] = [];
  for (let token = scanner.next(); token; token = scanner.next()) tokens.push(token);
  return tokens;
}

/**
 * True when the text is one whole statement with its delimiter: not one that ends within a string, a comment or a body.
 * @param sqlMode with which the server reads it
 */
export function isWholeStatement(text: string, delimiter: string, sqlMode = ""): boolean {
  const scanner = new Scanner(text, delimiter, sqlMode);
  for (let token = scanner.next(); token; token = scanner.next()) {
    if (token.kind === "delimiter") return text.slice(token.end).trim() === "";
  }
  return false;
}

export function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token?.kind === "word" && words.includes(token.text.toUpperCase());
}

export function isSymbol(token: Token | undefined, symbol: string): boolean {
  return token?.kind === "symbol" && token.text === symbol;
}

/** Cuts at the commas that stand in no parentheses. */
export function partsAtCommas(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (isSymbol(token, "(")) depth++;
    if (isSymbol(token, ")")) depth--;
    if (depth === 0 && isSymbol(token, ",")) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

/** The oldest server that this library sets up: what depends on a newer version can't be told from the text. */
const OLDEST_SERVER = 100_500;
/** Above it stand numbers that no server reaches, such as that of mariadb-dump's `/*M!999999`. */
const NO_SERVER = 500_000;

/** True for an executable comment that only some of the supported versions run. */
export function dependsOnVersion(token: Token): boolean {
  return token.kind === "comment mark" && versionOf(token.text) > OLDEST_SERVER;
}

/** The characters are those of ASCII only: beyond it, all are parts of words, also what looks like a blank. */
const BLANKS = /[ \t\n\v\f\r]+/y;
const WORD = /[0-9A-Za-z_$\u0080-\uffff]+/y;
const LINE_COMMENT = /#|--(?=[\0- \x7f]|$)/y;
/** Of an executable comment. Fewer digits are no version, but a part of what is run. */
const OPENING = /\/\*M?!(?:\d{5,6})?/y;

export const hasAnsiQuotes = (sqlMode: string): boolean =>
  /\b(ANSI(_QUOTES)?|ORACLE|MSSQL|DB2|MAXDB|POSTGRESQL)\b/i.test(sqlMode);
export const hasNoEscapes = (sqlMode: string): boolean => /\bNO_BACKSLASH_ESCAPES\b/i.test(sqlMode);

/** The number in the opening of an executable comment; 0 when it has none. */
const versionOf = (opening: string): number => Number(/\d+$/.exec(opening)?.[0] ?? 0);

/** MariaDB leaves out what is marked for MySQL 5.7 to 9.9. */
function isRun(opening: string): boolean {
  const version = versionOf(opening);
  const forMySql = !opening.startsWith("/*M") && version >= 50_700 && version <= 99_999;
  return !forMySql && version < NO_SERVER;
}

class Scanner {
  private position = 0;
  private line = 1;
  private inExecutableComment = false;
  private readonly hasEscapes: boolean;
  private readonly hasAnsiQuotes: boolean;

  constructor(
    private readonly text: string,
    private readonly delimiter: string | undefined,
    sqlMode = "",
  ) {
    this.hasEscapes = !hasNoEscapes(sqlMode);
    this.hasAnsiQuotes = hasAnsiQuotes(sqlMode);
  }

  next(): Token | undefined {
    const unclosedComment = this.skipBlanksAndComments();
    if (unclosedComment) return unclosedComment;
    const { text, position } = this;
    if (position >= text.length) return this.unclosed();
    const { delimiter } = this;
    if (delimiter !== undefined && text.startsWith(delimiter, position) && !this.inExecutableComment) {
      return this.take("delimiter", position + delimiter.length);
    }
    if (this.inExecutableComment && text.startsWith("*/", position)) {
      this.inExecutableComment = false;
      return this.take("comment mark", position + 2);
    }
    const opening = this.match(OPENING);
    if (opening) {
      this.inExecutableComment = true;
      return this.take("comment mark", position + opening.length);
    }
    const character = text[position] ?? "";
    if (character === "`" || (character === '"' && this.hasAnsiQuotes)) return this.quoted("name", character);
    if (character === "'" || character === '"') return this.quoted("string", character);
    const word = this.match(WORD);
    if (!word) return this.take("symbol", position + 1);
    const cut = delimiter === undefined ? -1 : word.indexOf(delimiter);
    return this.take("word", position + (cut > 0 ? cut : word.length));
  }

  /** An executable comment without its end is an error to the server. */
  private unclosed(): Token | undefined {
    if (!this.inExecutableComment) return undefined;
    this.inExecutableComment = false;
    return this.take("unfinished", this.text.length);
  }

  private skipBlanksAndComments(): Token | undefined {
    for (;;) {
      const { text, position } = this;
      const blanks = this.match(BLANKS);
      if (blanks) this.advanceTo(position + blanks.length);
      else if (this.match(LINE_COMMENT)) this.advanceTo(this.find("\n", position));
      else if (text.startsWith("/*", position)) {
        const opening = this.match(OPENING);
        if (opening && isRun(opening)) return undefined;
        const end = this.endOfComment(position + 2, opening !== undefined);
        if (end === undefined) return this.take("unfinished", text.length);
        this.advanceTo(end);
      } else return undefined;
    }
  }

  /** A comment that is left out for its version may hold comments of its own, and those none. */
  private endOfComment(from: number, mayNest: boolean): number | undefined {
    const mark = /\/\*|\*\//g;
    mark.lastIndex = from;
    let isInner = false;
    for (let found = mark.exec(this.text); found; found = mark.exec(this.text)) {
      if (found[0] === "/*" && mayNest && !isInner) isInner = true;
      // The asterisk of `/*/` may begin an end.
      else if (found[0] === "/*") mark.lastIndex--;
      else if (isInner) isInner = false;
      else return mark.lastIndex;
    }
    return undefined;
  }

  private quoted(kind: "name" | "string", quote: string): Token {
    const { text } = this;
    let value = "";
    for (let i = this.position + 1; i < text.length; i++) {
      const character = text[i] ?? "";
      if (character === quote && text[i + 1] !== quote) return { ...this.take(kind, i + 1), text: value };
      if (character === quote || (character === "\\" && kind === "string" && this.hasEscapes)) i++;
      value += text[i] ?? "";
    }
    return this.take("unfinished", text.length);
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    return pattern.exec(this.text)?.[0];
  }

  private find(what: string, from: number): number {
    const found = this.text.indexOf(what, from);
    return found < 0 ? this.text.length : found;
  }

  private take(kind: Token["kind"], end: number): Token {
    const { position: start, line } = this;
    return { kind, text: this.advanceTo(end), start, end, line };
  }

  private advanceTo(end: number): string {
    const passed = this.text.slice(this.position, end);
    this.line += passed.split("\n").length - 1;
    this.position = end;
    return passed;
  }
}
