import * as fs from "node:fs/promises";

/** Who listens on a port of this machine, as far as the operating system tells: "mariadbd (process 4711)". */
export async function portOwner(port: number): Promise<string> {
  const inodes = new Set(await listeningInodes(port));
  for (const pid of await numbersIn("/proc")) {
    for (const fd of await numbersIn(`/proc/${pid}/fd`)) {
      const target = await fs.readlink(`/proc/${pid}/fd/${fd}`).catch(() => "");
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode && inodes.has(inode)) {
        const command = (await fs.readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0").join(" ").trim();
        return `process ${pid} (${command.slice(0, 160)})`;
      }
    }
  }
  return "another program (this user may not see which)";
}

async function listeningInodes(port: number): Promise<string[]> {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const tables = await Promise.all(
    ["/proc/net/tcp", "/proc/net/tcp6"].map((file) => fs.readFile(file, "utf8").catch(() => "")),
  );
  return tables
    .flatMap((table) => table.split("\n").slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(`:${hexPort}`) && columns[3] === "0A")
    .map((columns) => columns[9] ?? "");
}

async function numbersIn(folder: string): Promise<string[]> {
  const names = await fs.readdir(folder).catch(() => [] as string[]);
  return names.filter((name) => /^\d+$/.test(name));
}
