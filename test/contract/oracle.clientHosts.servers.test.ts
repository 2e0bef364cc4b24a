import * as net from "node:net";
import fc from "fast-check";
import { createConnection } from "mysql2/promise";
import { takenAccount } from "../../provider/src/recipe/accounts/clientHosts";
import type { Client } from "../../provider/src/recipe/accounts/hostPatterns";
import { hostProblem } from "../../provider/src/recipe/accounts/hostProblem";
import { type TestServer, testServer } from "../support/local/testServer";
import { oracleTest } from "../support/oracle";

/** Which account a client gets, and whether one may get it at all, is the server's to say: CURRENT_USER() of many logins, under names with many hosts. */

let server: TestServer;

beforeAll(async () => {
  server = await testServer({ settings: ["debug-no-sync", "bind-address=*"] });
}, 60_000);
afterAll(() => server?.[Symbol.asyncDispose]());

/** None ends with a blank: the server's table has it without, and its memory with it until FLUSH PRIVILEGES. */
const HOSTS = [
  "%",
  "%%",
  "_%",
  "%_",
  "localhost",
  "local%",
  "l_calhost",
  "%host",
  "LOCALHOST",
  "127.0.0.1",
  "127.0.0.2",
  "127.%",
  "127.0.%",
  "127.0.0._",
  "1%.1",
  "%.%.%.%",
  "_____________________________%",
  "127.0.0.0/255.0.0.0",
  "127.0.0.0/255.255.255.0",
  "127.0.0.1/255.255.255.255",
  "127.0.0.1/255.0.0.0",
  "10.0.0.0/255.0.0.0",
  "10.%",
  "___.0.0.1",
  "127.\\0.0.1",
  "127.0.0\\_1",
  "local\\%",
  "%l%o%c%a%l%h%o%s%t%",
  "%1%",
  "1_7.0.0.1",
  "_27.0.0.1",
  "localhos_",
  "_ocalhos_",
  "0.0.0.0/0.0.0.0",
  "127.0.0.0/ 255.0.0.0",
  " 127.0.0.0/255.0.0.0",
  "127.000.0.0/255.0.0.0",
  "+127.0.0.0/255. +0.0.0",
  "127.0.0.0/255 .0.0.0",
  "127.0.0.-0/255.0.0.0",
  "127.0.0.0/0255.0.0.0",
  "127.0.0.0/8",
  "127.0.0.1/255.0.0.255",
];
const wild = fc
  .array(fc.constantFrom("%", "_", "127", ".", "0", "1", "localhost", "local", "\\"), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join(""));
const host = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...HOSTS) }, { weight: 1, arbitrary: wild });
const hosts = (most: number) => fc.uniqueArray(host, { maxLength: most, selector: (text) => text.toLowerCase() });

interface Case {
  readonly hosts: readonly string[];
  /** From where the client comes. Empty: through the socket. */
  readonly from: string;
}
const cases = fc.record({
  hosts: hosts(6),
  from: fc.constantFrom("", "127.0.0.1", "127.0.0.1", "127.0.0.2", "127.1.0.1"),
});

/** What the server makes of a login: who it takes it for, and from where. */
async function login(user: string, from: string): Promise<{ taken: string | undefined; client: Client }> {
  const { port } = server.connection;
  const client = from === "" ? { host: "localhost" } : { ip: from };
  const stream = await (from === ""
    ? server.root.host.openStream({ asSuperuser: false })
    : net.connect({ host: from.includes(":") ? from : "127.0.0.1", port, localAddress: from }));
  stream.on("error", () => undefined);
  try {
    await using session = await createConnection({ stream, user });
    const [[row]] = (await session.query("SELECT CURRENT_USER() AS taken, USER() AS seen")) as unknown as [
      [{ taken: string; seen: string }],
    ];
    const name = row.seen.slice(row.seen.lastIndexOf("@") + 1);
    return { taken: row.taken, client: from === "" || name === from ? client : { ...client, host: name } };
  } catch (error) {
    const said = /@'([^']*)'/.exec((error as Error).message)?.[1];
    return { taken: undefined, client: !said || said === from ? client : { ...client, host: said } };
  }
}

const all = (statements: readonly string[]) =>
  `BEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; ${statements.map((each) => `${each};`).join("\n")} END`;
const named = (user: string, text: string) => `'${user}'@'${text.replaceAll("\\", "\\\\")}'`;

/** Clients as the server saw them, by case. */
let running: Promise<ReadonlyMap<Case, { taken: string | undefined; ours: string | undefined }>>;

