import { HostPair } from "../support/hostPair";

/** Names that a shell would take for something else, all the way through an `up`. */

jest.setTimeout(120_000);

it("a settings file whose name has quotes, blanks, a line break and commands in it is written, read, shown and removed as it is", async () => {
  const settingsFile =
    '/etc/mysql/mariadb.conf.d/zz it\'s "ours" $(touch pwned)\n`touch pwned`; touch pwned & -rf *.cnf';
  await using pair = await HostPair.planned({ inputs: { settingsFile } }, [{ user: "deploy" }, {}]);
  const there = () => Promise.all(pair.hosts.map((host) => host.exec(["cat", "--", settingsFile]).catch(() => "")));

  await pair.up();
  expect(pair.kept.get("db1-node")?.outs["configFile"]).toBe(settingsFile);
  for (const text of await there()) expect(text).toContain("gtid_domain_id");
  expect(await pair.drift()).toEqual({});

  const [one, two] = pair.hosts;
  await one.exec(["sed", "-i", "s/^max_connections=.*/max_connections=78/", settingsFile]);
  await two.exec(["rm", "--", settingsFile]);
  expect(await pair.drift()).toEqual({ "db1-node": ["configText"], "db2-node": ["configText"] });
  await pair.up();
  expect(await pair.drift()).toEqual({});

  await pair.down();
  expect(await there()).toEqual(["", ""]);
  for (const host of pair.hosts) expect(await host.sh("find / -xdev -name pwned")).toBe("");
});
