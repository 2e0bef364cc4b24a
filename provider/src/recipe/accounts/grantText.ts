import { isSymbol, isWord, type Token, tokensOf } from "../sql/tokens";
import { canonical, GRANT_OPTION, type Level } from "./privileges";

/** One GRANT as text, and the same taken apart. */

export interface Grant {
  /** On what: `*.*`, `` `db`.* ``, `` `db`.`table` ``, `` PROCEDURE `db`.`name` ``; ROLE and DEFAULT ROLE for those two. */
  readonly on: string;
  readonly level: Level | "other";
  /** By the names we compare, and the names they were written with. */
  readonly privileges: readonly { readonly name: string; readonly written: string }[];
  /** True when a TO and what follows it was there, as in the answers of SHOW GRANTS. */
  readonly hasGrantee: boolean;
}

interface Word {
  readonly kind: "word" | "quoted" | "sign";
  readonly text: string;
}

const SIGNS = ["(", ")", ",", ".", "@", "*"];

interface Words {
  readonly words: Word[];
  /** What follows TO: nothing of it is taken apart, since older servers put names of certificates there as they are, quotes included. */
  readonly tail: string;
}

/** What a grant consists of. Without quotes a dash is taken for a part of a name, though the server would not. */
function wordsOf(text: string): Words {
  const words: Word[] = [];
  let end = 0;
  let isOpen = false;
  for (const token of tokensOf(text, "ANSI_QUOTES")) {
    const isAdjacent = token.start === end;
    const isDash = isSymbol(token, "-");
    const kind = kindOf(token);
    // What lies in between is a comment, if it is not blank.
    if ((!kind && !isDash) || text.slice(end, token.start).trim() !== "") {
      throw new Error(`can't be read at character ${(kind ? end : token.start) + 1}`);
    }
    const last = words.at(-1);
    if (last?.kind === "word" && isAdjacent && (isDash || (isOpen && kind === "word"))) {
      words[words.length - 1] = { kind: "word", text: last.text + token.text };
    } else words.push({ kind: kind ?? "word", text: token.text });
    isOpen = isDash;
    end = token.end;
    // After a dot it is a name.
    if (isWord(token, "TO") && last?.text !== ".") return { words, tail: text.slice(end) };
  }
  if (text.slice(end).trim() !== "") throw new Error(`can't be read at character ${end + 1}`);
  return { words, tail: "" };
}

function kindOf({ kind, text }: Token): Word["kind"] | undefined {
  if (kind === "word") return "word";
  if (kind === "name" || kind === "string") return "quoted";
  return kind === "symbol" && SIGNS.includes(text) ? "sign" : undefined;
}

/** Takes apart a line of SHOW GRANTS, or its part up to TO as users write it: `SELECT, INSERT ON db.*`. */
export function parseGrant(text: string): Grant {
  const reader = new Reader(text);
  if (reader.skip("SET", "DEFAULT", "ROLE")) return role("DEFAULT ROLE", reader.name(), false, true);
  reader.skip("GRANT");
  const first = reader.privileges();
  if (!reader.skip("ON")) return role("ROLE", unquote(first[0] ?? ""), reader.tailSays("ADMIN"), reader.sawTo);
  const { on, level } = reader.object();
  const mayGrant = reader.tailSays("GRANT");
  const written = mayGrant ? [...first, GRANT_OPTION] : first;
  return { on, level, privileges: written.map(named), hasGrantee: reader.sawTo };
}

/** The text of a grant, as it stands between GRANT and TO, and between REVOKE and FROM. */
export function renderGrant(on: string, privileges: readonly string[]): string {
  if (on === "ROLE" || on === "DEFAULT ROLE") return `${on} ${privileges.join(", ")}`;
  return `${privileges.join(", ")} ON ${on}`;
}

/** True for what PROXY is on: an account, as `` `user`@`host` ``. */
export const isProxied = (on: string): boolean => /^`(?:[^`]|``)*`@`/.test(on);

/** The account that such a text names. */
export function proxiedAccount(on: string): { user: string; host: string } {
  const [user = "", host = ""] = namesIn(on);
  return { user, host };
}

/** All names in a text that were quoted by `quoteName`. */
export const namesIn = (text: string): string[] =>
  [...text.matchAll(/`((?:[^`]|``)*)`/g)].map(([, name = ""]) => name.replaceAll("``", "`"));

export const quoteName = (name: string): string => `\`${name.replaceAll("`", "``")}\``;

/** An account, as SHOW GRANTS names it. */
export const nameAccount = ({ user, host }: { readonly user: string; readonly host: string }): string =>
  `${quoteName(user)}@${quoteName(host)}`;

/** An account, as statements for people to copy name it. */
export const quoteAccount = ({ user, host }: { readonly user: string; readonly host: string }): string =>
  [user, host].map((text) => (text.includes("\\") ? quoteName(text) : quoteText(text))).join("@");

/** A text in such a statement: whether the server takes a backslash for an escape depends on its sql_mode. */
export const quoteText = (text: string): string =>
  text.includes("\\") ? `_utf8mb4 0x${Buffer.from(text).toString("hex")}` : `'${text.replaceAll("'", "''")}'`;

