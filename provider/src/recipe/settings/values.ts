import { posix } from "node:path";

/** How values of server variables are written, read back and compared. */

export type SettingKind =
  /** ON, as an option without a value; or the whole path with which the names of a log's files begin. */
  | { readonly is: "log" }
  | { readonly is: "boolean" }
  | {
      readonly is: "number";
      readonly min?: number;
      readonly max?: number;
      /** The server rounds down to a multiple of it. @default 1 */
      readonly step?: number;
      /** True: it need not be whole. */
      readonly isDecimal?: true;
    }
  | { readonly is: "choice"; readonly of: readonly string[] }
  /** @param of all that there are, where that is known */
  | { readonly is: "set"; readonly of?: readonly string[] }
  /** `name=on,name=off`: what is not named stays as it is. */
  | { readonly is: "switches"; readonly of?: readonly string[] }
  | { readonly is: "patterns" }
  /** Where a server listens. None at all, and all of IPv4, are as good as `*`. */
  | { readonly is: "address" }
  /** A name without regard to case, such as that of a character set or an engine. */
  | { readonly is: "name" }
  | { readonly is: "text" };

export type NumberKind = Extract<SettingKind, { is: "number" }>;

/** A value as users may give it. */
export type SettingInput = string | number | boolean | readonly string[];

/** A value as state and previews show it. */
export type SettingValue = string | readonly string[];

/** The value in the form that is kept and shown, in the user's own spelling where that is as good. */
export function toValue(kind: SettingKind, given: SettingInput): SettingValue {
  if (kind.is === "patterns") return listOf(given);
  if (typeof given === "object") return given.join(",");
  if (typeof given === "boolean") return given ? "ON" : "OFF";
  const text = String(given).trim();
  if (kind.is === "boolean" || kind.is === "log") return truth(text) ?? text;
  return kind.is === "choice" ? text.toUpperCase() : text;
}

/** Why a value can't be one of this kind; undefined when it can. */
export function refusal(kind: SettingKind, value: SettingValue): string | undefined {
  const texts = typeof value === "string" ? [value] : value;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a line break would begin another line of the option file
  if (texts.some((text) => /[\u0000-\u001f]/.test(text))) return "control characters and line breaks are not allowed";
  // MariaDB keeps names and variables in utf8mb3.
  const strange = /[\u{10000}-\u{10ffff}\p{Surrogate}]/u.exec(texts.join(" "))?.[0].codePointAt(0);
  if (strange)
    return `has the character U+${strange.toString(16).toUpperCase()}, which MariaDB keeps as ? in a variable`;
  switch (kind.is) {
    case "boolean":
      // An option file takes no `yes`.
      return /^(on|off|1|0|true|false)$/i.test(String(value)) ? undefined : `"${value}" is neither ON nor OFF`;
    case "log":
      if (truth(String(value)) || /^\/.*[^/]$/.test(String(value))) return undefined;
      return `"${value}" is neither ON nor a whole path, such as /var/log/mysql/mariadb-bin`;
    case "number":
      return numberRefusal(kind, String(value));
    case "choice":
      return isOneOf(kind.of, String(value)) ? undefined : `"${value}" is not one of ${kind.of.join(", ")}`;
    case "name":
      return value === "" ? "a name is needed" : undefined;
    case "set":
    case "switches": {
      const names = listOf(value).map((item) => (kind.is === "set" ? item : item.replace(/=.*/, "")));
      const unknown = kind.of && names.find((name) => !/^\d+$/.test(name) && !isOneOf(kind.of ?? [], name));
      return unknown === undefined ? undefined : `"${unknown}" is not one of ${kind.of?.join(", ")}`;
    }
    default:
      return undefined;
  }
}

const isOneOf = (names: readonly string[], name: string): boolean =>
  names.some((one) => one.toUpperCase() === name.toUpperCase());

/** True when two values, each in any spelling the server or a user may choose, mean the same. */
export function sameValue(kind: SettingKind, one: SettingValue, other: SettingValue): boolean {
  if (kind.is !== "switches") return canonical(kind, one) === canonical(kind, other);
  const [a, b] = [switchesOf(one), switchesOf(other)];
  return [...a].every(([name, value]) => (b.get(name) ?? value) === value);
}

/** One spelling for all values that mean the same. */
export function canonical(kind: SettingKind, value: SettingValue): string {
  switch (kind.is) {
    case "boolean":
      return truth(String(value)) ?? String(value);
    case "log":
      return truth(String(value)) ?? withoutExtension(posix.normalize(String(value)));
    case "number":
      return String(rounded(toWhole(String(value)), kind.step) ?? decimal(String(value)) ?? value);
    case "choice":
    case "name":
      return String(value).toUpperCase();
    case "set": {
      const names = listOf(value).flatMap((name) => COMBINATIONS[name.toUpperCase()]?.split(",") ?? name.toUpperCase());
      return [...new Set(names)].sort().join(",");
    }
    case "switches":
      return listOf(value).sort().join(",");
    case "patterns":
      // The server holds one twice where two files name it.
      return [...new Set(listOf(value))].sort().join(",");
    case "address":
      return ["", "0.0.0.0"].includes(String(value)) ? "*" : String(value).toLowerCase();
    case "text":
      return String(value).replace(/^(\/.*[^/])\/+$/, "$1");
  }
}

