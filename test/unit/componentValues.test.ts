import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { utils } from "ssh2";
import { problemsOf } from "../../provider/src/components/argumentsFirst";
import { concerns } from "../../provider/src/recipe/propertyPath";
import { Authority } from "../support/authority";
import { accounts, admin, constructed, nodes } from "../support/componentPair";
import { RESOURCES, type Registration } from "../support/engine/registrations";
import { parts, replacedAt } from "../support/valueParts";

/** What the component says of values at every depth of its arguments, in its own names. */

type Args = Record<string, unknown>;

const [first, second] = nodes;
const right = { nodes, admin, ...accounts };

interface Outcome {
  /** Of the error that the program gets; undefined: it gets none. */
  readonly lines: string[] | undefined;
  readonly registered: readonly Registration[];
}

async function construct(args: unknown): Promise<Outcome> {
  const { error, registered } = await constructed(args);
  if (error === undefined) return { lines: undefined, registered };
  expect([pulumi.RunError.isInstance(error), (error as Error).stack]).toEqual([true, ""]);
  return { lines: linesOf((error as Error).message), registered };
}

const linesOf = (text: string): string[] =>
  text
    .replace(/\.? Nothing of this pair was changed\.$/, "")
    .split("\n")
    .map((line) => line.replace(/^ReplicatedSessionStore "sessions": /, ""));

describe("a value that can't be is told once, at the place where the program has it, before anything is registered:", () => {
  test.each<[string, Args, string[]]>([
    [
      "text for a port",
      { nodes: [first, { ...second, port: "abc" }] },
      ['nodes[1].port: must be a whole number; it is the text "abc"'],
    ],
    [
      "a port beyond",
      { nodes: [first, { ...second, port: 65536 }] },
      ["nodes[1].port: must be at most 65535; it is 65536"],
    ],
    [
      "a port in part",
      { nodes: [{ ...first, port: 1.5 }, second] },
      ["nodes[0].port: must be a whole number; it is the number 1.5"],
    ],
    [
      "a word of the links",
      { link: { tls: "verfiy" } },
      ['link.tls: "verfiy" is not one of off, verified, mutual; did you mean "verified"?'],
    ],
    ["a word of TLS", { requireTls: "ssl" }, ['requireTls: "ssl" is not one of NONE, SSL, X509; did you mean "SSL"?']],
    ["true for a word", { requireTls: true }, ["requireTls: must be one of NONE, SSL, X509; it is true"]],
    [
      "the admin's name",
      { admin: { ...admin, user: "root" } },
      [expect.stringMatching(/^admin.user: belongs to MariaDB itself/)],
    ],
    ["text for true", { adopt: "yes" }, ['adopt: must be true or false; it is the text "yes"']],
    ["a number for text", { proxy: { ...accounts.proxy, user: 7 } }, ["proxy.user: must be text; it is the number 7"]],
    [
      "text for an account, which it does not repeat",
      { proxy: "secret" },
      [expect.stringMatching(/^proxy: must be an object with/)],
    ],
    ["a text for hosts", { proxy: { ...accounts.proxy, from: "%" } }, ["proxy.from: must be a list"]],
    [
      "a grant",
      { extraAccounts: [{ user: "b", password: "x", grants: ["ALL"] }] },
      [expect.stringMatching(/^extraAccounts\[0\]\.grants\[0\]: "ALL"/)],
    ],
    [
      "two accounts of one name",
      { extraAccounts: [{ user: "nevisproxy_user", password: "x", grants: [] }] },
      ['extraAccounts[0].user: "nevisproxy_user@%" is there twice (see "proxy")'],
    ],
    ["a setting", { settings: { "max connections": 1 } }, [expect.stringMatching(/^settings\.max connections: /)]],
    [
      "a setting of one node",
      { nodes: [first, { ...second, settings: { port: 1 } }] },
      ["nodes[1].settings.port: belongs to where the server runs, not to the settings of the pair"],
    ],
    ["a pattern", { tables: ["%session", "a,b"] }, [expect.stringMatching(/^tables\[1\]: .*comma/)]],
    [
      "a character set, of which the collation is made",
      { databases: [{ name: "d", characterSet: "utf8mb5" }] },
      ['databases[0].characterSet: "utf8mb5" is not a character set of MariaDB; did you mean "utf8mb3"?'],
    ],
    [
      "a collation of another set",
      { databases: [{ name: "d", characterSet: "latin1" }] },
      [expect.stringMatching(/^databases\[0\]\.collation: "utf8mb4_general_ci" does not belong/)],
    ],
    ["a database twice", { databases: [{ name: "d" }, { name: "d" }] }, ['databases[1].name: "d" is there twice']],
    [
      "the viewer as admin",
      { viewer: { user: "session_store_admin", password: "x" } },
      ["viewer.user: is the admin's: choose another name"],
    ],
    ["a name for a server", { nodes: [{ server: { host: "x" } }, second] }, ["nodes[0].server: must be a resource"]],
    [
      "a node twice",
      { nodes: [first, first] },
      ["nodes[1]: is the same server as nodes[0] (10.0.0.1:3306). A pair takes two servers"],
    ],
    [
      "many at once, with a name and one that is missing",
      { nodes: [{ ...first, port: "x" }, second], admin: undefined, link: { connectRetry: 0 }, tabels: [] },
      [
        expect.stringMatching(/^there is no property "tabels"; did you mean "tables"/),
        "admin: must be given",
        'nodes[0].port: must be a whole number; it is the text "x"',
        "link.connectRetry: must be at least 1; it is 0",
      ],
    ],
  ])("%s", async (_what, args, lines) => {
    expect(await construct({ ...right, ...args })).toEqual({ lines, registered: [] });
  });
});

