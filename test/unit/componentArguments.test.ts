import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { utils } from "ssh2";
import { LocalMariaDb, ReplicatedSessionStore, SessionStoreUsers } from "../../provider/src";
import { problemsOf } from "../../provider/src/components/argumentsFirst";
import { unfit, withDefaults } from "../../provider/src/components/completeArgs";
import { PAIR } from "../../provider/src/components/pairShape";
import { KINDS, refuseArguments, refusePair } from "../../provider/src/components/refusal";
import { argumentProblems } from "../../provider/src/recipe/argumentProblems";
import type { Shape } from "../../provider/src/recipe/shapes";
import { accounts, admin, constructed, nodes } from "../support/componentPair";
import { run } from "../support/engine/registrations";

/** What the component says of arguments that no compiler has seen. */

const [first, second] = nodes;
const right = { nodes, admin, ...accounts };

/** The lines of the error that a program in JavaScript gets. Nothing is registered, and there is no stack to look up. */
async function refused(args: unknown): Promise<string[]> {
  const { error, registered } = await constructed(args);
  expect(registered).toEqual([]);
  return linesOf(error);
}

function linesOf(error: unknown): string[] {
  expect([pulumi.RunError.isInstance(error), (error as Error).stack]).toEqual([true, ""]);
  const lines = (error as Error).message.replace(/\. Nothing of this pair was changed\.$/, "").split("\n");
  return lines.map((line) => line.replace(/^ReplicatedSessionStore "sessions": /, ""));
}

const keys = utils.generateKeyPairSync("ed25519");
const host = { kind: "ssh", address: "10.0.0.1", hostKeys: [keys.public], privateKey: keys.private };

describe("a name that there is not is told with the nearest that there is:", () => {
  test.each<[string, object, string]>([
    ["of the pair", { requireTLS: "SSL" }, 'there is no property "requireTLS"; did you mean "requireTls"? There are: '],
    [
      "of the pair",
      { montior: { password: "x" } },
      'there is no property "montior"; did you mean "monitor"? There are',
    ],
    [
      "of a node",
      { nodes: [{ ...first, prot: 1 }, second] },
      'nodes[0]: there is no property "prot"; did you mean "port"?',
    ],
    [
      "of a machine",
      { nodes: [first, { host: { ...host, hostKey: "x" } }] },
      'nodes[1].host: there is no property "hostKey"; did you mean "hostKeys"?',
    ],
    [
      "of the machine between",
      { nodes: [first, { host: { ...host, jump: { ...host, kind: undefined, usr: "x" } } }] },
      'nodes[1].host.jump: there is no property "usr"; did you mean "user"?',
    ],
    [
      "of certificates",
      { nodes: [{ ...first, tls: { ca: "", certificate: "", privatKey: "" } }, second] },
      'nodes[0].tls: there is no property "privatKey"',
    ],
    [
      "of an account",
      { proxy: { password: "x", form: ["%"] } },
      'proxy: there is no property "form"; did you mean "from"?',
    ],
    [
      "of an extra account",
      { extraAccounts: [{ user: "u", password: "x", grant: [], grants: [] }] },
      'extraAccounts[0]: there is no property "grant"; did you mean "grants"?',
    ],
    ["of the admin", { admin: { password: "x", usr: "y" } }, 'admin: there is no property "usr"; did you mean "user"?'],
    ["of a database", { databases: [{ name: "a", colation: "b" }] }, 'databases[0]: there is no property "colation"'],
    ["of the links", { link: { useGTID: "no" } }, 'link: there is no property "useGTID"; did you mean "useGtid"?'],
    ["of the tables", { schema: { script: "", databse: "a" } }, 'schema: there is no property "databse"; did you mean'],
    [
      "of a kind",
      { nodes: [first, { host: { ...host, kind: "shh" } }] },
      'nodes[1].host.kind: "shh" is not one of local, ssh, docker; did you mean "ssh"?',
    ],
    [
      "of a profile",
      { profile: "hardend" },
      'profile: "hardend" is not one of vendor, hardened; did you mean "hardened"?',
    ],
  ])("%s", async (_what, args, line) => {
    expect(await refused({ ...right, ...args })).toEqual([expect.stringContaining(line)]);
  });

  test("without a hint where none is near", async () => {
    expect(await refused({ ...right, colour: "red" })).toEqual([
      expect.stringMatching(/^there is no property "colour"; there are: nodes, admin, /),
    ]);
  });

  test("whatever argument it is, at every depth", () => {
    const places = [...placesOf(PAIR)];
    expect(places.length).toBeGreaterThan(80);
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.nat(),
        fc.string({ minLength: 1, maxLength: 1 }),
        (place, at, letter) => {
          const name = place.path.at(-1) ?? "";
          const typed = `${name.slice(0, at % name.length)}${letter}${name.slice((at % name.length) + 1)}`;
          fc.pre(!place.names.includes(typed) && typed !== "__proto__");
          const given = place.wrap({ [typed]: "x" });
          expect(argumentProblems(given, PAIR, KINDS)).toContainEqual(
            expect.stringContaining(`there is no property "${typed}"`),
          );
        },
      ),
    );
  });
});