/** Servers keep six digits. */
function decimal(text: string): number | undefined {
  const number = toNumber(text);
  return number === undefined ? undefined : Math.round(number * 1e6) / 1e6;
}

/** True for the place of a log's files, where it is not left to the server. */
export const isLogPath = (value: SettingValue | undefined): boolean =>
  value !== undefined && String(value).includes("/");

/** The server puts its own extension in the place of any. */
const withoutExtension = (file: string): string => file.replace(/\.[^/]*$/, "");

/** Modes that stand for several: the server shows them all. */
const WITHOUT_OPTIONS = "PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,NO_KEY_OPTIONS,NO_TABLE_OPTIONS,NO_FIELD_OPTIONS";
const COMBINATIONS: Readonly<Record<string, string>> = {
  ANSI: "ANSI,REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE",
  DB2: `DB2,${WITHOUT_OPTIONS}`,
  MAXDB: `MAXDB,${WITHOUT_OPTIONS},NO_AUTO_CREATE_USER`,
  MSSQL: `MSSQL,${WITHOUT_OPTIONS}`,
  MYSQL323: "MYSQL323,HIGH_NOT_PRECEDENCE",
  MYSQL40: "MYSQL40,HIGH_NOT_PRECEDENCE",
  ORACLE: `ORACLE,${WITHOUT_OPTIONS},NO_AUTO_CREATE_USER,SIMULTANEOUS_ASSIGNMENT`,
  POSTGRESQL: `POSTGRESQL,${WITHOUT_OPTIONS}`,
  TRADITIONAL:
    "TRADITIONAL,STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION",
};

const switchesOf = (value: SettingValue): Map<string, string> =>
  new Map(listOf(value).map((item) => item.toLowerCase().split("=") as [string, string]));

const rounded = (number: bigint | undefined, step = 1): bigint | undefined =>
  number === undefined || number < 0n || step <= 1 ? number : number - (number % BigInt(step));

/** The value as SET GLOBAL takes it: a number for numbers, text for everything else. */
export function toSql(kind: SettingKind, value: SettingValue): string | number | bigint {
  if (kind.is === "number") return toWhole(String(value)) ?? toNumber(String(value)) ?? String(value);
  if (kind.is === "patterns" || kind.is === "switches") return listOf(value).join(",");
  return kind.is === "text" || kind.is === "name" ? String(value) : canonical(kind, value);
}

/** `500M`, `1.000000` and `0` as numbers; undefined for what isn't one. */
export function toNumber(text: string): number | undefined {
  const match = /^(-?\d+(?:\.\d+)?)([kmgt]?)$/i.exec(text.trim());
  return match ? Number(match[1]) * factorOf(match[2]) : undefined;
}

/** The same for whole numbers, exact up to the server's largest, 2^64-1. */
function toWhole(text: string): bigint | undefined {
  const match = /^(-?\d+)(?:\.0+)?([kmgt]?)$/i.exec(text.trim());
  return match ? BigInt(String(match[1])) * BigInt(factorOf(match[2])) : undefined;
}

const factorOf = (unit = ""): number => 1024 ** ["", "k", "m", "g", "t"].indexOf(unit.toLowerCase());

/** Numbers of JavaScript don't tell it from the next one. */
const LARGEST = 2n ** 64n - 1n;

function numberRefusal(kind: { min?: number; max?: number; isDecimal?: true }, text: string): string | undefined {
  const number = toNumber(text);
  if (number === undefined) return `"${text}" is not a number`;
  // With either in an option file no server starts.
  if (!kind.isDecimal && text.includes(".")) return `"${text}" is not a whole number`;
  if (kind.isDecimal && /[kmgt]$/i.test(text))
    return `"${text}" has a unit, which MariaDB takes for whole numbers only`;
  if (kind.min !== undefined && number < kind.min) return `${text} is below the smallest value, ${kind.min}`;
  if ((toWhole(text) ?? 0n) > LARGEST) return `${text} is above the largest value, ${LARGEST}`;
  if (kind.max !== undefined && number > kind.max) return `${text} is above the largest value, ${kind.max}`;
  return undefined;
}

function listOf(value: SettingInput): string[] {
  const items = typeof value === "object" ? [...value] : String(value).split(",");
  return items.map((item) => item.trim()).filter((item) => item !== "");
}

function truth(text: string): "ON" | "OFF" | undefined {
  if (/^(on|1|true|yes)$/i.test(text)) return "ON";
  return /^(off|0|false|no)$/i.test(text) ? "OFF" : undefined;
}