describe("an argument that is an output is looked at when it is known:", () => {
  const later = (value: unknown) => pulumi.output(Promise.resolve(value));

  test("both nodes get what is wrong, and their check refuses them: nothing throws, so that nothing waits for ever", async () => {
    const { lines, registered } = await construct({
      ...right,
      proxy: { password: later("") },
      link: { tls: later("of") },
      nodes: [{ ...first, port: later("abc") }, second],
    });
    expect(lines).toBeUndefined();
    const found = registered
      .filter(({ type }) => type === `${RESOURCES}MariaDbNode`)
      .map(({ refusals }) => refusals.flatMap(linesOf));
    expect(found).toEqual(
      Array(2).fill([
        "proxy.password: must not be empty: give the account a password",
        'link.tls: "of" is not one of off, verified, mutual; did you mean "off"?',
        'nodes[0].port: must be a whole number; it is the text "abc"',
      ]),
    );
  });

  test("of what is right, nothing is handed over", async () => {
    const { registered } = await construct({
      ...right,
      proxy: later({ password: "secret-proxy" }),
      link: { tls: later("off") },
    });
    expect(registered.flatMap(({ refusals }) => refusals)).toEqual([]);
  });

  test("machines that turn out to be nothing", () => {
    expect(problemsOf("nodes[1].host", 7)).toEqual([
      expect.stringMatching(/^nodes\[1\]\.host: must be an object with a "kind"/),
    ]);
  });
});

