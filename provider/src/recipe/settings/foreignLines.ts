import { isIgnored, isSameMeant, valueMeant } from "./fileValues";
import type { OptionLine } from "./optionFile";
import { KNOWN_OPTIONS, LASTING, NAMED_BY_BASENAME, optionMeant, type Said } from "./optionNames";
import { settingOf } from "./table";

/** What lines of other option files do to ours. */

/** What the server takes a line for. */
export interface Meaning {
  readonly option: string;
  readonly value: string;
}

/** @param known options whose names a line may begin. @default those that this library knows */
export function meaningOf(line: Said, known = KNOWN_OPTIONS): Meaning {
  const meant = optionMeant(line, known);
  return { option: meant.option, value: valueMeant(settingOf(meant.option)?.kind, meant) };
}

/** All lines with what they mean, where a program may set options that this library does not know. */
function withMeanings(all: readonly OptionLine[], ourFile: string) {
  const ours = all.filter(({ file }) => file === ourFile);
  const known = new Set([...KNOWN_OPTIONS, ...ours.map((line) => meaningOf(line).option)]);
  return all.flatMap((line) => {
    const meant = optionMeant(line, known);
    if (isIgnored(settingOf(meant.option)?.kind, meant)) return [];
    const meanings = [line, ...(meant.also ? [meant.also] : [])].map((said) => meaningOf(said, known));
    return meanings.map((meaning) => ({ line, isOurs: line.file === ourFile, ...meaning }));
  });
}

/** What a `log_basename` says of the log, in the words of the options that say it one by one. */
function saidByBasename(ours: readonly Meaning[]): Meaning[] {
  const basename = ours.findLast(({ option }) => option === "log_basename")?.value;
  if (basename === undefined || !ours.some(({ option, value }) => option === "log_bin" && value === "ON")) return [];
  return ["log_bin", "log_bin_index"].map((option) => ({ option, value: `datadir/${basename}-bin` }));
}

/** Lines that keep one of our settings from applying after the next restart. */
export function overridingLines(all: readonly OptionLine[], ourFile: string): OptionLine[] {
  const meant = withMeanings(all, ourFile);
  const ours = meant.filter(({ isOurs }) => isOurs);
  const said = [...ours, ...saidByBasename(ours)];
  const lastOfOurs = meant.findLastIndex(({ isOurs }) => isOurs);
  const overrides = meant.filter((one, index) => {
    const { only, kind } = settingOf(one.option) ?? {};
    const isKept = only !== undefined || isOfLog(one.option) || ours.some(({ option }) => option === one.option);
    if (one.isOurs || !isKept || agrees(one, said)) return false;
    // Further patterns are added to ours, also from an earlier file. Of all other options the last line wins.
    if (kind?.is === "patterns") return true;
    const last = meant.findLast(({ option }) => option === one.option) ?? one;
    return (only !== undefined || index > lastOfOurs) && !agrees(last, said);
  });
  return [...new Set(overrides.map(({ line }) => line))];
}

const agrees = (meaning: Meaning, ours: readonly Meaning[]): boolean =>
  settingOf(meaning.option)?.only === undefined ? ours.some((own) => isSame(own, meaning)) : !isUnwantedThen(meaning);

const isSame = (one: Meaning, other: Meaning): boolean =>
  one.option === other.option && isSameMeant(settingOf(one.option)?.kind, one.value, other.value);

/** A pair runs without it, wherever it is said. */
export const isUnwanted = (line: Said): boolean => isUnwantedThen(meaningOf(line));

function isUnwantedThen({ option, value }: Meaning): boolean {
  const setting = settingOf(option);
  return setting?.only !== undefined && !isSameMeant(setting.kind, value, String(setting.only));
}

/** True of what no line may change between two starts of a server. */
export const isLasting = (option: string): option is (typeof LASTING)[number] =>
  LASTING.some((name) => name === option);

/** True of options that together say where the binary log is: one that ours leaves out changes what ours says. */
export const placesLog = (line: Said): boolean => isOfLog(meaningOf(line).option);

const isOfLog = (option: string): boolean => settingOf(option)?.placesLog === true;

/** Lines of others whose log files lie elsewhere from the next start on, because our `log_basename` comes after them. */
export function movedLogs(all: readonly OptionLine[], ourFile: string): OptionLine[] {
  const meant = withMeanings(all, ourFile);
  const basename = meant.findLastIndex(({ isOurs, option }) => isOurs && option === "log_basename");
  const moved = meant.filter(
    ({ option, value, isOurs }, index) =>
      index < basename &&
      !isOurs &&
      value !== "" &&
      NAMED_BY_BASENAME.includes(option) &&
      meant.findLastIndex((other) => other.option === option) === index,
  );
  return moved.map(({ line }) => line);
}

/** By file, what others say of our options, where they say the same as ours of any: two places then keep one setting. */
export function repeatingFiles(all: readonly OptionLine[], ourFile: string): Map<string, OptionLine[]> {
  const meant = withMeanings(all, ourFile);
  const ours = meant.filter(({ isOurs }) => isOurs);
  const others = meant.filter((one) => !one.isOurs && ours.some(({ option }) => option === one.option));
  const repeating = others.filter((one) => ours.some((own) => isSame(own, one)));
  const linesOf = (file: string) => others.flatMap(({ line }) => (line.file === file ? [line] : []));
  return new Map(repeating.map(({ line: { file } }) => [file, linesOf(file)]));
}
