import { entries, survey } from "../../provider/src/commands/recordReader";
import type { Entry } from "../../provider/src/recipe/record";

/** What lines of a record tell, and what is wrong with them. */
export async function readRecord(
  text: readonly string[],
): Promise<{ entries: readonly Entry[]; findings: readonly string[] }> {
  const sources = [{ name: "the record", lines: () => text }];
  const seen = await survey(sources);
  const all: Entry[] = [];
  for await (const entry of entries(sources, seen)) all.push(entry);
  return { entries: all, findings: seen.findings };
}
