import { readFileSync } from "node:fs";
import * as path from "node:path";
import { openHost } from "../../provider/src/hosts";
import { failureOf } from "../support/faults";
import { HostPair } from "../support/hostPair";

/** Users who aren't root: what they have to be allowed is what docs/hosts.md lists, no more and no less. */

jest.setTimeout(120_000);

const document = readFileSync(path.resolve(__dirname, "../../docs/hosts.md"), "utf8");
/** The lines for the sudoers file. */
const sudoers = /```sudoers\n(.*?)```/s.exec(document)?.[1] ?? "";
/** The commands in them, without what sudoers files need quoted. */
const listed = [...sudoers.matchAll(/^ {4}(\/.*?)(?:, \\)?$/gm)].map(([, command = ""]) =>
  command.replace(/\\([,:=\\])/g, "$1"),
);

const LOG = "/var/log/sudo.log";
const files = { "/etc/sudoers.d/log": `Defaults logfile=${LOG}, !loglinelen\n` };

it("PROBE", async () => {
  await using pair = await HostPair.planned({ user: "deploy", files }, [{}, { systemd: true }]);
  await pair.up();
  const [one, two] = pair.hosts;
  await one.sql("CREATE TABLE replicated_session_store.a_session (id VARCHAR(20) PRIMARY KEY)");
  await pair.catchUp();
  await two.sql("SET sql_log_bin=0; DROP TABLE replicated_session_store.a_session");
  await pair.up();
  expect(await pair.drift()).toEqual({});
  await two.sh("systemctl stop mariadb.socket mariadb; rm -rf /var/lib/mysql/*; mariadb-install-db --user=mysql >/dev/null 2>&1; systemctl start mariadb");
  console.log(JSON.stringify(await pair.drift()), JSON.stringify(pair.kept.get("db1-from-db2")?.outs));
  console.log("touched", await pair.up());
  console.log(JSON.stringify(await pair.drift()), JSON.stringify(pair.kept.get("db1-from-db2")?.outs), await one.sql("SHOW SLAVE STATUS"));

  const failed = await failureOf(pair.up({ settings: { innodb_page_size: "8K" } }));
  console.log(failed.message);
  for (const host of pair.hosts) console.log(await openHost(host.inputs).serverLog(40));
  await pair.down();
  for (const host of pair.hosts) console.log(await host.sh(`cat ${LOG} | grep -o 'COMMAND=.*' | sort | uniq -c`));
});
