import * as pulumi from "@pulumi/pulumi";
import { passwordProblem } from "../recipe/accounts/password";
import { pickRoles, ROLES, type Role, rowOf } from "../recipe/accounts/table";
import type { ReplicatedSessionStoreArgs } from "./pairArgs";

/**
 * For `dependsOn` of the nodes: nothing is changed on a server before all passwords are known, and fit to be passwords. One that comes from another
 * resource is unknown in a preview, and would be refused after the nodes were changed.
 */
export function passwordsFirst(args: ReplicatedSessionStoreArgs): pulumi.Output<pulumi.Resource[]> {
  const { extraAccounts } = args;
  return pulumi.output({ ...pickRoles(args), extraAccounts }).apply((accounts) => {
    const refusal = passwordRefusal(accounts);
    // Without the stack that it has: to show it, Pulumi would read the source maps of the whole program, for many seconds.
    if (refusal) throw Object.assign(new pulumi.RunError(`${refusal}. Nothing was changed.`), { stack: "" });
    return [];
  });
}

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
