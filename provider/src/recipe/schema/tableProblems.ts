import { isSymbol, isWord, type Token } from "../sql/tokens";
import { OF_TYPE } from "./dumps";
import { unfitness } from "./engines";

/** What speaks against the options with which a table is made, or its partitions. */
export function tableProblems(tokens: readonly Token[]): string[] {
  const plain = tokens.filter(({ kind }) => kind !== "comment mark");
  return [...engineProblems(plain), ...machineProblems(plain)];
}

function engineProblems(tokens: readonly Token[]): string[] {
  const named = tokens.flatMap((token, i) => {
    if (!isWord(token, "ENGINE")) return [];
    const value = isSymbol(tokens[i + 1], "=") ? tokens[i + 2] : tokens[i + 1];
    return value ? [value.text.toUpperCase()] : [];
  });
  const unfit = [...new Set(named)].flatMap((engine) => {
    const because = unfitness(engine);
    return because ? [`ENGINE=${engine} does not keep the table's rows: ${because}. Write ENGINE=InnoDB`] : [];
  });
  let depth = 0;
  const isOfMySql4 = tokens.some((token, i) => {
    if (isSymbol(token, "(")) depth++;
    if (isSymbol(token, ")")) depth--;
    return depth === 0 && isWord(token, "TYPE") && isSymbol(tokens[i + 1], "=");
  });
  return isOfMySql4 ? [...unfit, `TYPE= is how MySQL 4 named the engine. Write ENGINE=${OF_TYPE}`] : unfit;
}

/** What names something of the machine. */
function machineProblems(tokens: readonly Token[]): string[] {
  return tokens.flatMap((token, i) => {
    const next = tokens[i + 1];
    if (isWord(token, "DATA", "INDEX") && isWord(next, "DIRECTORY")) {
      return [
        `${token.text.toUpperCase()} DIRECTORY is a place on one machine, which the peer may not have. Leave it out`,
      ];
    }
    if (!isWord(token, "WITH") || !isWord(next, "PARSER")) return [];
    return ["WITH PARSER needs a plugin that the peer may not have. Leave it out"];
  });
}
