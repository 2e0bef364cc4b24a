import type { Advice, Reminders } from "../inputs";
import { isExamplePassword } from "./accounts/password";
import { ROLES, type Role, rowOf } from "./accounts/table";
import { releaseAdvice } from "./releases";
import type { Settings } from "./settings/ofNode";
import { describeLine, type OptionLine, saying } from "./settings/optionFile";
import { SETTINGS } from "./settings/table";
import { sameValue } from "./settings/values";
import type { Version } from "./version";

/** Advice on one node: its version, and the settings that it runs with. */
export function nodeAdvice(name: string, version: Version, settings: Settings): Advice[] {
  return [...releaseAdvice(name, version), ...settingsAdvice(name, settings)];
}

/** Advice on option files that say of the pair's options what ours says too, as on a pair that was set up by hand. */
export function fileAdvice(name: string, files: ReadonlyMap<string, readonly OptionLine[]>): Advice[] {
  return [...files].map(([file, lines]) => ({
    severity: "note" as const,
    where: name,
    about: file,
    text: `says of options of the pair what the pair's own file says too: ${lines.map(saying).join(", ")}; the own file wins, so remove them here and one place says what runs`,
    source: "found on the server",
  }));
}

/** Advice on option files with which a server that runs would not start again. */
export const startAdvice = (name: string, problems: readonly string[]): Advice[] =>
  problems.map((problem) => ({
    severity: "danger" as const,
    where: name,
    about: "option files",
    text: `the next start of this server will fail: ${problem}. Correct that before it stops, for whatever reason`,
    source: "the server's own reading of its option files",
  }));

/** Advice on log files that lie elsewhere since our `log_basename` names all of them, or will from the next start on. */
export function movedLogAdvice(name: string, lines: readonly OptionLine[]): Advice[] {
  return lines.map((line) => ({
    severity: "note" as const,
    where: name,
    about: line.option,
    text:
      `${describeLine(line)} is overridden: log_basename, in the pair's own file, puts that file into the data directory at the next start; ` +
      "to keep it where it is, give log_bin with its path in the node's settings instead of log_basename",
    source: "MariaDB: log_basename",
  }));
}

const RENEWAL = 30;
const DAY = 86_400_000;

/** Advice on passwords that were last changed longer ago than the program wants. @param changes when they were, by account */
export function passwordAdvice(
  name: string,
  changes: ReadonlyMap<string, Date>,
  { passwordAge }: Reminders,
  now = new Date(),
): Advice[] {
  if (passwordAge === undefined) return [];
  return [...changes].flatMap(([account, changed]) => {
    if (now.getTime() - changed.getTime() <= passwordAge * DAY) return [];
    return [
      {
        severity: "warning" as const,
        where: name,
        about: `account ${account}`,
        text: `its password was last changed on ${changed.toISOString().slice(0, 10)}, more than ${passwordAge} days ago; docs/passwords.md says how it is changed without a break`,
        source: "the node's `reminders`",
      },
    ];
  });
}

/** Advice on certificates that end soon. @param days until the first of them does; undefined: it has no certificate from us */
export function certificateAdvice(name: string, days: number | undefined, reminders: Reminders = {}): Advice[] {
  if (days === undefined || days >= (reminders.certificateDays ?? RENEWAL)) return [];
  return [
    {
      severity: "warning",
      where: name,
      about: "certificate",
      text: `ends in ${days} days; then the links do not come back after an interruption, and clients are refused. Renew it: that takes effect at once`,
      source: "the node's `tls`",
    },
  ];
}

function settingsAdvice(name: string, settings: Settings): Advice[] {
  return SETTINGS.flatMap(({ option, kind, vendor, hardened, risk, severity, source }) => {
    if (!risk) return [];
    const node = { nodeNumber: 1, bindAddress: "", patterns: [] };
    const better = (hardened ?? vendor)?.(node);
    const value = settings[option];
    if (better === undefined || (value !== undefined && sameValue(kind, value, better))) return [];
    const instead = typeof better === "string" ? better : better.join(",");
    return [
      {
        severity: severity ?? ("warning" as const),
        where: name,
        about: option,
        text: `${risk}; better: ${option}=${instead}${hardened ? ' (profile "hardened")' : ""}`,
        source,
      },
    ];
  });
}

/** The accounts of the recipe by their part in it, as far as advice on them goes. */
export type AdvisedAccounts = { readonly [R in Role]?: { user?: string; password: string } | undefined };

/** Advice on the accounts. It names accounts, never a password. */
export function accountAdvice(accounts: AdvisedAccounts): Advice[] {
  return ROLES.flatMap((role) => {
    const account = accounts[role];
    if (!account || !isExamplePassword(account.password)) return [];
    return [
      {
        severity: "danger" as const,
        where: "both nodes",
        about: `account ${account.user ?? rowOf(role).user}`,
        text: "its password is the recipe's example, which everybody can read; give it another one",
        source: "recipe steps 2 to 4",
      },
    ];
  });
}

/** What is said of both nodes alike, said once. */
export function together(advice: readonly Advice[]): Advice[] {
  const said = new Map<string, Advice>();
  for (const one of advice) {
    const key = `${one.about} ${one.text}`;
    const same = said.get(key);
    said.set(key, same ? { ...same, where: `${same.where}, ${one.where}` } : one);
  }
  return [...said.values()];
}