/** The exact database name, where MariaDB takes `_` and `%` for wildcards. */
export const escapeWildcards = (database: string): string => database.replace(/[\\_%]/g, "\\$&");

function role(on: string, name: string, admin: boolean, hasGrantee: boolean): Grant {
  const names = admin ? [quoteName(name), `${quoteName(name)} WITH ADMIN OPTION`] : [quoteName(name)];
  return { on, level: "other", privileges: names.map((each) => ({ name: each, written: each })), hasGrantee };
}

/** `SELECT (`x`)` keeps its column as written; the name of the privilege before it is the one we compare. */
function named(written: string): Grant["privileges"][number] {
  const [, word = written, columns = ""] = /^([^(]*?)( \(.*\))?$/s.exec(written) ?? [];
  return { name: canonical(word) + columns.toLowerCase(), written };
}

const unquote = (text: string): string => (text.startsWith("`") ? text.slice(1, -1).replaceAll("``", "`") : text);

class Reader {
  private readonly tokens: readonly Word[];
  private readonly tail: string;
  private at = 0;
  sawTo = false;

  constructor(text: string) {
    const { words, tail } = wordsOf(text.trim());
    this.tokens = words;
    this.tail = tail;
  }

  /** Steps over the words, if they all stand here. */
  skip(...words: string[]): boolean {
    const here = words.every((word, i) => this.isWord(this.at + i, word));
    if (here) this.at += words.length;
    return here;
  }

  name(): string {
    const token = this.tokens[this.at++];
    if (!token || token.kind === "sign") throw new Error(`a name is missing after "${this.before()}"`);
    return token.text;
  }

  privileges(): string[] {
    const found: string[] = [];
    do {
      const words: string[] = [];
      if (this.tokens[this.at]?.kind === "quoted") words.push(quoteName(this.name()));
      while (this.tokens[this.at]?.kind === "word" && !this.isWord(this.at, "ON") && !this.isWord(this.at, "TO")) {
        words.push(this.name());
      }
      const text = words.join(" ");
      if (text === "") throw new Error("a privilege is missing");
      found.push(...(this.sign("(") ? this.columns().map((column) => `${text} (${column})`) : [text]));
    } while (this.sign(","));
    return found;
  }

  object(): { on: string; level: Grant["level"] } {
    const kind = ["TABLE", "FUNCTION", "PROCEDURE", "PACKAGE BODY", "PACKAGE"].find(
      // A database may be called like that too; then a dot follows.
      (word) => this.tokens[this.at + word.split(" ").length]?.text !== "." && this.skip(...word.split(" ")),
    );
    if (this.sign("*")) {
      if (!this.sign(".") || !this.sign("*")) throw new Error(`name the database: "db.*"`);
      return { on: "*.*", level: "global" };
    }
    const first = this.name();
    if (this.sign("@")) return { on: nameAccount({ user: first, host: this.name() }), level: "other" };
    if (!this.sign(".")) throw new Error(`name the database too: "db.${first}", or "${first}.*" for all of it`);
    if (this.sign("*")) return { on: `${quoteName(first)}.*`, level: "database" };
    const second = this.name();
    if (!kind || kind === "TABLE") return { on: `${quoteName(first)}.${quoteName(second)}`, level: "table" };
    // The server keeps the names of routines in lower case, whatever it does to others.
    return { on: `${kind} ${quoteName(first)}.${quoteName(second.toLowerCase())}`, level: "routine" };
  }

  /** What follows the object: nothing, TO with the account, WITH GRANT OPTION. What is quoted in between ends with its quote, so the end is the server's own. */
  tailSays(option: "GRANT" | "ADMIN"): boolean {
    this.sawTo = this.skip("TO");
    if (this.sawTo) return new RegExp(` WITH ${option} OPTION( MAX_\\w+ [\\d.]+)*$`, "i").test(this.tail);
    const rest = this.tokens.slice(this.at);
    if (rest.length > 0 && !this.isWord(this.at, "WITH")) {
      throw new Error(`"${rest[0]?.text}" is not expected after "${this.before()}"`);
    }
    return rest.some((_, i) => this.isWord(this.at + i, option) && this.isWord(this.at + i + 1, "OPTION"));
  }

  private columns(): string[] {
    const columns: string[] = [];
    do columns.push(quoteName(this.name()));
    while (this.sign(","));
    if (!this.sign(")")) throw new Error(`a ")" is missing`);
    // The server names them in no particular order.
    return columns.sort();
  }

  private sign(text: string): boolean {
    const here = this.tokens[this.at]?.kind === "sign" && this.tokens[this.at]?.text === text;
    if (here) this.at++;
    return here;
  }

  private isWord(at: number, word: string): boolean {
    const token = this.tokens[at];
    return token?.kind === "word" && token.text.toUpperCase() === word;
  }

  private before(): string {
    return this.tokens
      .slice(0, this.at)
      .map(({ text }) => text)
      .join(" ");
  }
}