describe("whatever stands at whatever place:", () => {
  const things = [
    undefined,
    null,
    0,
    -1,
    1.5,
    Number.NaN,
    "",
    "text",

    true,
    [],
    [null],
    [[]],
    {},
    { kind: "ssh" },
    { a: { b: null } },
    () => 1,
    10n,
    Symbol("s"),
    new Date(0),
    Object.create(null),
  ];
  const thing = fc.constantFrom<unknown>(...things);
  const LONGER = process.env["SESSION_STORE_ARGUMENT_RUNS"];
  const RUNS = Number(LONGER ?? 48);
  /** The same cases each time, unless there are to be more of them. */
  const runs = (numRuns: number) => ({ numRuns, ...(!LONGER && { seed: 1 }) });
  let whole: Args;
  beforeAll(async () => {
    const authority = await Authority.create();
    const keys = utils.generateKeyPairSync("ed25519");
    const ssh = { address: "10.0.0.1", port: 22, user: "root", hostKeys: [keys.public], privateKey: keys.private };
    const tls = async (name: string) =>
      (({ ca, certificate, privateKey }) => ({ ca, certificate, privateKey }))(await authority.issue(name));
    const account = {
      user: "u",
      password: "secret-1",
      from: ["%"],
      requireTls: "SSL",
      previousPassword: "secret-2",
      authentication: "ed25519",
    };
    const { authentication: _authentication, ...rotating } = account;
    whole = {
      nodes: [
        {
          host: { kind: "ssh", ...ssh, jump: ssh, bootDeadline: 1, install: true, settingsFile: "/etc/x.cnf" },
          address: "10.0.0.1",
          port: 3306,
          name: "a",
          revision: "r",
          bindAddress: "10.0.0.1",
          settings: { max_connections: 77 },
          tls: await tls("10.0.0.1"),
        },
        {
          host: { kind: "docker", container: "c", engine: "unix:///run/docker.sock", configDirectory: "/etc/x" },
          address: "10.0.0.2",
          tls: await tls("10.0.0.2"),
        },
      ],
      admin: { user: "adm", password: "secret-3" },
      viewer: { user: "view", password: "secret-4" },
      proxy: { ...account, user: "p" },
      replication: { user: "r", password: "secret-5", from: ["%"], requireTls: "X509" },
      binaryLog: { ...rotating, user: "b" },
      monitor: { ...account, user: "m" },
      extraAccounts: [{ ...account, user: "e", grants: ["SELECT ON d.*"] }],
      requireTls: "NONE",
      profile: "hardened",
      databases: [{ name: "d", characterSet: "utf8mb4", collation: "utf8mb4_bin" }],
      tables: ["%session"],
      settings: { slave_net_timeout: 60 },
      definers: ["x"],
      link: { useGtid: "slave_pos", connectRetry: 1, heartbeatPeriod: 5, tls: "verified" },
      direct: { ca: (await authority.issue("x")).ca, from: "10.0.0.9" },
      reminders: { passwordAge: 3, certificateDays: 3 },
      adopt: true,
      schema: { script: "", database: "d" },
    };
  });

  test("the whole of it is taken as it is", async () => {
    const { lines, registered } = await construct(whole);
    expect([lines, registered.length > 8]).toEqual([undefined, true]);
  });

  test("plain: it is taken, or lines name the place; never a TypeError", async () => {
    const places = parts(whole);
    expect(places.length).toBeGreaterThan(110);
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), thing, async (place, value) => {
        const { lines, registered } = await construct(replacedAt(whole, place.path, value));
        if (!lines) return;
        refused++;
        expect(registered).toEqual([]);
        expect(lines.join("\n")).not.toMatch(/secret-|TypeError|Invalid input|expected/);
        expect(lines.filter((line) => isAbout(line, place.place))).not.toEqual([]);
      }),
      runs(RUNS),
    );
    expect(refused).toBeGreaterThan(RUNS / 4);
  });

  test("two at once: both are told", async () => {
    const places = parts(whole).filter(
      ({ path }) => path.length > 1 && !["kind", "name"].includes(String(path.at(-1))),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), fc.constantFrom(...places), async (one, other) => {
        fc.pre(![concerns(one.place, other.place), concerns(other.place, one.place)].includes(true));
        const nothing = () => 1;
        const { lines = [] } = await construct(replacedAt(replacedAt(whole, one.path, nothing), other.path, nothing));
        for (const { place } of [one, other])
          expect([place, lines.some((line) => isAbout(line, place))]).toEqual([place, true]);
      }),
      runs(Math.ceil(RUNS / 2)),
    );
  });

  test("as an output: nothing rejects, and lines name the place", async () => {
    const places = parts(whole).filter(
      ({ path }) =>
        !["settings", "databases", "tables", "profile", "name"].includes(
          String(path[0] === "nodes" ? path[2] : path[0]),
        ) &&
        path.length > 0 &&
        String(path) !== "nodes" &&
        String(path.slice(0, -1)) !== "nodes" &&
        !(path[0] === "schema" && path.at(-1) !== "script") &&
        String(path) !== "link",
    );
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), thing, async (place, value) => {
        const { lines = [], registered } = await construct(
          replacedAt(whole, place.path, pulumi.output(Promise.resolve(value))),
        );
        expect(lines).toEqual([]);
        const told = registered.find(({ type }) => type === `${RESOURCES}MariaDbNode`)?.refusals.flatMap(linesOf) ?? [];
        refused += told.length > 0 ? 1 : 0;
        expect(told.length === 0 || told.some((line) => isAbout(line, place.place))).toBe(true);
      }),
      runs(Math.ceil(RUNS / 8)),
    );
    expect(refused).toBeGreaterThan(0);
  });
});

/** A place whose name says what all others are is told of by these; else by itself, a part of it, or what it is a part of. */
function isAbout(line: string, place: string): boolean {
  const told = line.replace(/: .*$/s, "");
  return concerns(told, place) || concerns(place, told) || told === line;
}