interface Place {
  readonly path: readonly string[];
  readonly names: readonly string[];
  wrap(value: object): unknown;
}

/** Every argument, and how its object is given. */
function* placesOf(shape: Shape, path: string[] = [], wrap: Place["wrap"] = (value) => value): Generator<Place> {
  if (shape.is === "list") yield* placesOf(shape.of, path, (value) => wrap([value] as object));
  if (shape.is === "kinds")
    for (const [kind, one] of Object.entries(shape.kinds))
      yield* placesOf(one, path, (value) => wrap({ kind, ...value }));
  if (shape.is !== "object") return;
  const names = Object.keys(shape.properties);
  for (const [name, part] of Object.entries(shape.properties)) {
    yield { path: [...path, name], names, wrap };
    yield* placesOf(part, [...path, name], (value) => wrap({ [name]: value }));
  }
}

describe("what is missing is told all at once:", () => {
  const all = ["nodes", "admin", "proxy", "replication", "binaryLog"].map((name) => `${name}: must be given`);
  test.each([
    ["no arguments", undefined, all],
    ["null", null, all],
    ["two of them", { ...right, admin: undefined, proxy: null }, ["admin: must be given", "proxy: must be given"]],
    ["a password", { ...right, proxy: {} }, ["proxy.password: must be given"]],
    ["the second node", { ...right, nodes: [first, undefined] }, ["nodes[1]: must be given"]],
    [
      "the kind of a machine",
      { ...right, nodes: [first, { host: {} }] },
      ["nodes[1].host.kind: must be given: local, ssh, docker"],
    ],
    ["the places", { ...right, nodes: [{}, {}] }, [0, 1].map((i) => `nodes[${i}]: give a "server" or a "host"`)],
    [
      "the address of a server of this machine",
      { ...right, nodes: [first, { host: first.host }] },
      [expect.stringMatching(/^nodes\[1\]: give the node its "address"/)],
    ],
  ])("%s", async (_what, args, lines) => {
    expect(await refused(args)).toEqual(lines);
  });
});

describe("what is something else than it has to be:", () => {
  const must = (text: string) => expect.stringContaining(`must be ${text}`);
  test.each<[string, unknown, unknown[]]>([
    ["text for all arguments", "text", [must("an object with nodes, admin")]],
    ["an output for all arguments", pulumi.output(right), [must("plain, not an output")]],
    ["a promise for all arguments", Promise.resolve(right), [must("plain, not an output")]],
    ["a third node", { ...right, nodes: [first, second, first] }, ["nodes: must be a list of 2, and has 3"]],
    ["one node", { ...right, nodes: [first] }, ["nodes: must be a list of 2, and has 1"]],
    ["a node for the list", { ...right, nodes: first }, ["nodes: must be a list of 2"]],
    ["an output for the nodes", { ...right, nodes: pulumi.output([]) }, [must("plain, not an output")]],
    ["a password for an account", { ...right, proxy: "p" }, [must("an object with user, password")]],
    ["names for databases", { ...right, databases: ["a"] }, [must("an object with name")]],
    ["an output for a database's name", { ...right, databases: [{ name: pulumi.output("a") }] }, [must("plain")]],
    ["text for patterns", { ...right, tables: "%session" }, ["tables: must be a list"]],
    ["an output for a setting", { ...right, settings: { a: pulumi.output(1) } }, [must("plain, not an output")]],
    [
      "an object for a setting",
      { ...right, nodes: [{ ...first, settings: { a: {} } }, second] },
      [must("text, a number, true")],
    ],
  ])("%s", async (_what, args, lines) => {
    expect(await refused(args)).toEqual(lines);
  });

  test("a password is in no error", async () => {
    const lines = await refused({ ...right, admin: "secret-admin", proxy: { pasword: "secret-proxy" } });
    expect(lines.join()).not.toMatch(/secret-/);
  });
});

