import { findProcess } from "../../../provider/src/hosts/local/server";
import { until } from "../../../provider/src/waiting";
import { isFree } from "./ports";

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
