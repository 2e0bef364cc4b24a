import type { Meant } from "./optionNames";
import { isLogPath, type SettingKind, sameValue, toNumber, toValue } from "./values";

/** Values as they stand in option files, which the server takes otherwise than those of SET GLOBAL. */

/** The value as our own settings would say it. What the server takes for no value of that kind stays as it is. */
export function valueMeant(kind: SettingKind | undefined, { value, isOff }: Meant): string {
  switch (kind?.is) {
    case "log":
      if (isOff) return "OFF";
      // A file of that name in the data directory, even ON.
      return value && !isLogPath(value) ? `datadir/${value}` : value || "ON";
    case "boolean":
      return value === undefined ? "ON" : (SWITCH.get(value.toLowerCase()) ?? `"${value}"`);
    case "number":
      return (kind.isDecimal ? decimalMeant : wholeMeant)(value ?? "1");
    case "choice":
      return choiceMeant(kind.of, value ?? "1");
    case undefined:
      return value ?? "ON";
    default:
      return value ?? "";
  }
}

/** Servers take any other word, such as `yes`, for OFF or ignore it, and warn. It never counts as the same as our value. */
const SWITCH: ReadonlyMap<string, "ON" | "OFF"> = new Map([
  ...(["on", "true", "1"] as const).map((word) => [word, "ON"] as const),
  ...(["off", "false", "0"] as const).map((word) => [word, "OFF"] as const),
]);

/** What follows the unit is ignored, and no number is 0: `1KB` is `1K`, `MB` is `0M`, and `1e1` an exabyte. */
function wholeMeant(value: string): string {
  const [, number, unit] = /^[ \t]*\+?(\d*)(?:$|([kmgtpe]))/i.exec(value) ?? [];
  if (number === undefined) return value;
  return String(BigInt(number) * 1024n ** BigInt(" kmgtpe".indexOf(unit?.toLowerCase() ?? " ")));
}

const decimalMeant = (value: string): string => (Number.isNaN(Number(value)) ? value : String(Number(value)));

/** A beginning that only one has stands for it, and so does its number. */
function choiceMeant(of: readonly string[], value: string): string {
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
