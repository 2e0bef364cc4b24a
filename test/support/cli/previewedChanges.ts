/**
 * What `pulumi preview --diff` announces, by the name of the resource: the changed lines, each with the path of its property.
 * An operation other than an update stands in front of them. What the refresh before it found is left out: it says the same the
 * other way round.
 */
export function previewedChanges(output: string): Record<string, string[]> {
  const changes: Record<string, string[]> = {};
  let operation = "";
  let lines: string[] | undefined;
  let path: { column: number; key: string }[] = [];
  for (const line of output.split("\n")) {
    const header = /^\s*\S{0,2}\s*[\w:/-]+: \((\w+)\)$/.exec(line);
    if (header) {
      operation = header[1] ?? "";
      lines = undefined;
      continue;
    }
    const name = /^\s+\[urn=.*::(.+)\]$/.exec(line)?.[1];
    if (name !== undefined && operation !== "refresh" && operation !== "same") {
      lines = operation === "update" ? [] : [`(${operation})`];
      path = [];
      changes[name] = lines;
      continue;
    }
    if (/^\S/.test(line)) lines = undefined;
    const [, before = "", mark = "", blanks = "", text = ""] = /^(\s+)([~+-] )?(\s*)(.*)$/.exec(line) ?? [];
    if (!lines || text === "") continue;
    const column = before.length + mark.length + blanks.length;
    path = path.filter((outer) => outer.column < column);
    const opened = /^(\S+)\s*: ?[[{]?$/.exec(text);
    if (opened) path.push({ column, key: opened[1] ?? "" });
    else if (mark) {
      const property = [...path.map(({ key }) => key), text.replace(/^(\S+)\s+:/, "$1:")].join(".");
      lines.push(mark + property);
    }
  }
  return changes;
}
