import { passwordProblem } from "../recipe/accounts/password";
import { ROLES, type Role, rowOf } from "../recipe/accounts/table";

interface Passwords {
  readonly password: string;
  readonly previousPassword?: string | undefined;
}

/** Why one of the passwords can't be one, with its property. */
export function passwordRefusal(
  accounts: { readonly [R in Role]?: Passwords | undefined } & {
    readonly extraAccounts?: readonly Passwords[] | undefined;
  },
): string | undefined {
  const named = [
    ...ROLES.map((role) => [role, accounts[role], rowOf(role).longestPassword] as const),
    ...(accounts.extraAccounts ?? []).map((account, i) => [`extraAccounts.${i}`, account, undefined] as const),
  ];
  for (const [name, account, longest] of named) {
    for (const property of ["password", "previousPassword"] as const) {
      // A former one may be left out. What is not text came from a program that its types could not hold back.
      const isLeftOut = property === "previousPassword" && (account?.[property] ?? undefined) === undefined;
      const problem = account && !isLeftOut && passwordProblem(account[property], longest);
      if (problem) return `${name}.${property}: ${problem}`;
    }
  }
  return undefined;
}
