import { isSymbol, isWord, partsAtCommas, type Token } from "./tokens";

export interface Name {
  readonly database?: string | undefined;
  readonly table: string;
}

const FLAGS = ["UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR", "AGGREGATE", "ONLINE", "OFFLINE", "IGNORE"];

/** A place in a statement, moving on. */
export class Cursor {
  private position = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  rest(): readonly Token[] {
    return this.tokens.slice(this.position);
  }

  at(...words: readonly string[]): boolean {
    return isWord(this.tokens[this.position], ...words);
  }

  word(): string {
    const token = this.tokens[this.position++];
    return token?.kind === "word" ? token.text.toUpperCase() : "";
  }

  accept(...words: readonly string[]): boolean {
    if (!words.every((word, i) => isWord(this.tokens[this.position + i], word))) return false;
    this.position += words.length;
    return true;
  }

  skip(...words: readonly string[]): void {
    while (this.at(...words)) this.position++;
  }

  seek(word: string): boolean {
    while (this.position < this.tokens.length) if (isWord(this.tokens[this.position++], word)) return true;
    return false;
  }

  /** Passes over what may stand between CREATE and the kind of object. Answers whether TEMPORARY is among it. */
  modifiers(): boolean {
    let temporary = false;
    for (;;) {
      if (this.accept("TEMPORARY")) temporary = true;
      else if (this.at(...FLAGS)) this.position++;
      else if (this.accept("ALGORITHM")) this.position += 2;
      else if (this.accept("SQL", "SECURITY")) this.position++;
      else if (this.accept("DEFINER")) {
        this.position += 2;
        if (isSymbol(this.tokens[this.position], "@")) this.position += 2;
        // A host without quotes, such as db1.example.org
        while (isSymbol(this.tokens[this.position], ".")) this.position += 2;
        if (isSymbol(this.tokens[this.position], "(")) this.skipParentheses();
      } else return temporary;
    }
  }

  name(): Name | undefined {
    const first = this.namePart();
    if (first === undefined) return undefined;
    if (!isSymbol(this.tokens[this.position], ".")) return { table: first };
    this.position++;
    const second = this.namePart();
    return second === undefined ? { table: first } : { database: first, table: second };
  }

  private namePart(): string | undefined {
    const token = this.tokens[this.position];
    if (token?.kind !== "word" && token?.kind !== "name") return undefined;
    this.position++;
    return token.text;
  }

  /** The name that stands here, and those that follow after a separator. */
  names(separators: readonly string[]): Name[] {
    const names: Name[] = [];
    for (let name = this.name(); name; name = this.name()) {
      names.push(name);
      // RENAME TABLE a WAIT 5 TO b
      if (this.accept("WAIT")) this.position++;
      this.accept("NOWAIT");
      const before = this.position;
      while (this.separates(separators)) this.position++;
      if (this.position === before) break;
    }
    return names;
  }

  /** The tables before FROM or USING of a DELETE from several, each perhaps with `.*` behind it. */
  targets(): Name[] {
    const names: Name[] = [];
    for (let name = this.name(); name; name = this.name()) {
      names.push(name);
      // The dot of `t.*` went with the name; that of `d.t.*` did not.
      while (this.separates([".", "*"])) this.position++;
      if (!this.separates([","])) break;
      this.position++;
    }
    return names;
  }

  private separates(separators: readonly string[]): boolean {
    const token = this.tokens[this.position];
    return (token?.kind === "symbol" || token?.kind === "word") && separators.includes(token.text.toUpperCase());
  }

  /** The tables of a FROM or UPDATE clause, without those of subqueries and conditions. */
  tableReferences(): { name: Name; alias: string }[] {
    const found: { name: Name; alias: string }[] = [];
    let expected = true;
    while (this.position < this.tokens.length && !this.at("SET", "WHERE", "ORDER", "LIMIT", "RETURNING")) {
      const token = this.tokens[this.position];
      if (isSymbol(token, "(")) {
        if (!expected || isWord(this.tokens[this.position + 1], "SELECT", "WITH", "VALUES")) {
          this.skipParentheses();
          expected = false;
        } else this.position++;
      } else if (isSymbol(token, ",") || isWord(token, "JOIN", "STRAIGHT_JOIN")) {
        expected = true;
        this.position++;
      } else {
        const name = expected ? this.name() : undefined;
        if (name) found.push({ name, alias: this.alias() ?? name.table });
        else this.position++;
        expected = false;
      }
    }
    return found;
  }

  /** The columns on the left of the assignments of a SET clause, by the table that is named before them. */
  assigned(): { database?: string | undefined; table: string | undefined }[] {
    const clause = this.rest();
    const end = clause.findIndex((token) => isWord(token, "WHERE", "ORDER", "LIMIT"));
    return partsAtCommas(end < 0 ? clause : clause.slice(0, end)).map((assignment) => {
      const names = assignment.slice(
        0,
        assignment.findIndex((token) => isSymbol(token, "=")),
      );
      const parts = names.filter((token) => !isSymbol(token, ".")).map(({ text }) => text);
      return { database: parts.at(-3), table: parts.at(-2) };
    });
  }

  private alias(): string | undefined {
    if (this.accept("PARTITION")) this.skipParentheses();
    if (this.accept("AS")) return this.namePart();
    const joins =
      "ON USING JOIN INNER CROSS LEFT RIGHT NATURAL STRAIGHT_JOIN SET WHERE ORDER LIMIT RETURNING USE FORCE IGNORE";
    return this.at(...joins.split(" ")) ? undefined : this.namePart();
  }

  private skipParentheses(): void {
    let depth = 0;
    do {
      const token = this.tokens[this.position++];
      if (isSymbol(token, "(")) depth++;
      if (isSymbol(token, ")")) depth--;
    } while (depth > 0 && this.position < this.tokens.length);
  }
}
