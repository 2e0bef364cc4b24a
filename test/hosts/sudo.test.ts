import { readFileSync } from "node:fs";
import * as path from "node:path";
import { openHost } from "../../provider/src/hosts";
import { Authority } from "../support/authority";
import { failureOf } from "../support/engine/faults";
import { HostPair } from "../support/hosts/hostPair";
import { takeServerOff } from "../support/hosts/localRepository";
import { inVersionSeries } from "../support/inWhole";

/** Users who aren't root: what they have to be allowed is what docs/hosts.md lists, no less and no more. */

jest.setTimeout(180_000);

const TABLE = "replicated_session_store.a_session";
const FOLDER = "/etc/mysql/mariadb.conf.d";
const CERTIFICATES = "/etc/session-store-tls";
const LOG = "/var/log/sudo.log";
const files = { "/etc/sudoers.d/log": `Defaults logfile=${LOG}, loglinelen=0\n` };

/** The lines for the sudoers file, as the document has them. */
const sudoers = ((text) => {
  const block = /```sudoers\n(.*?)```/s.exec(text)?.[1];
  if (!block) throw new Error("docs/hosts.md has no lines for the sudoers file");
  return block;
})(readFileSync(path.resolve(__dirname, "../../docs/hosts.md"), "utf8"));

/** The commands in them, without the backslashes that a sudoers file needs. */
const listed = [...sudoers.matchAll(/^ {4}(\/.*?)(?:, \\)?$/gm)].map(([, command = ""]) =>
  command.replace(/\\([,:=\\])/g, "$1"),
);

/** The same without one command. */
const without = (command: RegExp): string => {
  const lines = sudoers.split("\n").filter((line) => !command.test(line));
  expect(lines.length).toBe(sudoers.split("\n").length - 1);
  return lines.join("\n");
};

/** What sudo ran for the user, and what it refused, as its log has them. */
async function commandsOf(pair: HostPair): Promise<{ ran: string[]; refused: string[] }> {
  const logs = await Promise.all(pair.hosts.map((host) => host.sh(`cat ${LOG}`)));
  const lines = logs.join("").split("\n");
  const commands = (wanted: boolean) => [
    ...new Set(
      lines
        .filter((line) => line.includes("COMMAND=") && line.includes("command not allowed") !== wanted)
        // It shows words with blanks in them quoted, a rule has them bare.
        .map((line) => line.replace(/.*COMMAND=/, "").replaceAll("'", "")),
    ),
  ];
  return { ran: commands(true), refused: commands(false) };
}

const isListed = (command: string, rule: string): boolean =>
  rule.endsWith("*") ? command.startsWith(rule.slice(0, -1)) : command === rule;

it("the commands in docs/hosts.md are all that a user needs, from a machine without a server to destroy, and each is needed", async () => {
  const inputs = { install: true };
  await using pair = await HostPair.planned({ user: "deploy", sudoers, files, inputs }, [{}, { systemd: true }]);
  const [one, two] = pair.hosts;
  await two.sh("visudo --check --quiet --file=/etc/sudoers.d/session-store");
  await takeServerOff(two);
  await pair.up();

  await one.sql(`CREATE TABLE ${TABLE} (id VARCHAR(20) PRIMARY KEY)`);
  await one.sql(
    `CREATE DEFINER=nevisproxy_user@'%' TRIGGER ${TABLE}_trigger BEFORE INSERT ON ${TABLE} FOR EACH ROW SET NEW.id = NEW.id`,
  );
  await pair.catchUp();
  await two.sql(`SET sql_log_bin=0; DROP TABLE ${TABLE}`);
  await pair.up();

  await two.sh("systemctl stop mariadb; rm -rf /var/lib/mysql");
  expect(await pair.drift()).toMatchObject({ "sessions-db2": ["state"] });
  await two.sh("mariadb-install-db --user=mysql >/dev/null 2>&1; systemctl start mariadb");
  await pair.up();
  expect(await pair.drift()).toEqual({});
  expect(await two.sql(`SELECT COUNT(*) FROM ${TABLE}`)).toBe("0");

  const authority = await Authority.create();
  const tls = [await authority.issue(one.address), await authority.issue(two.address)] as const;
  await pair.up({ tls });
  expect(await pair.drift({ tls })).toEqual({});

  // A server that is down, and would not start.
  await two.sh(`systemctl stop mariadb; chmod 700 ${CERTIFICATES}; rm ${FOLDER}/99-session-store.cnf`);
  expect(await pair.drift({ tls })).toMatchObject({ "sessions-db2": ["configText", "state"] });
  await pair.up({ tls });
  expect(await pair.drift({ tls })).toEqual({});

  // On both a start that fails: the log is shown, the former file put back.
  const { message } = await failureOf(pair.up({ tls, only: ["sessions-db2"], settings: { innodb_page_size: "8K" } }));
  expect(message).toMatch(/\[ERROR\] InnoDB: .*page size.*The former option file was put back and db2 runs with it/s);
  await pair.down();

  // Writes that do not come through.
  for (const [file, mode, ofServer] of [
    [`${FOLDER}/99-session-store.cnf`, 0o644, false],
    [`${CERTIFICATES}/ca.pem`, 0o644, false],
    [`${CERTIFICATES}/node.pem`, 0o600, true],
  ] as const) {
    await two.sh(`mount -t tmpfs -o size=4k,mode=755 full ${path.posix.dirname(file)}`);
    const writing = openHost(two.inputs).writeFile(file, "x".repeat(10_000), { mode, ofServer });
    await expect(writing).rejects.toThrow("No space left on device");
  }

  const { ran, refused } = await commandsOf(pair);
  expect(refused).toEqual([]);
  expect(ran.filter((command) => !listed.some((rule) => isListed(command, rule)))).toEqual([]);
  expect(listed.filter((rule) => !ran.some((command) => isListed(command, rule)))).toEqual([]);
});

