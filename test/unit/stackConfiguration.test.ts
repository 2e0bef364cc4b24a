import * as pulumi from "@pulumi/pulumi";

/** What the programs in stacks/ say of a configuration that lacks something. */

/** The commands that the program's error names; undefined where it makes no error about its configuration. */
async function commandsOf(program: string, configuration: Record<string, string>): Promise<string[]> {
  const { error } = await start(program, configuration);
  expect([pulumi.RunError.isInstance(error), (error as Error).stack]).toEqual([true, ""]);
  return (error as Error).message.split("\n  ").slice(1);
}

async function start(program: string, configuration: Record<string, string>): Promise<{ error?: unknown }> {
  pulumi.runtime.setAllConfig(
    Object.fromEntries(Object.entries(configuration).map(([key, value]) => [`project:${key}`, value])),
    [],
  );
  try {
    jest.isolateModules(() => {
      // The modules of this test are the ones that know the configuration.
      jest.doMock("@pulumi/pulumi", () => pulumi);
      require(`../../stacks/${program}`);
    });
    return {};
  } catch (error) {
    return { error };
  }
}

const SECRETS = ["adminPassword", "proxyPassword", "replicationPassword", "binaryLogPassword"].map(
  (key) => `pulumi config set --secret ${key}`,
);
const MACHINE = (name: string) => [
  `pulumi config set ${name}Address ADDRESS`,
  expect.stringContaining(`pulumi config set --path '${name}HostKeys[0]' 'ssh-ed25519 AAAA...'`),
];

test("a stack without configuration is told everything that it needs for any target", async () => {
  expect(await commandsOf("index", {})).toEqual([
    "pulumi config set target local   # or hosts, or docker",
    ...SECRETS,
    "pulumi config set --secret monitorPassword   # for local and docker",
  ]);
});

test.each(["local", "docker"])("%s names all secrets that are missing, and no others", async (target) => {
  const monitor = "pulumi config set --secret monitorPassword";
  expect(await commandsOf("index", { target })).toEqual([...SECRETS, monitor]);
  expect(await commandsOf("index", { target, adminPassword: "a" })).toEqual([...SECRETS.slice(1), monitor]);
});

test("hosts names what is missing of both machines, and of what else was asked for", async () => {
  expect(await commandsOf("index", { target: "hosts" })).toEqual([...MACHINE("db1"), ...MACHINE("db2"), ...SECRETS]);
  expect(
    await commandsOf("index", {
      target: "hosts",
      jumpAddress: "j",
      db1Address: "a",
      direct: "true",
      db1Certificate: "PEM",
    }),
  ).toEqual([
    MACHINE("db1")[1],
    "pulumi config set --secret db1CertificateKey   # for db1Certificate",
    expect.stringContaining("pulumi config set ca < FILE.pem"),
    ...MACHINE("db2"),
    MACHINE("jump")[1],
    "pulumi config set directFrom ADDRESS   # for direct",
    ...SECRETS,
  ]);
});

test("another target is told which there are, with all else that is missing", async () => {
  const { error } = await start("index", { target: "dcker", adminPassword: "a" });
  expect((error as Error).message.split("\n  ").slice(1)).toEqual([
    "pulumi config set target local   # or hosts, or docker",
    ...SECRETS.slice(1),
    "pulumi config set --secret monitorPassword   # for local and docker",
  ]);
  expect((error as Error).message).toContain('target: "dcker" is not one of local, hosts, docker');
});
