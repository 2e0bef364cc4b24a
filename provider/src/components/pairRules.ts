import { clashes } from "../recipe/accounts/clashes";
import { ROLES } from "../recipe/accounts/table";
import { encodingProblem } from "../recipe/characterSets";
import { validatePattern } from "../recipe/filters";
import { pathOf } from "../recipe/propertyPath";
import { settingRefusals, tlsRefusals } from "../recipe/settings/ofNode";
import { containsLater } from "../resources/refused";
import { settingsOf } from "./completeArgs";
import type { ReplicatedSessionStoreArgs } from "./pairArgs";
import { knownValue, type PairValues } from "./pairValues";

/**
 * What only several values together decide, where no server has to be asked: as the checks of the resources have it, but before anything is
 * made. The values have to be right, each by itself.
 */
export function pairProblems(args: ReplicatedSessionStoreArgs): string[] {
  const found = RULES.flatMap(({ needs, broken }) => {
    const isKnown = needs.every((name) => !containsLater(args[name]));
    if (!isKnown) return [];
    return broken(Object.fromEntries(needs.map((name) => [name, knownValue(name, args[name])])) as PairValues);
  });
  return [...found, ...ofSettings(args)];
}

interface PairRule {
  /** The arguments it reads. It is left out while a part of one is not known. */
  readonly needs: readonly (keyof PairValues)[];
  broken(values: PairValues): string[];
}

const RULES: readonly PairRule[] = [
  { needs: ["databases"], broken: ofDatabases },
  { needs: ["tables"], broken: ofPatterns },
  { needs: ["admin", "viewer"], broken: ofOwn },
  { needs: ["profile", "admin", "viewer", ...ROLES, "extraAccounts"], broken: ofAccounts },
];

function ofDatabases({ databases = [] }: PairValues): string[] {
  const names = databases.map(({ name }) => name);
  return databases.flatMap(({ name, characterSet, collation }, index) => {
    const at = (property: string, reason: string) => `${pathOf(["databases", index, property])}: ${reason}`;
    const encoding = encodingProblem(characterSet, collation);
    return [
      ...(names.indexOf(name) < index ? [at("name", `"${name}" is there twice`)] : []),
      ...(encoding ? [at(encoding.property, encoding.reason)] : []),
    ];
  });
}

function ofPatterns({ tables }: PairValues): string[] {
  return tables.flatMap((table, index) => {
    const reason = validatePattern(`d.${table}`);
    return reason ? [`${pathOf(["tables", index])}: ${reason}`] : [];
  });
}

function ofOwn({ admin, viewer }: PairValues): string[] {
  return admin.user === viewer?.user ? ["viewer.user: is the admin's: choose another name"] : [];
}

function ofAccounts({ admin, viewer, ...accounts }: PairValues): string[] {
  const own = [admin.user, ...(viewer ? [viewer.user] : [])];
  // Which databases there are decides nothing here.
  const found = clashes({ ...accounts, databases: [] } as unknown as Parameters<typeof clashes>[0], own);
  return found.map(({ property, reason }) => `${property}: ${reason}`);
}

/** Each at the place where the program gives it. */
function ofSettings(args: ReplicatedSessionStoreArgs): string[] {
  const found = args.nodes.flatMap((node, index) => {
    const settings = settingsOf(args, node);
    if (containsLater(settings)) return [];
    const place = (option: string) =>
      pathOf([...(option in (node.settings ?? {}) ? ["nodes", index] : []), "settings", option]);
    const refusals = [...settingRefusals(settings), ...(node.tls === undefined ? [] : tlsRefusals(settings))];
    return refusals.map(({ option, reason }) => `${place(option)}: ${reason}`);
  });
  return [...new Set(found)];
}
