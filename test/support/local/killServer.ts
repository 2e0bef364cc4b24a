import * as net from "node:net";
import { findProcess } from "../../../provider/src/hosts/local/server";
import { until } from "../../../provider/src/waiting";

/** Ends a local server as a power cut does, and waits until its port is free, which is when the last of its threads has ended. */
export async function killServer(directory: string, port: number): Promise<void> {
  const pid = await findProcess(directory);
  if (pid === undefined) throw new Error(`no server runs in ${directory}`);
  process.kill(pid, "SIGKILL");
  await until({ what: `the server in ${directory} to be gone`, deadline: 20_000 }, async () =>
    (await findProcess(directory)) === undefined && (await isFree(port))
      ? { done: undefined }
      : { seen: `process ${pid}` },
  );
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = net.createServer().once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
