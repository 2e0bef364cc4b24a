import { execFile } from "node:child_process";
import { paths } from "../../provider/src/hosts/local/files";
import { testDumps } from "../support/dumps";
import { testServer } from "../support/local/testServer";

/** What this machine's mariadb-dump writes; `hosts/dumps` asks other versions. */

test("a dump with whichever option is taken, or refused with what makes it fit, and a server takes that", async () => {
  await using server = await testServer({ settings: ["log_bin", "server_id=1", "debug-no-sync"] });
  const { host } = server.connection;
  const { socket } = paths(host.kind === "local" ? host.directory : "");
  const sh = (line: string, input = "") =>
    new Promise<string>((resolve, reject) => {
      const child = execFile("sh", ["-ec", line], { maxBuffer: 1e8 }, (error, out) =>
        error ? reject(error) : resolve(out),
      );
      child.stdin?.end(input);
    });
  await testDumps(sh, { login: `--no-defaults --socket=${socket}` });
}, 120_000);
