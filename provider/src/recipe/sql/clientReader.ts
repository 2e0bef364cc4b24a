import { argumentOf, beginsWithDelimiter, type ClientCommand, namedCommand, shortCommand } from "./clientCommands";
import { hasAnsiQuotes, hasNoEscapes } from "./tokens";

/** What the `mariadb` client makes of a script, in the order of the script. */
export type Piece =
  | {
      readonly kind: "statement";
      readonly line: number;
      /** As it is sent: without comments. */
      readonly sent: string;
      /** As it stands in the script, with the comments in it. */
      readonly source: string;
    }
  | { readonly kind: "use"; readonly line: number; readonly database: string }
  /** What the client stops at, and what it does that we do not. */
  | {
      readonly kind: "problem";
      readonly line: number;
      readonly reason: string;
      /** The beginning of the client's own message. Undefined: it goes on without a word. */
      readonly says?: string;
    };

/** In bytes. The client leaves out what is beyond it. */
const LONGEST = { delimiter: 15, delimiterCommand: 255, useCommand: 512 };
const isBlank = (character: string | undefined): boolean => character !== undefined && /[ \t\n\v\f\r]/.test(character);

/**
 * Reads a script as `mariadb < script.sql` does, line by line: the client knows no SQL, only quotes, comments and its own
 * commands, and its idea of them is not the server's. What it cuts is what the server gets, however the server reads it.
 */
export class ClientReader {
  /** Of the session, as the last statement has left it: it says what quotes and backslashes are. */
  sqlMode = "";
  private delimiter = ";";
  private buffer = "";
  private quote = "";
  private isInComment = false;
  private line = 0;
  /** Where in the script the buffer's text begins and ends, and in what line. */
  private kept: { start: number; end: number; line: number } | undefined;

  constructor(private readonly script: string) {}

  *read(): Generator<Piece, void, void> {
    const bom = this.script.startsWith("\uFEFF") ? 1 : 0;
    for (let at = bom; at < this.script.length; ) {
      const newline = this.script.indexOf("\n", at);
      const end = newline < 0 ? this.script.length : newline;
      const hasReturn = newline > at && this.script[newline - 1] === "\r";
      const line = this.script.slice(at, hasReturn ? end - 1 : end);
      this.line++;
      if (line.includes("\0")) {
        yield this.problem(
          "a NUL character, at which the client stops. Write it as \\0 in a string, or take it out",
          "ASCII '\\0' appeared",
        );
        return;
      }
      if (yield* this.readLine(line, at)) break;
      at = end + 1;
    }
    if (this.quote || this.isInComment) {
      yield { kind: "problem", line: this.kept?.line ?? this.line, reason: "a quote or a comment never closes" };
    }
    // Also what stands before a command that ends the client, with a delimiter or without.
    yield* this.go();
  }

  /** Returns true where the client ends. */
  private *readLine(line: string, at: number): Generator<Piece, boolean, void> {
    const isFirst = this.buffer === "" && !this.quote && !this.isInComment;
    const command = isFirst ? namedCommand(line, this.delimiter) : undefined;
    return command ? yield* this.run(command, line) : yield* this.addLine(line, at);
  }

