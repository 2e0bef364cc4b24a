// @ts-check
/**
 * `npm run sbom`: the bill of materials of the published package, in CycloneDX: all that an installation of it brings along, as package-lock.json
 * has it. `npm sbom --workspace` leaves out what the package shares with the tools of this repository.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { repository } from "./places.mjs";

/**
 * @typedef {Record<string, string>} Ranges  by name
 * @typedef {{ name?: string, version: string, license?: string, integrity?: string, dependencies?: Ranges, optionalDependencies?: Ranges,
 *   peerDependencies?: Ranges, peerDependenciesMeta?: Record<string, { optional?: boolean }> }} Package
 * @typedef {Record<string, Package>} Packages  by their places, as in package-lock.json
 */

/** @param {Packages} packages @param {string} place that of the published one */
export function billOfMaterials(packages, place) {
  // One that is there in several places may be required in one of them.
  const required = new Set([...closure(packages, place, false)].map((at) => refOf(packages, at)));
  /** @type {Map<string, object>} */
  const components = new Map();
  /** @type {Map<string, Set<string>>} */
  const dependencies = new Map();
  for (const at of closure(packages, place, true)) {
    const ref = refOf(packages, at);
    if (at !== place) components.set(ref, component(packages, at, required.has(ref) ? "required" : "optional"));
    const named = needs(packages, at, true).map((to) => refOf(packages, to));
    dependencies.set(ref, new Set([...(dependencies.get(ref) ?? []), ...named]));
  }
  /** @template T @param {Map<string, T>} map */
  const sorted = (map) => [...map].sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: { component: component(packages, place) },
    components: sorted(components).map(([, one]) => one),
    dependencies: sorted(dependencies).map(([ref, names]) => ({ ref, dependsOn: [...names].sort() })),
  };
}

/** The places of a package and of all that it needs. @param {Packages} packages @param {string} place @param {boolean} withOptional */
function closure(packages, place, withOptional) {
  const found = new Set([place]);
  // A set takes in what is added while it is walked.
  for (const at of found) for (const to of needs(packages, at, withOptional)) found.add(to);
  return found;
}

/** The places of what a package needs itself. @param {Packages} packages @param {string} place @param {boolean} withOptional */
function needs(packages, place, withOptional) {
  const {
    dependencies,
    optionalDependencies = {},
    peerDependencies = {},
    peerDependenciesMeta,
  } = packageAt(packages, place);
  // A peer that is optional is the user's choice.
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta?.[name]?.optional);
  const required = [...Object.keys(dependencies ?? {}), ...peers].filter((name) => !(name in optionalDependencies));
  return [...required, ...(withOptional ? Object.keys(optionalDependencies) : [])].flatMap((name) => {
    const at = resolve(packages, place, name);
    if (at) return [at];
    if (name in optionalDependencies) return [];
    throw new Error(`package-lock.json lacks ${name}, which ${place} needs: run npm install`);
  });
}

/** As Node looks for it: in the package's own folder, then in those above. @param {Packages} packages @param {string} from @param {string} name */
function resolve(packages, from, name) {
  for (let folder = from; ; folder = folder.includes("/") ? path.posix.dirname(folder) : "") {
    const at = path.posix.join(folder, "node_modules", name);
    if (at in packages) return at;
    if (folder === "") return undefined;
  }
}

/** @param {Packages} packages @param {string} place */
function packageAt(packages, place) {
  const found = packages[place];
  if (!found) throw new Error(`package-lock.json has nothing at ${place}`);
  return found;
}

/** @param {Packages} packages @param {string} place */
function nameAt(packages, place) {
  return packageAt(packages, place).name ?? place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);
}

/** The package's URL, which names it anywhere. @param {Packages} packages @param {string} place */
function refOf(packages, place) {
  return `pkg:npm/${nameAt(packages, place).replace("@", "%40")}@${packageAt(packages, place).version}`;
}

/** @param {Packages} packages @param {string} place @param {"required" | "optional"} [scope] */
function component(packages, place, scope) {
  const { version, license, integrity } = packageAt(packages, place);
  const ref = refOf(packages, place);
  const [, sum] = /^sha512-(\S+)$/.exec(integrity ?? "") ?? [];
  return {
    type: "library",
    "bom-ref": ref,
    name: nameAt(packages, place),
    version,
    ...(scope && { scope }),
    ...(sum && { hashes: [{ alg: "SHA-512", content: Buffer.from(sum, "base64").toString("hex") }] }),
    ...(license && { licenses: [/^SEE /.test(license) ? { license: { name: license } } : { expression: license }] }),
    purl: ref,
  };
}

/** What package-lock.json has; of the published package, what its own package.json says by now. */
function lockedPackages(/** @type {string} */ place) {
  const read = (/** @type {string} */ file) => JSON.parse(readFileSync(path.join(repository, file), "utf8"));
  const { packages } = read("package-lock.json");
  return /** @type {Packages} */ ({ ...packages, [place]: read(`${place}/package.json`) });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(`${JSON.stringify(billOfMaterials(lockedPackages("provider"), "provider"), null, 2)}\n`);
}
