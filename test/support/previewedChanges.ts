/**
 * What `pulumi preview --diff` announces, by the name of the resource: the changed lines of its properties, blanks evened out.
 * An operation other than an update stands in front of them. What the refresh before it found is left out, because it says the
 * same the other way round.
 */
export function previewedChanges(output: string): Record<string, string[]> {
  const changes: Record<string, string[]> = {};
  let operation: string | undefined;
  let lines: string[] | undefined;
  for (const line of output.split("\n")) {
    const header = /^\s*\S{0,2}\s*[\w:/-]+: \((\w+)\)$/.exec(line);
    if (header) {
      operation = header[1];
      lines = undefined;
      continue;
    }
    const name = /^\s+\[urn=.*::(.+)\]$/.exec(line)?.[1];
    if (name !== undefined && operation !== "refresh" && operation !== "same") {
      lines = operation === "update" ? [] : [`(${operation})`];
      changes[name] = lines;
      continue;
    }
    if (/^\S/.test(line)) lines = undefined;
    const change = /^\s+([~+-] .*)$/.exec(line)?.[1];
    if (lines && change && !/(: [[{]|:)$/.test(change)) lines.push(change.replace(/^(. \S+)\s+:/, "$1:"));
  }
  return changes;
}
