import { isLasting, isUnwanted, meaningOf } from "./foreignLines";
import { settingRefusals } from "./ofNode";
import type { OptionLine } from "./optionFile";
import { settingOf } from "./table";

/** What to do about lines of other option files that would win over ours. */

const KINDS: readonly { readonly is: (line: OptionLine) => boolean; readonly because: string }[] = [
  {
    is: (line) => isLasting(meaningOf(line).option),
    because: ": with them the next start would take the server elsewhere, fail, or let everybody in",
  },
  {
    is: (line) => settingOf(meaningOf(line).option)?.isFilter === true && isUnwanted(line),
    because: ": rows that they keep back never reach the other node",
  },
  { is: (line) => isUnwanted(line) || isRefused(line), because: ": no pair works with them" },
  { is: () => true, because: ', or say the same in "settings"' },
];

/** The pair's settings take no such value. */
function isRefused(line: OptionLine): boolean {
  const { option, value } = meaningOf(line);
  return settingOf(option)?.of !== undefined || settingRefusals({ [option]: value }).length > 0;
}

/** Sentences, one for each kind of line that there is. */
export function overrideRemedies(lines: readonly OptionLine[]): string {
  const kindOf = (line: OptionLine) => KINDS.find(({ is }) => is(line));
  const groups = KINDS.map((kind) => ({ ...kind, lines: lines.filter((line) => kindOf(line) === kind) })).filter(
    (group) => group.lines.length > 0,
  );
  const which = (group: readonly OptionLine[]) =>
    groups.length === 1 ? "these lines" : group.map(({ file, line }) => `${file}:${line}`).join(", ");
  return groups.map((group) => `Remove ${which(group.lines)}${group.because}.`).join(" ");
}
