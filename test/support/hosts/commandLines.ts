import { readdir, readFile } from "node:fs/promises";
import { sleep } from "../../../provider/src/waiting";
import type { ContainerHost } from "./containerHost";

/** What everybody on a machine may read: the command lines of its processes, as they come and go. */

export interface Watched extends AsyncDisposable {
  /** Ends the watch, and tells all that was seen. */
  end(): Promise<string>;
}

/** Those of this machine that have a word in them. */
export function watchHere(words: readonly string[]): Watched {
  const seen = new Set<string>();
  let ended = false;
  const looking = (async () => {
    while (!ended) {
      const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
      const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "")));
      for (const line of lines) if (words.some((word) => line.includes(word))) seen.add(line);
      await sleep(10);
    }
  })();
  const end = async () => {
    ended = true;
    await looking;
    return [...seen].join("\n");
  };
  return { end, [Symbol.asyncDispose]: async () => void (await end()) };
}

const COMMANDS = "/var/log/commands";

/** All commands that come in over SSH, whole, and what is seen of the processes that they start. */
export async function watchHost(host: ContainerHost): Promise<Watched> {
  const shell = "/usr/local/bin/logged-shell";
  await host.exec(["tee", shell], { input: `#!/bin/sh\nprintf '%s\\n' "$*" >>${COMMANDS}\nexec /bin/bash "$@"\n` });
  await host.sh(`chmod +x ${shell}; touch ${COMMANDS}; chmod 666 ${COMMANDS}; usermod -s ${shell} ${host.user}`);
  const processes = host.sh(
    "while [ ! -e /watched ]; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; echo; sleep 0.02; done | sort -u",
  );
  const end = async () => {
    await host.sh("touch /watched");
    return `${await processes}${await host.sh(`cat ${COMMANDS}`)}`;
  };
  return { end, [Symbol.asyncDispose]: async () => void (await end()) };
}