  private *addLine(line: string, at: number): Generator<Piece, boolean, void> {
    if (line === "" && this.buffer === "") return false;
    let out = "";
    let needsBlank = false;
    let isInRunComment = false;
    const add = (text: string, from: number) => {
      out += text;
      if (text.trim() !== "") this.keep(at + from, at + from + text.length);
    };
    const flush = () => {
      this.buffer += out;
      out = "";
    };
    for (let i = 0; i < line.length; i++) {
      const character = line[i] ?? "";
      const next = line[i + 1];
      if (isBlank(character) && out === "" && this.buffer === "") continue;
      if (character > "\x7f") {
        if (!this.isInComment) add(character, i);
      } else if (character === "\\" && !this.isInComment && this.takesBackslash()) {
        if (next === undefined) break;
        i++;
        const command = this.quote || next === "N" ? undefined : shortCommand(next);
        if (!command) {
          if (!this.quote && next !== "N")
            yield this.problem(
              `\\${String.fromCodePoint(line.codePointAt(i) ?? 0)} outside of quotes is no command of the mariadb client, which stops there. Take it out`,
              "Unknown command",
            );
          add(character + next, i - 1);
          continue;
        }
        flush();
        if (yield* this.run(command, line.slice(i - 1))) return true;
        if (command.takesArgument) i = isInRunComment ? before(line, "*/", i + 1) : behind(line, this.delimiter, i + 1);
      } else if (!this.isInComment && !this.quote && line.startsWith(this.delimiter, i)) {
        i += this.delimiter.length - 1;
        flush();
        const command = namedCommand(this.buffer, this.delimiter);
        if (command ? yield* this.run(command, this.buffer) : yield* this.go()) return true;
        this.clear();
      } else if (!this.isInComment && !this.quote && this.isLineComment(line, i, out)) {
        flush();
        break;
      } else if (!this.quote && character === "/" && /^\/\*(?!!|M!)/.test(line.slice(i, i + 4))) {
        i++;
        this.isInComment = true;
        flush();
      } else if (this.isInComment && !isInRunComment && character === "*" && next === "/") {
        i++;
        this.isInComment = false;
        flush();
        needsBlank = true;
      } else {
        if (!this.quote && line.startsWith("/*!", i)) isInRunComment = true;
        else if (!this.quote && isInRunComment && character === "*" && next === "/") isInRunComment = false;
        if (character === this.quote) this.quote = "";
        else if (!this.isInComment && !this.quote && /['"`]/.test(character)) this.quote = character;
        if (this.isInComment) continue;
        if (needsBlank && !isBlank(character)) out += " ";
        needsBlank = false;
        add(character, i);
      }
    }
    // What is left of a line may become a command; a line break would be a part of its argument.
    const isCommand = beginsWithDelimiter(out) && !this.quote && !this.isInComment;
    if ((out !== "" || this.buffer !== "") && !this.isInComment) this.buffer += isCommand ? out : `${out}\n`;
    return false;
  }

  private takesBackslash(): boolean {
    if (this.quote === "`") return false;
    if (this.quote === '"' && hasAnsiQuotes(this.sqlMode)) return false;
    return !(this.quote && hasNoEscapes(this.sqlMode));
  }

  private isLineComment(line: string, at: number, out: string): boolean {
    if (line[at] === "#") return true;
    if (!line.startsWith("--", at)) return false;
    // At the beginning of a statement, `--` needs no blank behind it; to the server it does.
    return isBlank(line[at + 2]) || at + 2 >= line.length || (this.buffer === "" && out === "");
  }

  private *run({ name, refusal }: ClientCommand, text: string): Generator<Piece, boolean, void> {
    const argument = argumentOf(
      name === "delimiter" ? cut(text, LONGEST.delimiterCommand) : cut(text, LONGEST.useCommand),
    );
    if (refusal !== undefined) yield this.problem(`${name} is a command of the mariadb client, and ${refusal}`);
    switch (name) {
      case "go":
      case "ego":
        return yield* this.go();
      case "clear":
        this.clear();
        return false;
      case "delimiter":
        if (argument === undefined)
          yield this.problem("DELIMITER names no delimiter. Write it behind the word", "DELIMITER must");
        else if (argument.includes("\\"))
          yield this.problem(
            "DELIMITER names one with a backslash, which the client refuses. Choose another",
            "DELIMITER cannot",
          );
        else this.delimiter = cut(argument, LONGEST.delimiter);
        return false;
      case "use":
        if (argument === undefined)
          yield this.problem("USE names no database. Write it behind the word, in the same line", "USE must");
        else yield { kind: "use", line: this.line, database: argument };
        return false;
      case "exit":
      case "quit":
        return true;
      default:
        return false;
    }
  }

  /** Sends the statement. It never ends the client. */
  private *go(): Generator<Piece, false, void> {
    const sent = withoutBlankEnd(this.buffer);
    const { start = 0, end = 0, line = this.line } = this.kept ?? {};
    this.clear();
    if (sent !== "") yield { kind: "statement", line, sent, source: this.script.slice(start, end) };
    return false;
  }

  private clear(): void {
    this.buffer = "";
    this.kept = undefined;
  }

  private keep(start: number, end: number): void {
    this.kept ??= { start, end, line: this.line };
    this.kept.end = end;
  }

  private problem(reason: string, says?: string): Piece {
    return { kind: "problem", line: this.line, reason, ...(says !== undefined && { says }) };
  }
}

/** Without what shows nothing at its end. Looked at from there: a pattern would look at each run of blanks from each of its places. */
function withoutBlankEnd(text: string): string {
  let end = text.length;
  while (end > 0 && ((text[end - 1] ?? "") <= " " || text[end - 1] === "\x7f")) end--;
  return text.slice(0, end);
}

const cut = (text: string, bytes: number): string => Buffer.from(text).subarray(0, bytes).toString();

/** The last place before this text, or in the line. */
const before = (line: string, text: string, from: number): number => {
  const found = line.indexOf(text, from);
  return (found < 0 ? line.length : found) - 1;
};

/** The last character of this text, or of the line. */
const behind = (line: string, text: string, from: number): number => {
  const found = line.indexOf(text, from);
  return found < 0 ? line.length - 1 : found + text.length - 1;
};
