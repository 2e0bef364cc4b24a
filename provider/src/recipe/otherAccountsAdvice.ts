import type { Advice } from "../inputs";
import { type Account, accountKey } from "./accounts/accounts";
import { quoteAccount } from "./accounts/grantText";
import { some } from "./accounts/writers";

/** What is said of accounts that a program does not declare. It is never repaired: they may be somebody's. */

export interface Others {
  /** An account that the server takes for clients that the wanted one is there for. */
  readonly inPlace: readonly { readonly wanted: Account; readonly other: Account }[];
  /** Accounts that may write where sessions are, and by what. */
  readonly writers: readonly { readonly account: Account; readonly by: string }[];
  /** What every account has from PUBLIC. */
  readonly ofPublic: readonly string[];
}

/** How many accounts or grants a warning names. */
const MOST = 10;

export function otherAccountsAdvice(name: string, { inPlace, writers, ofPublic }: Others): Advice[] {
  const warning = (about: string, text: string): Advice => ({
    severity: "warning",
    where: name,
    about,
    text,
    source: SOURCE,
  });
  const byOther = new Map<string, { other: Account; wanted: Account[] }>();
  for (const { other, wanted } of inPlace) {
    const said = byOther.get(accountKey(other)) ?? { other, wanted: [] };
    said.wanted.push(wanted);
    byOther.set(accountKey(other), said);
  }
  return [
    ...[...byOther.values()]
      .slice(0, MOST)
      .map(({ other, wanted }) => warning(`account ${describe(other)}`, inItsPlace(other, wanted))),
    ...(writers.length === 0 ? [] : [warning("accounts that nobody declares", mayWrite(writers))]),
    ...(ofPublic.length === 0 ? [] : [warning("PUBLIC", fromPublic(ofPublic))]),
  ];
}

const SOURCE = "found on the server";

const describe = (account: Account): string => (account.user === "" ? `''@${account.host}` : accountKey(account));

function inItsPlace(other: Account, wanted: readonly Account[]): string {
  const users = [...new Set(wanted.map(({ user }) => user))];
  return (
    `from ${other.host}, MariaDB takes it for logins as ${users.join(", ")}, not ${some(wanted.map(accountKey), MOST)}: it looks at the narrowest host first. Its ` +
    `password, requirements and grants on *.* count there. If nobody needs it: DROP USER ${quoteAccount(other)}; else give the account of the pair this host too (\`from\`)`
  );
}

const mayWrite = (found: Others["writers"]): string =>
  `may write to the databases of sessions, or to everything: ${some(
    found.map(({ account, by }) => `${describe(account)} (${by})`),
    MOST,
  )}. Declare those that are needed (\`extraAccounts\`), and drop or restrict the others`;

const fromPublic = (grants: readonly string[]): string =>
  `every account, those of the pair too, may do more than its grants say: ${some(
    grants.map((text) => `${text} from PUBLIC`),
    MOST,
  )}. \`up\` does not revoke that, because others may rely on it. If nobody does: ${grants.length > 1 ? "for each, as " : ""}REVOKE ${grants[0]} FROM PUBLIC`;
