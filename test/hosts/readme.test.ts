import { readFileSync } from "node:fs";
import * as path from "node:path";
import { PulumiProject } from "../support/cli/cli";
import { expectSuccess } from "../support/cli/pairProgram";
import { HostPair } from "../support/hosts/hostPair";

/** What README shows as a user's own program is one: the real CLI runs it, as it stands there, on two machines over SSH. */

jest.setTimeout(120_000);

const README = readFileSync(path.resolve(__dirname, "../../README.md"), "utf8");
const PROGRAM = /## In your own program\n.*?```ts\n(.*?)```/s.exec(README)?.[1] ?? "";

it("README's program brings up a pair, finds nothing to change then, and takes off what is ours", async () => {
  await using pair = await HostPair.planned();
  const [one, two] = pair.hosts;
  // One key for both, as an operator has it.
  await two.exec(["tee", "-a", "/root/.ssh/authorized_keys"], { input: `\n${await one.sh("cat /authorized_keys")}` });
  const config = Object.fromEntries(
    pair.hosts.flatMap(({ name, address, hostKey }) => [
      [`${name}Address`, address],
      [`${name}HostKey`, hostKey],
    ]),
  );
  const passwords = ["admin", "proxy", "replication", "binaryLog"].map((name) => [`${name}Password`, `${name}-7Qz`]);
  const secrets = { privateKey: one.privateKey, ...Object.fromEntries(passwords) };
  await using project = await PulumiProject.create({ program: PROGRAM, config, secrets });

  expectSuccess(await project.up());
  expect(await project.output("connectString")).toBe(
    `replication://${one.address}:3306/replicated_session_store,${two.address}:3306/replicated_session_store`,
  );
  // The profile of the example.
  expect(await two.sql("SELECT @@GLOBAL.rpl_semi_sync_master_timeout")).toBe("2000");
  expect(await two.sql("SHOW SLAVE STATUS")).toContain(one.address);
  expectSuccess(await project.preview("--expect-no-changes"));
  expectSuccess(await project.destroy());
  expect(await two.sql("SHOW SLAVE STATUS")).toBe("");
});