async function ask(batch: readonly Case[]) {
  // Accounts without a name are there for everybody.
  const anonymous = batch
    .flatMap(({ hosts: [first] }, index) => (index % 15 === 0 && first ? [first] : []))
    .slice(0, index(batch));
  const statements = [
    ...anonymous.map((text) => named("", text)),
    ...batch.flatMap((one, index) => one.hosts.map((text) => named(`u${index}`, text))),
  ];
  await server.root.query(all(statements.map((account) => `CREATE USER ${account}`)));
  const rows = await server.root.query("SELECT User AS user, Host AS host FROM mysql.global_priv");
  const accounts = rows.map(({ user, host }) => ({ user: String(user), host: String(host) }));
  const answers = await Promise.all(
    batch.map(async (one, index) => {
      const { taken, client } = await login(`u${index}`, one.from);
      const ours = takenAccount(accounts, `u${index}`, client);
      return [one, { taken, ours: ours && `${ours.user}@${ours.host}` }] as const;
    }),
  );
  await server.root.query(all(statements.map((account) => `DROP USER ${account}`)));
  return new Map(answers);
}

/** Half of the batches have few of them: else nobody gets another one. */
const index = (batch: readonly Case[]): number => (batch[0]?.hosts.length ?? 0) % 4;

oracleTest("the account that a client gets is the one that the server takes", {
  cases,
  oracle: async (batch) => {
    running = ask(batch);
    const answers = await running;
    return batch.map((one) => answers.get(one)?.taken);
  },
  ours: async (one) => (await running).get(one)?.ours,
});

/** A client, and a host that somebody writes for it: it matches that one or, as it is written, nobody. */
interface Written {
  readonly host: string;
  readonly from: string;
}

const dotted = (number: number) => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
const masks = fc.oneof(
  fc.integer({ min: 0, max: 32 }).map((bits) => (bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0)),
  fc.constantFrom(0xffff_00ff, 0x0000_00ff, 0x00ff_0000, 0xff00_0001, 0x7f00_0000, 0xaaaa_aaaa),
);
/** Parts of an address as somebody may write them. */
const part = (text: string) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(text) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("%", `%${text}`, `${text}%`, `${text[0]}%`, `\\${text}`, text.replace(/.$/, "_")),
    },
    { weight: 1, arbitrary: fc.constantFrom(`0${text}`, `00${text}`, "256", "300", "1000", "") },
  );
const written: fc.Arbitrary<Written> = fc
  .tuple(fc.constantFrom(0, 1, 16, 254), fc.constantFrom(0, 1, 7, 255), fc.constantFrom(1, 2, 10, 128, 254), masks)
  .chain(([b, c, d, mask]) => {
    const number = ((127 << 24) | (b << 16) | (c << 8) | d) >>> 0;
    const from = dotted(number);
    const ones = mask.toString(2).padStart(32, "0").replace(/0+$/, "");
    // Of other masks there is no number of bits.
    const bits = ones.includes("0") ? dotted(mask) : ones.length;
    const address = fc.constantFrom(from, dotted(number & mask), dotted(number & mask).replace(/\.(\d)/g, ".0$1"));
    const ranges = fc
      .tuple(address, fc.constantFrom(dotted(mask), dotted(mask), String(bits), dotted(mask).replaceAll(".0", ".000")))
      .map((parts) => parts.join("/"));
    // What begins with a wildcard may be a name, whatever follows.
    const patterns = fc
      .tuple(...from.split(".").map(part))
      .map((parts) => parts.join("."))
      .filter((text) => /^\\?\d+\./.test(text) || !/0\d|256|300|1000|\.\.|\.$|^\./.test(text));
    const others = fc.constantFrom(`${from}.`, `${from}.%`, `${from}.1`, `::ffff:${from}`, `0${from}`, "127.%.%.%.%.%");
    const host = fc.oneof({ weight: 4, arbitrary: ranges }, { weight: 3, arbitrary: patterns }, others);
    return host.map((text) => ({ host: text, from }));
  });
const ofLoopback = fc.constantFrom<Written>(
  ...["::1", "0::1", "::0001", "0:0:0:0:0:0:0:1", "::%", "%:1", "::1/128", "::1:"].map((text) => ({
    host: text,
    from: "::1",
  })),
);

/** What is to be written in its place. */
const insteadOf = (problem: string | undefined) => /write "([^"]*)"$/.exec(problem ?? "")?.[1];

oracleTest("a host that is refused matches nobody as it is written, and what is to be written in its place does", {
  // Each takes two logins.
  inTest: 500,
  cases: fc.oneof({ weight: 50, arbitrary: written }, { weight: 1, arbitrary: ofLoopback }),
  oracle: async (batch) => {
    const accounts = batch.flatMap(({ host }, index) => {
      const instead = insteadOf(hostProblem(host));
      return [named(`w${index}`, host), ...(instead === undefined ? [] : [named(`i${index}`, instead)])];
    });
    await server.root.query(all(accounts.map((account) => `CREATE USER ${account}`)));
    const isIn = async (user: string, from: string) => (await login(user, from)).taken !== undefined;
    const answers = await Promise.all(
      batch.map(async ({ host, from }, index) => [
        await isIn(`w${index}`, from),
        insteadOf(hostProblem(host)) === undefined || (await isIn(`i${index}`, from)),
      ]),
    );
    await server.root.query(all(accounts.map((account) => `DROP USER ${account}`)));
    return answers;
  },
  ours: ({ host }) => [hostProblem(host) === undefined, true],
});
