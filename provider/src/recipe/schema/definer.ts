import { isReservedUser } from "../names";
import type { ScriptStatement } from "../sql/splitScript";
import { isSymbol, isWord, type Token } from "../sql/tokens";
import { WITHOUT_DEFINER } from "./dumps";

/** What a script makes that runs in somebody's name: views, triggers, routines, events. */

/** In whose name an object runs: an account that the text names, or, by a clause at this place of the text, the one that we name. */
export type Definer = Account | { readonly start: number; readonly end: number };

interface Account {
  readonly user: string;
  readonly host: string;
}

const OBJECTS = ["VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "PACKAGE"];
/** What may stand between the clause and the object. */
const BEHIND_CLAUSE = ["SQL", "AGGREGATE", ...OBJECTS];
const OTHERS = ["TABLE", "INDEX", "SEQUENCE"];

/** In whose name the object runs that this CREATE makes. Undefined: it makes none that runs in a name. */
export function definerOf({ tokens }: Pick<ScriptStatement, "tokens">): Definer | undefined {
  const head = tokens.filter(({ kind }) => kind !== "comment mark");
  const at = head.findIndex((token) => isSymbol(token, "(") || isWord(token, "DEFINER", ...BEHIND_CLAUSE, ...OTHERS));
  const token = head[at];
  if (!token || !isWord(token, "DEFINER", ...BEHIND_CLAUSE)) return undefined;
  return isWord(token, "DEFINER") ? named(head.slice(at)) : { start: token.start, end: token.start };
}

function named([clause, , user, next, last, ...behind]: readonly Token[]): Definer | undefined {
  if (!clause || !user) return undefined;
  if (isWord(user, "CURRENT_USER")) {
    const end = isSymbol(next, "(") && last ? last : user;
    return { start: clause.start, end: end.end };
  }
  return { user: user.text, host: isSymbol(next, "@") ? hostName(last, behind) : "%" };
}

/** Without quotes, a host such as db1.example.org is several tokens. */
function hostName(first: Token | undefined, behind: readonly Token[]): string {
  let [text, end] = [first?.text ?? "", first?.end];
  for (const token of behind) {
    if (first?.kind !== "word" || token.start !== end || !(token.kind === "word" || isSymbol(token, "."))) break;
    text += token.text;
    end = token.end;
  }
  return text.toLowerCase();
}

/** The text with this clause at its place. */
export const inNameOf = (text: string, { start, end }: { start: number; end: number }, clause: string): string =>
  `${text.slice(0, start)}${clause} ${text.slice(end)}`;

/** What speaks against an object that is made in this name. */
export function definerProblems(definer: Definer | undefined): string[] {
  if (!definer || !("user" in definer) || !isReservedUser(definer.user)) return [];
  return [
    `DEFINER=${definer.user}@${definer.host} would let it run with all rights, on both nodes, and no node with it could be seeded. ` +
      "Take the clause out: then it runs as the admin account; or name an account of the pair with rights on its databases only. " +
      WITHOUT_DEFINER,
  ];
}

/** What speaks against a function. The server asks for it because of its binary log. */
export function functionProblems({ verb, tokens }: { verb: string; tokens: readonly Token[] }): string[] {
  if (!verb.endsWith("FUNCTION")) return [];
  if (tokens.some((token) => isWord(token, "SONAME")))
    return ["SONAME loads a library of the machine, which the peer may not have. Take it out"];
  const says = tokens.some((token, i) => {
    const [before, next, third] = [tokens[i - 1], tokens[i + 1], tokens[i + 2]];
    if (isWord(token, "DETERMINISTIC")) return !isWord(before, "NOT");
    if (isWord(token, "NO")) return isWord(next, "SQL");
    return isWord(token, "READS") && isWord(next, "SQL") && isWord(third, "DATA");
  });
  return says
    ? []
    : [
        `${verb} without DETERMINISTIC, NO SQL or READS SQL DATA is refused by a server with a binary log. Write behind RETURNS ... which of them ` +
          "it is: DETERMINISTIC if it always returns the same for the same arguments",
      ];
}
