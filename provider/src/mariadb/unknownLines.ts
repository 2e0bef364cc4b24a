import type { OptionLine } from "../recipe/settings/optionFile";
import { KNOWN_OPTIONS, optionMeant } from "../recipe/settings/optionNames";
import { WITHOUT_VALUE } from "../recipe/settings/settingNames";
import type { Server } from "./server";
import { knownNames, startProblems, withPlace } from "./startProblems";

/**
 * Why a server would not start again, where other option files have options that it does not know, or that may be several. It is asked itself, but
 * only where a name is strange, since that takes a process on its machine.
 */
export async function unknownLines(server: Server, others: readonly OptionLine[]): Promise<string[]> {
  if (others.length === 0) return [];
  const known = new Set([...KNOWN_OPTIONS, ...WITHOUT_VALUE, ...(await knownNames(server))]);
  const strange = others.filter(
    (line) => !line.option.startsWith("loose_") && !known.has(optionMeant(line, known).option),
  );
  if (strange.length === 0) return [];
  const problems = await startProblems(server);
  return problems.map((problem) => withPlace(problem, strange));
}
