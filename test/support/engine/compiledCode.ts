import { cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { transform } from "@swc/core";

const repository = path.resolve(__dirname, "../../..");

/** Compiles the provider and the tests' support into a folder, for processes that are started often and have to start fast. */
export async function compileInto(folder: string): Promise<void> {
  await Promise.all(["provider/src", "test/support"].map((sources) => compile(sources, folder)));
  await symlink(path.join(repository, "node_modules"), path.join(folder, "node_modules"));
}

async function compile(sources: string, folder: string): Promise<void> {
  const entries = await readdir(path.join(repository, sources), { recursive: true });
  await Promise.all(
    entries.map(async (entry) => {
      const target = path.join(folder, sources, entry.replace(/\.ts$/, ".js"));
      if (!/\.(ts|cjs)$/.test(entry)) return;
      await mkdir(path.dirname(target), { recursive: true });
      if (entry.endsWith(".cjs")) return cp(path.join(repository, sources, entry), target);
      const text = await readFile(path.join(repository, sources, entry), "utf8");
      const { code } = await transform(text, {
        filename: entry,
        configFile: false,
        swcrc: false,
        jsc: { target: "es2022", parser: { syntax: "typescript" } },
        module: { type: "commonjs" },
      });
      await writeFile(target, code);
    }),
  );
}
