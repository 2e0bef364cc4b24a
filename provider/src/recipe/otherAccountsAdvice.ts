import type { Advice } from "../inputs";
import { type Account, accountKey, describeAccount as describe } from "./accounts/accounts";
import type { GrantPart } from "./accounts/grants";
import { quoteAccount, quoteText, renderGrant } from "./accounts/grantText";
import { GRANT_OPTION } from "./accounts/privileges";
import { some } from "./accounts/writers";

/** What is said of accounts that a program does not declare. It is never repaired: they may be somebody's. */

interface InPlace {
  readonly wanted: Account;
  readonly other: Account;
  /** The account that comes before it, and is another one to be dropped. */
  readonly after?: Account | undefined;
}

export interface Others {
  /** An account that the server takes for clients that the wanted one is there for. */
  readonly inPlace: readonly InPlace[];
  /** Accounts that may write where sessions are, and by what. */
  readonly writers: readonly { readonly account: Account; readonly by: string }[];
  /** What runs in the names of any of these accounts. */
  readonly objects: readonly { readonly kind: string; readonly name: string; readonly definer: string }[];
  /** Those that are none of them. */
  readonly innocent: readonly Account[];
  /** What every account has from PUBLIC. */
  readonly ofPublic: readonly GrantPart[];
}

/** How many accounts or grants a warning names. */
const MOST = 10;

export function otherAccountsAdvice(name: string, { inPlace, writers, objects, innocent, ofPublic }: Others): Advice[] {
  const warning = (about: string, text: string): Advice => ({
    severity: "warning",
    where: name,
    about,
    text,
    source: SOURCE,
  });
  const byOther = new Map<string, { other: Account; said: InPlace[] }>();
  for (const one of inPlace) {
    const { other, said } = byOther.get(accountKey(one.other)) ?? { other: one.other, said: [] };
    byOther.set(accountKey(other), { other, said: [...said, one] });
  }
  const taken = [...byOther.values()];
  return [
    ...taken
      .slice(0, MOST)
      .map(({ other, said }) =>
        warning(`account ${describe(other)}`, inItsPlace(other, said) + beforeDropping([other], objects)),
      ),
    ...(taken.length <= MOST
      ? []
      : [warning("accounts that come before those of the pair", comeBefore(inPlace, taken.length - MOST))]),
    ...(writers.length === 0
      ? []
      : [
          warning(
            "accounts that nobody declares",
            mayWrite(writers, innocent) +
              beforeDropping(
                writers.map(({ account }) => account),
                objects,
              ),
          ),
        ]),
    ...(ofPublic.length === 0 ? [] : [warning("PUBLIC", fromPublic(ofPublic))]),
  ];
}

const SOURCE = "found on the server";

function inItsPlace(other: Account, said: readonly InPlace[]): string {
  const now = said.filter(({ after }) => !after);
  const later = said.filter(({ after }) => after);
  const first = unique(later.map(({ after }) => describe(after as Account)));
  const takes = [
    ...(now.length > 0
      ? [
          `takes it for logins as ${some(usersOf(now), MOST)}, not ${some(unique(now.map(({ wanted }) => accountKey(wanted))), MOST)}`,
        ]
      : []),
    ...(later.length > 0
      ? [`takes it for logins as ${some(usersOf(later), MOST)} once ${some(first, MOST)} is dropped`]
      : []),
  ];
  return (
    `from ${other.host}, MariaDB ${takes.join(", and ")}: it looks at the narrowest host first. Its ` +
    `password, requirements and grants on *.* count there. If nobody needs it: DROP USER ${quoteAccount(other)}; else give the account of the pair this host too (\`from\`)`
  );
}

/** Without its definer, each statement that uses such an object fails. */
function beforeDropping(accounts: readonly Account[], objects: Others["objects"]): string {
  const keys = accounts.map(accountKey);
  const found = objects.filter(({ definer }) => keys.includes(definer));
  const named = found.map(({ kind, name, definer }) => `${kind} ${name} (${definer})`);
  return named.length === 0
    ? ""
    : `. First make again with another DEFINER what runs in its name, or the proxies' statements may fail: ${some(named, MOST)}`;
}

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];
const usersOf = (said: readonly InPlace[]): string[] => unique(said.map(({ wanted }) => wanted.user));

function comeBefore(inPlace: readonly InPlace[], further: number): string {
  const names = ["", ...usersOf(inPlace)].map(quoteText).join(", ");
  return `there are ${further} more. All of them, and those of the pair: SELECT User, Host FROM mysql.global_priv WHERE User IN (${names})`;
}

/** @param innocent all others */
function mayWrite(found: Others["writers"], innocent: readonly Account[]): string {
  const known = innocent.map(({ user, host }) => `(${quoteText(user)}, ${quoteText(host)})`).join(", ");
  const all =
    found.length <= MOST
      ? ""
      : `. All accounts that no program declares, those with most rights on everything first: SELECT User, Host FROM mysql.global_priv ` +
        `WHERE Host <> '' AND (User, Host) NOT IN (${known}) ORDER BY CAST(JSON_VALUE(Priv, '$.access') AS UNSIGNED) DESC`;
  return `may write to the databases of sessions, or to everything: ${some(
    found.map(({ account, by }) => `${describe(account)} (${by})`),
    MOST,
  )}${all}. Declare those that are needed (\`extraAccounts\`), and drop or restrict the others`;
}

/** Everybody has it, in words. */
function publicly({ on, privileges }: GrantPart): string {
  if (on === "ROLE") return `the role ${privileges.at(-1)}`;
  const named = privileges.filter((each) => each !== GRANT_OPTION);
  if (named.length === 0) return `the right to hand on what one has ON ${on}`;
  return `${renderGrant(on, named)}${named.length < privileges.length ? " WITH GRANT OPTION" : ""}`;
}

function fromPublic(grants: readonly GrantPart[]): string {
  const [first] = grants.map(({ on, privileges }) =>
    on === "ROLE" ? (privileges[0] ?? "") : renderGrant(on, privileges),
  );
  return (
    `every account, those of the pair too, may do more than its grants say: ${some(
      grants.map((grant) => `${publicly(grant)} from PUBLIC`),
      MOST,
    )}${grants.length > MOST ? " (all of it: SHOW GRANTS FOR PUBLIC)" : ""}. \`up\` does not revoke that, because others may rely on it. If nobody does: ` +
    `${grants.length > 1 ? "for each, as " : ""}REVOKE ${first} FROM PUBLIC`
  );
}
