import type { Profile } from "../names";
import { nearest } from "../nearest";
import { unwritable } from "./optionFile";
import { type NodeFacts, optionName, profileValues, SETTINGS, SETTINGS_OF_THE_HOST, settingOf } from "./table";
import {
  canonical,
  isLogPath,
  refusal,
  type SettingInput,
  type SettingKind,
  type SettingValue,
  sameValue,
  toNumber,
  toValue,
} from "./values";

/** Settings by option, in the order of the file. */
export type Settings = Readonly<Record<string, SettingValue>>;

/** What users add to a profile, or set against it. */
export type GivenSettings = Readonly<Record<string, SettingInput>>;

/** The full settings of a node: the profile's, with what the user sets against them. */
export function nodeSettings(profile: Profile, given: GivenSettings, node: NodeFacts): Settings {
  const values = profileValues(profile, node);
  for (const [name, value] of Object.entries(given)) {
    const option = optionName(name);
    values.set(option, toValue(kindOf(option), value));
  }
  const log = values.get("log_bin");
  // `log_basename` would move all other log files too; and where an index lies that is not named, other files decide.
  if (isLogPath(log)) {
    values.delete("log_basename");
    if (!values.has("log_bin_index")) values.set("log_bin_index", `${canonical(kindOf("log_bin"), String(log))}.index`);
  }
  return Object.fromEntries(values);
}

/** What is wrong with the given settings, as far as it can be told without a server. */
export function settingRefusals(given: GivenSettings): { option: string; reason: string }[] {
  const isPlaced = Object.entries(given).some(
    ([name, value]) => optionName(name) === "log_bin" && isLogPath(String(value)),
  );
  const options = Object.keys(given).map(optionName);
  return Object.entries(given).flatMap(([name, value], index) => {
    if (options.indexOf(optionName(name)) < index)
      return [{ option: name, reason: "is there twice, in two spellings" }];
    const reason = reasonAgainst(optionName(name), value) ?? reasonAgainstPlace(optionName(name), isPlaced);
    return reason ? [{ option: name, reason }] : [];
  });
}

/** Options that look like a slip of the pen. Whether there is such an option, only a server knows. */
export function likelyMisspelt(given: Settings): { option: string; meant: string }[] {
  const known = SETTINGS.map(({ option }) => option);
  return Object.keys(given).flatMap((option) => {
    const meant = settingOf(option) ? undefined : nearest(option, known, 2);
    return meant === undefined ? [] : [{ option, meant }];
  });
}

function reasonAgainstPlace(option: string, isPlaced: boolean): string | undefined {
  if (option === "log_basename" && isPlaced)
    return "would move the binary log away from where log_bin says; give one of the two";
  if (option === "log_bin_index" && !isPlaced) return "belongs to a log_bin with a path; give both, or log_basename";
  return undefined;
}

/** Settings that `tls` makes, and that may not be given beside it. */
export function tlsRefusals(given: GivenSettings): { option: string; reason: string }[] {
  const ofTls = Object.keys(given).filter((name) => settingOf(optionName(name))?.of === "tls");
  return ofTls.map((option) => ({ option, reason: 'follows from "tls"; give one of the two' }));
}

/** Settings that runs have set or were about to set: an option may be there with several values. */
export type NotedSettings = readonly (readonly [option: string, value: SettingValue])[];

/** True where the server proves itself with a certificate that the settings name. */
export const haveCertificate = (settings: NotedSettings): boolean => settings.some(([option]) => option === "ssl_cert");

/** The domain of the GTIDs that a node with these settings writes itself. */
export const ownDomain = (settings: Settings): number => Number(settings["gtid_domain_id"]);

/** Settings that fit each node but not the pair. */
export function pairRefusals(settings: Settings): { option: string; reason: string }[] {
  return SETTINGS.flatMap(({ option, atMost }) => {
    if (!atMost) return [];
    const [value, most] = [option, atMost].map((name) => toNumber(String(settings[name])));
    if (value === undefined || most === undefined || value <= most) return [];
    return [{ option, reason: `${value} exceeds ${atMost} (${most}): MariaDB ignores it` }];
  });
}

/** Settings in which the two nodes must differ, and don't. */
export function collisions(one: Settings, other: Settings): { option: string; reason: string }[] {
  return SETTINGS.flatMap(({ option, differs }) =>
    differs && isSame(option, one[option], other[option])
      ? [{ option, reason: `both nodes have ${option}=${one[option]}; it must differ` }]
      : [],
  );
}

const isSame = (option: string, one: SettingValue | undefined, other: SettingValue | undefined): boolean =>
  one !== undefined && other !== undefined && sameValue(kindOf(option), one, other);

function reasonAgainst(option: string, value: SettingInput): string | undefined {
  if (!/^[a-z][a-z0-9_]*$/.test(option)) return `"${option}" is not the name of an option`;
  if (SETTINGS_OF_THE_HOST.includes(option)) return "belongs to where the server runs, not to the settings of the pair";
  const kind = kindOf(option);
  const kept = toValue(kind, value);
  return refusal(kind, kept) ?? unwritable(option, kept) ?? settingOf(option)?.refuses?.(canonical(kind, kept));
}

const kindOf = (option: string): SettingKind => settingOf(option)?.kind ?? { is: "text" };
