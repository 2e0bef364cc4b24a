// @ts-check
/**
 * Run by npm when the package is packed: builds it, and puts beside it what its README leads to, `copy`, and takes that away again, `remove`. Only files that a
 * page names are taken along: others may be of this machine alone.
 */
import { cp, readFile, rm, rmdir } from "node:fs/promises";
import path from "node:path";
import { buildToPack } from "./library.mjs";
import { installPackages } from "./packages.mjs";
import { repository } from "./places.mjs";
import { main, Stop } from "./run.mjs";

const FIRST = ["README.md", "LICENSE", "SECURITY.md"];
const place = path.join(repository, "provider");

/** What a page links to in this repository, and what a program imports from beside it. */
const LEADS = /** @type {Record<string, RegExp>} */ ({
  ".md": /\]\((?!\w+:)([^)#\s]+)/g,
  ".ts": /from "(\.[^"]+)"/g,
});

/** @param {string} file @param {string} link */
const leadsTo = (file, link) => (file.endsWith(".ts") ? `${link}.ts` : link);

/** These files and all that they lead to. */
async function linked() {
  const files = new Set(FIRST);
  // A set takes in what is added while it is walked.
  for (const file of files) {
    const leads = LEADS[path.extname(file)];
    if (!leads) continue;
    const text = await readFile(path.join(repository, file), "utf8");
    for (const [, link = ""] of text.matchAll(leads))
      files.add(path.posix.join(path.posix.dirname(file), leadsTo(file, link)));
  }
  return [...files];
}

await main(async () => {
  const [what] = process.argv.slice(2);
  if (what !== "copy" && what !== "remove") throw new Stop("usage: node tools/packed.mjs copy|remove");
  if (what === "copy") {
    await installPackages();
    await buildToPack();
  }
  for (const file of await linked()) {
    const copy = path.join(place, file);
    if (what === "copy") await cp(path.join(repository, file), copy);
    else {
      await rm(copy, { force: true });
      if (path.dirname(copy) !== place) await rmdir(path.dirname(copy)).catch(() => {});
    }
  }
});