test("whatever stands at whatever place, it is told in lines, not by a TypeError", () => {
  const things = [
    undefined,
    null,
    0,
    Number.NaN,
    "",
    "text",
    true,
    [],
    [null],
    {},
    { kind: "constructor" },
    () => 1,
    10n,
  ];
  const anything = fc.oneof(fc.constantFrom(...things), fc.constant(Object.create(null)), fc.constant(Symbol("x")));
  const whole = {
    ...right,
    settings: { a: 1 },
    databases: [{ name: "a" }],
    link: {},
    schema: { script: "" },
    tables: ["%"],
  };
  const places = [...placesOf(PAIR)].map(({ path, wrap }) => ({ name: path.at(-1) ?? "", wrap }));
  const look = (args: unknown) => {
    refuseArguments("sessions", args);
    refusePair("sessions", unfit(withDefaults(args as typeof right)));
  };
  let refusals = 0;
  fc.assert(
    fc.property(fc.constantFrom(...places), anything, fc.boolean(), (place, thing, isAmongRight) => {
      const given = place.wrap({ [place.name]: thing }) as object;
      try {
        look(isAmongRight ? { ...whole, ...given } : given);
      } catch (error) {
        linesOf(error);
        refusals++;
      }
    }),
    { numRuns: 2000 },
  );
  expect(refusals).toBeGreaterThan(500);
});

describe("of an argument that is an output, once it is known:", () => {
  test.each([
    ["admin", { pasword: "x" }, 'admin: there is no property "pasword"; did you mean "password"?'],
    ["proxy", { password: "x", form: [] }, 'proxy: there is no property "form"; did you mean "from"?'],
    ["nodes[1].host", { ...host, prot: 1 }, 'nodes[1].host: there is no property "prot"; did you mean "port"?'],
    ["proxy", { password: "" }, "proxy.password: must not be empty"],
    ["admin", undefined, "admin: must be given"],
    ["definers", "app", "definers: must be a list"],
  ])("%s %j", (place, known, line) => {
    expect(problemsOf(place, known)[0]).toContain(line);
  });

  test("nothing is wrong with one that is left out", () => {
    expect(["viewer", "monitor", "nodes[0].host"].flatMap((place) => problemsOf(place, undefined))).toEqual([]);
  });
});

describe("what is known is told before anything is registered:", () => {
  test("an empty password", async () => {
    expect(await refused({ ...right, proxy: { password: "" } })).toEqual([expect.stringMatching(/^proxy.password: /)]);
  });

  test("a resource in the place of a node", async () => {
    const { result: outcome } = await run(() => {
      const server = new LocalMariaDb("db1", { directory: "/nowhere", port: 1 });
      try {
        new ReplicatedSessionStore("sessions", { ...right, nodes: [server, second] } as never);
        return [];
      } catch (error) {
        return linesOf(error);
      }
    });
    expect(outcome).toEqual(["nodes[0]: is a resource itself; give { server: ... } with it"]);
  });

  test("a missing name", async () => {
    await run(() => {
      for (const name of ["", undefined])
        expect(() => new ReplicatedSessionStore(name as string, right)).toThrow(/its first argument is its name/);
    });
  });
});

test("single resources refuse an output for all arguments; the rest their check tells", async () => {
  await run(() => {
    for (const args of [pulumi.output({}), Promise.resolve({}), "text"])
      expect(() => new SessionStoreUsers("u", args as never)).toThrow(
        /SessionStoreUsers "u": the arguments must be a plain object/,
      );
  });
  const { one } = await run(
    () => new (LocalMariaDb as unknown as new (name: string) => LocalMariaDb)("db1"),
    () => ({}),
  );
  expect(one("db1").inputs).toEqual({});
});

test("promises of arguments are waited for like outputs", async () => {
  const { one } = await run(
    () =>
      new ReplicatedSessionStore("sessions", {
        ...right,
        admin: Promise.resolve({ password: "secret-admin" }),
        replication: Promise.resolve({ password: "secret-replication" }) as never,
      }),
  );
  const password = { secret: "secret-admin" };
  expect(one("sessions-db1").inputs["connection"]).toMatchObject({ admin: { password } });
  expect(one("sessions-db1-from-db2").inputs).toMatchObject({ password: { secret: "secret-replication" } });
});
