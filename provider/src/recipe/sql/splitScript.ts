import { ClientReader, type Piece } from "./clientReader";
import { SessionModes } from "./sqlMode";
import { readStatement } from "./statement";
import { dependsOnVersion, isSymbol, isWord, type Token, tokensOf } from "./tokens";

/** One statement of a script, without the delimiter after it and the comments before it. */
export interface ScriptStatement {
  /** Where it begins in the script, counted from 1. */
  readonly line: number;
  readonly text: string;
  /** As the server reads it. */
  readonly tokens: readonly Token[];
}

export interface ScriptProblem {
  readonly line: number;
  /** What the client stops at, or does that we do not, and what to do. */
  readonly reason: string;
}

/** What is sent at once. */
interface Sent extends ScriptStatement {
  readonly sqlMode: string;
}

/** What the client does, and what becomes of it on the server. */
export interface ScriptStep {
  readonly piece: Piece;
  readonly statements: readonly ScriptStatement[];
  readonly problems: readonly ScriptProblem[];
}

/**
 * Cuts a script into the statements that `mariadb < script.sql` has a server run, with the problems that it would have.
 * The known splitter libraries take the apostrophe in `# it's` for the begin of a string; and a checker that reads
 * a text in another way than the splitter can be led past its own rules. So a statement is cut as the client cuts it,
 * and read as the server reads it.
 */
export function splitScript(script: string): { statements: ScriptStatement[]; problems: ScriptProblem[] } {
  const steps = [...scriptSteps(script)];
  return {
    statements: steps.flatMap(({ statements }) => statements),
    problems: steps.flatMap(({ problems }) => problems),
  };
}

export function* scriptSteps(script: string): Generator<ScriptStep> {
  const reader = new ClientReader(script);
  const session = new SessionModes();
  for (const piece of reader.read()) {
    const statements = piece.kind === "problem" ? [] : statementsOf(piece, session.sqlMode);
    const problems: ScriptProblem[] = piece.kind === "problem" ? [piece] : [];
    for (const { line, tokens } of statements) {
      const reason = session.follow(tokens);
      if (reason !== undefined) problems.push({ line, reason });
    }
    reader.sqlMode = session.sqlMode;
    yield { piece, statements, problems };
  }
}

function statementsOf(piece: Exclude<Piece, { kind: "problem" }>, sqlMode: string): ScriptStatement[] {
  const { line } = piece;
  if (piece.kind === "use") {
    const text = `USE \`${piece.database.replaceAll("`", "``")}\``;
    return [{ line, text, tokens: tokensOf(text) }];
  }
  const [tokens, ofSource] = [tokensOf(piece.sent, sqlMode), tokensOf(piece.source, sqlMode)];
  // Comments stay in the bodies of stored programs; not where the client and the server differ in what a comment is.
  const whole = isSame(tokens, ofSource) ? { text: piece.source, tokens: ofSource } : { text: piece.sent, tokens };
  return statementsIn({ line, ...whole, sqlMode });
}

/** The statements of a text that no client has cut: what a server makes of it. */
export const statementsInText = (text: string): ScriptStatement[] =>
  statementsIn({ line: 1, text, tokens: tokensOf(text), sqlMode: "" });

/** With another delimiter, several statements may be sent at once. The server runs them one after the other. */
function statementsIn({ line, text, tokens, sqlMode }: Sent): ScriptStatement[] {
  const statements: ScriptStatement[] = [];
  const lastEnd = tokens.map((token) => isWord(token, "END")).lastIndexOf(true);
  let from = 0;
  for (let i = 0; i <= tokens.length; i++) {
    const token = tokens[i];
    if (token && !isSymbol(token, ";")) continue;
    const isBody = token !== undefined && lastEnd > i && mayHaveBody(tokens.slice(from, from + HEAD));
    const before = tokens[from - 1];
    const part = text.slice(before?.end ?? 0, isBody ? undefined : token?.start);
    const partLine = line + (before?.line ?? 1) - 1;
    statements.push(...trimmed({ line: partLine, text: part, tokens: tokensOf(part, sqlMode) }, sqlMode));
    if (isBody) break;
    from = i + 1;
  }
  return statements;
}

/** Without the comments before and behind it, that are no part of what is run. Nothing, if there is nothing else. */
function trimmed({ line, text, tokens }: ScriptStatement, sqlMode: string): ScriptStatement[] {
  const [first, last] = [tokens[0], tokens.at(-1)];
  if (!first || !last) return [];
  const own = text.slice(first.start, last.end);
  return [{ line: line + first.line - 1, text: own, tokens: own === text ? tokens : tokensOf(own, sqlMode) }];
}

/** Tokens within which a statement says what it makes. */
const HEAD = 50;

/** In the body of these, a semicolon stands between statements of their own; END closes it. */
function mayHaveBody(tokens: readonly Token[]): boolean {
  const { verb, effect } = readStatement({ tokens: tokens.filter((token) => !dependsOnVersion(token)) });
  const isProgram = effect === "unfiltered" || verb.endsWith("TRIGGER");
  return isProgram || /^(BEGIN NOT ATOMIC|IF|CASE|LOOP|WHILE|REPEAT|FOR|DECLARE)$/.test(verb);
}

const isSame = (some: readonly Token[], others: readonly Token[]): boolean =>
  some.length === others.length &&
  some.every(({ kind, text }, i) => others[i]?.kind === kind && others[i]?.text === text);
