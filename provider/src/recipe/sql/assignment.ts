import { isSymbol, isWord, type Token } from "./tokens";

/** One of the assignments of a SET statement. */
export interface Assignment {
  /** `user`: a variable of the script's own, such as `@old`. */
  readonly scope: string;
  /** In capitals, unless it is the script's own. */
  readonly name: string;
  readonly value: readonly Token[];
}

export function readAssignment(tokens: readonly Token[]): Assignment {
  const words = [...tokens];
  let scope = "session";
  const system = isSymbol(words[0], "@") && isSymbol(words[1], "@");
  if (system) words.splice(0, 2);
  else if (isSymbol(words[0], "@"))
    return { scope: "user", name: words[1]?.text ?? "", value: behindEquals(words.slice(2)) };
  if (isWord(words[0], "SESSION", "LOCAL")) words.shift();
  else if (isWord(words[0], "GLOBAL", "PERSIST")) scope = words.shift()?.text.toUpperCase() ?? "";
  if (system && isSymbol(words[0], ".")) words.shift();
  const name = words.shift()?.text.toUpperCase() ?? "";
  // SET NAMES x and SET CHARACTER SET x have no equals sign.
  if (name === "NAMES" || name === "CHARSET") return { scope, name: "CHARACTER_SET_CLIENT", value: words };
  if (name === "CHARACTER") return { scope, name: "CHARACTER_SET_CLIENT", value: words.slice(1) };
  return { scope, name, value: behindEquals(words) };
}

const behindEquals = (tokens: readonly Token[]): readonly Token[] => {
  const from = tokens.findIndex((token) => !isSymbol(token, "=") && !isSymbol(token, ":"));
  return from < 0 ? [] : tokens.slice(from);
};
