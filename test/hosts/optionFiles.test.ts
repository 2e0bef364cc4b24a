import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { openHost } from "../../provider/src/hosts";
import type { Host } from "../../provider/src/hosts/Host";
import { localHost } from "../../provider/src/hosts/local/host";
import { quote } from "../../provider/src/hosts/ssh/commands";
import { readOptions } from "../../provider/src/mariadb/optionFiles";
import { isReadBy } from "../../provider/src/recipe/settings/optionFile";
import { ContainerHost } from "../support/hosts/containerHost";
import { OLDEST_AND_NEWEST } from "../support/hosts/dockerEngine";
import { TestNetwork } from "../support/hosts/testNetwork";
import { INCLUDE_CASES, makeCase, printDefaults } from "../support/includeCases";
import { argument, meaningComparison, mistakenNames, programs, textComparison } from "../support/optionFileOracle";
import { expectAgreement, ORACLE_TIMEOUT } from "../support/oracle";

/** Option files that include others, read as each MariaDB reads them; and from a machine over SSH. */

jest.setTimeout(ORACLE_TIMEOUT);

const FOLDER = "/srv/options";
const CASES = Object.entries(INCLUDE_CASES);
let network: TestNetwork;

beforeAll(async () => {
  network = await TestNetwork.create();
});
afterAll(() => network?.[Symbol.asyncDispose]());

async function readBy(host: Host, version: string): Promise<string[]> {
  const { lines } = await readOptions(host);
  return lines.filter((line) => isReadBy(line, `${version}.`)).map(argument);
}

it.each(OLDEST_AND_NEWEST)("Debian's %s: MariaDB %s reads them as we do", async (suite, version) => {
  const directory = await mkdtemp(path.join(tmpdir(), "session-store-options-"));
  await using machine = await ContainerHost.start(network, {
    suite,
    withServer: false,
    binds: [`${directory}:${directory}`],
  });
  const ask = programs(path.join(directory, "texts"), (script) => machine.sh(script));
  expect(await mistakenNames(ask)).toEqual([]);
  await expectAgreement({ ...textComparison(version, () => ask), inTest: 300 });
  await expectAgreement({ ...meaningComparison(() => ask), inTest: 50 });

  const print = CASES.map(
    ([, commands]) => `(${makeCase(FOLDER, commands)}\n${printDefaults(FOLDER, version)}); echo END`,
  );
  const printed = (await machine.sh(print.join("\n"))).split("END\n");
  for (const [index, [name, commands]] of CASES.entries()) {
    await localHost({ kind: "local", directory }).run(["sh", "-c", makeCase(directory, commands)]);
    const read = await readBy(localHost({ kind: "local", directory }), version);
    expect([name, ...read, ""]).toEqual([name, ...String(printed[index]).split("\n")]);
  }
  await rm(directory, { recursive: true });
});

/** Permissions of a file and of the folders to it, as a command that sets them. */
const PERMISSIONS = [
  "true",
  "chmod 700 .",
  "chmod 711 .",
  "chmod 600 my.cnf",
  "chmod 700 d",
  "chmod 711 d",
  "chmod 744 d",
  "chgrp mysql d; chmod 750 d",
  "chgrp shared d; chmod 750 d",
  "chown mysql d; chmod 077 d",
  "chmod 600 d/1.cnf",
  "chown mysql d/1.cnf; chmod 400 d/1.cnf",
  "chgrp shared d/1.cnf; chmod 640 d/1.cnf",
  "chmod 666 d/1.cnf",
  "chmod 700 d; acl d",
];

it("a file that the server's user may not read is left out, as the server leaves it out", async () => {
  await using machine = await ContainerHost.start(network, { withServer: false, systemd: true });
  await machine.sh("groupadd shared; usermod -aG shared mysql");
  const host = openHost(machine.inputs);
  const uid = await machine.sh("id -u mysql");
  const ours = { path: "/etc/mysql/d/9.cnf" };
  for (const command of PERMISSIONS) {
    await machine.sh(`${makeCase("/etc/mysql", "file d/1.cnf '[mysqld]' x=1; file d/9.cnf '[mysqld]' ours=1")}; chmod -R go+rX .
      acl() { perl -e 'require "syscall.ph"; ($f, $n)=(shift, "system.posix_acl_access");
        $v=pack("V"."vvV"x5, 2, 1,7,-1, 2,5,${uid.trim()}, 4,0,-1, 16,5,-1, 32,0,-1);
        syscall(&SYS_setxattr, $f, $n, $v, length $v, 0) == 0 or die $!' "$1"; }
      ${command}`);
    const print = "cd /; my_print_defaults --mysqld 2>/dev/null || echo fatal";
    const printed = (await machine.sh(`su -s /bin/sh mysql -c ${quote(print)}`)).split("\n").slice(0, -1);
    const { lines, problems } = await readOptions(host, ours);
    const isFatal = problems.some(({ text }) => text.includes("no server starts with that"));
    expect([command, ...(isFatal ? ["fatal"] : lines.map(argument))]).toEqual([command, ...printed]);
    expect([command, problems.length > 0]).toEqual([command, !printed.includes("--ours=1")]);
  }
});

it("a machine whose server would never end reading is looked at all the same, and what is in the way is named", async () => {
  await using machine = await ContainerHost.start(network, { user: "deploy", withServer: false });
  const mine = "/etc/mysql/mariadb.conf.d";
  const host = openHost(machine.inputs);
  const [linked = ""] = CASES.filter(([name]) => /links/.test(name)).map(([, commands]) => commands);
  await machine.sh(makeCase(FOLDER, linked));
  const there = { ...host, optionFiles: async () => [`${FOLDER}/my.cnf`] };
  expect(await readBy(there, "10.11")).toEqual(
    (await machine.sh(printDefaults(FOLDER, "10.11"))).split("\n").slice(0, -1),
  );

  await machine.sh(`cd ${mine}; mkdir 05-folder.cnf; mkfifo 10-waits.cnf
    for i in $(seq 20); do printf '[mysqld]\\n!includedir ${mine}\\n' >20-$i.cnf; done`);
  expect(await host.settingsFile()).toBe(`${mine}/99-session-store.cnf`);
  expect((await readOptions(host)).problems).toMatchObject([
    { file: `${mine}/10-waits.cnf`, text: "it is not a file but a fifo" },
    { file: `${mine}/20-1.cnf`, line: 2, text: expect.stringMatching(/because files include each other/) },
  ]);
});