it.each([
  ["the option file can't be written", /tee -- .*cnf/, /tee -- .*99-session-store\.cnf\.unfinished/],
  ["the first login fails", /perl/, /perl -MIO::Socket::UNIX/],
  ["the server can't be stopped", /mariadb stop/, /service mariadb stop/],
])("a command that is missing in them is named: %s", async (_, command, named) => {
  await using pair = await HostPair.planned({ user: "deploy", files }, [{ sudoers: without(command) }, {}]);
  const { message } = await failureOf(pair.up({ only: ["sessions-db1"] }));
  expect(message).toMatch(/deploy@\S+ may not run this as root without a password: /);
  expect(message).toMatch(named);
  expect(message).toMatch(/docs\/hosts\.md has the lines/);
});

it("a file that may be written and not be moved into place is found out by a trial", async () => {
  await using pair = await HostPair.planned({ user: "deploy", files }, [
    { sudoers: without(/mv -fT .*99-session/) },
    {},
  ]);
  const trial = openHost(pair.host(1).inputs).tryToWrite(`${FOLDER}/99-session-store.cnf`, "# of us\n", {
    mode: 0o644,
  });
  await expect(trial).rejects.toThrow(/may not run this as root without a password: mv -fT -- \S+\.cnf\.unfinished/);
});

/** The same without one group. */
const withoutGroup = (name: string): string => {
  const others = sudoers
    .replace(new RegExp(`^Cmnd_Alias ${name} = .*\\n( {4}.*\\n)+`, "m"), "")
    .replace(`${name}, `, "");
  expect(others).not.toContain(`${name} `);
  return others;
};

inVersionSeries(
  "with less, a running pair is looked at and changed, and refused is what docs/hosts.md says",
  async () => {
    await using pair = await HostPair.planned({ user: "deploy", files, sudoers });
    const [one, two] = pair.hosts;
    const authority = await Authority.create();
    const issue = async () => [await authority.issue(one.address), await authority.issue(two.address)] as const;
    const tls = await issue();
    await pair.up({ tls });
    const allow = (lines: string) =>
      two.sh(`echo ${Buffer.from(lines).toString("base64")} | base64 -d > /etc/sudoers.d/session-store`);
    const missing = (command: string) => new RegExp(`may not run this as root without a password: ${command}`);

    const only = ["sessions-db2"];

    await allow(withoutGroup("SESSION_STORE_TLS"));
    expect(await pair.drift({ tls })).toEqual({});
    await expect(pair.up({ tls: await issue(), only })).rejects.toThrow(missing(`.*${CERTIFICATES}`));

    await allow(withoutGroup("SESSION_STORE_LOOK"));
    expect(await pair.drift({ tls })).toEqual({});
    await two.sh("service mariadb stop; chmod 700 /var/lib/mysql");
    await expect(pair.drift({ tls, only })).rejects.toThrow(missing("stat .*/var/lib/mysql/"));

    await allow(withoutGroup("SESSION_STORE_TLS_LOOK"));
    await expect(pair.up({ tls, only })).rejects.toThrow(missing(`cat -- ${CERTIFICATES}/node.pem`));
  },
);
