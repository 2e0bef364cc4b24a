import type { Meant } from "./optionNames";
import { isLogPath, type NumberKind, type SettingKind, sameValue, toNumber, toValue } from "./values";

/** Values as they stand in option files, which the server takes otherwise than those of SET GLOBAL. */

/** The value as our own settings would say it. What the server takes for no value of that kind stays as it is. */
export function valueMeant(kind: SettingKind | undefined, { value, isOff }: Meant): string {
  switch (kind?.is) {
    case "log":
      if (isOff) return "OFF";
      // A file of that name in the data directory, even ON.
      return value && !isLogPath(value) ? `datadir/${value}` : value || "ON";
    case "boolean":
      // Any other word, such as `yes`, is none to the server, which warns of it.
      return value === undefined ? "ON" : (SWITCH.get(value.toLowerCase()) ?? "OFF");
    case "number":
      return (kind.isDecimal ? decimalMeant : wholeMeant)(kind, value ?? "1");
    case "choice":
      return choiceMeant(kind.of, value ?? "1");
    case undefined:
      return value ?? "ON";
    default:
      return value ?? "";
  }
}

/** True of a line that says nothing to the server: InnoDB does not take other words than these for a switch. */
export const isIgnored = (kind: SettingKind | undefined, { option, value }: Meant): boolean =>
  kind?.is === "boolean" && option.startsWith("innodb_") && value !== undefined && !SWITCH.has(value.toLowerCase());

const SWITCH: ReadonlyMap<string, "ON" | "OFF"> = new Map([
  ...(["on", "true", "1"] as const).map((word) => [word, "ON"] as const),
  ...(["off", "false", "0"] as const).map((word) => [word, "OFF"] as const),
]);

/** What follows the unit is ignored, and no number is 0: `1KB` is `1K`, `MB` is `0M`, and `1e1` an exabyte. */
function wholeMeant(kind: NumberKind, value: string): string {
  const [, number, unit] = /^[ \t]*\+?(\d*)(?:$|([kmgtpe]))/i.exec(value) ?? [];
  if (number === undefined) return value;
  const whole = BigInt(number) * 1024n ** BigInt(" kmgtpe".indexOf(unit?.toLowerCase() ?? " "));
  const step = BigInt(kind.step ?? 1);
  const [min, max] = [BigInt(kind.min ?? 0), kind.max === undefined ? whole : BigInt(kind.max)];
  const most = whole > max ? max : whole;
  const rounded = most - (most % step);
  return String(rounded < min ? min : rounded);
}

/** Beyond the limits, the server takes the nearest number that it has. */
function decimalMeant({ min = 0, max = Number.MAX_VALUE }: NumberKind, value: string): string {
  const number = Number(value);
  return Number.isNaN(number) ? value : String(Math.min(Math.max(number, min), max));
}

/** A beginning that only one has stands for it, and so does its number; nothing stands for the first. */
function choiceMeant(of: readonly string[], value: string): string {
  if (value === "") return of[0] ?? "";
  const wanted = value.toUpperCase();
  const beginning = of.filter((one) => one.startsWith(wanted));
  if (of.includes(wanted) || beginning.length === 0) return (/^\d+$/.test(value) && of[Number(value)]) || wanted;
  return beginning.length === 1 ? String(beginning[0]) : wanted;
}

/** True when two values mean the same, also of an option whose kind only a server knows. */
export function isSameMeant(kind: SettingKind | undefined, one: string, other: string): boolean {
  const by = kind ?? guessed(one, other);
  return sameValue(by, toValue(by, one), toValue(by, other));
}

function guessed(...values: readonly string[]): SettingKind {
  if (values.every((value) => toNumber(value) !== undefined)) return { is: "number" };
  if (values.every((value) => SWITCH.has(value.toLowerCase()))) return { is: "boolean" };
  return { is: values.every((value) => /^\w*$/.test(value)) ? "name" : "text" };
}
