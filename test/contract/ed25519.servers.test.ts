import fc from "fast-check";
import { examineAccounts } from "../../provider/src/mariadb/accounts";
import { openAsClient } from "../../provider/src/mariadb/open";
import { refusedWrite } from "../../provider/src/mariadb/proxyWrites";
import { refusedMethods } from "../../provider/src/mariadb/refusedAccounts";
import type { WantedAccount } from "../../provider/src/recipe/accounts/accounts";
import { ED25519, publicKey } from "../../provider/src/recipe/accounts/ed25519";
import { NATIVE } from "../../provider/src/recipe/accounts/password";
import { type TestServer, testServer } from "../support/local/testServer";

/** The login method ed25519: what we make of a password is what the server makes of it, and lets in. */

const PASSWORDS = fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 });
const user = "proxy_ed25519";

let server: TestServer;

beforeAll(async () => {
  server = await testServer();
}, 60_000);
afterAll(() => server?.[Symbol.asyncDispose]());

const wanted = (authentication: WantedAccount["authentication"], ...passwords: string[]): WantedAccount => ({
  user,
  host: "localhost",
  role: "proxy",
  property: "proxy",
  grants: ["ALL PRIVILEGES ON `mysql`.*"],
  tls: "NONE",
  authentication,
  passwords,
});

async function bring(account: WantedAccount): Promise<readonly string[]> {
  const [repair] = await examineAccounts(server.root, [account]);
  await repair?.apply();
  expect(await examineAccounts(server.root, [account])).toMatchObject([{ problems: [] }]);
  return repair?.problems ?? [];
}

const login = async (password: string, authentication: WantedAccount["authentication"] = ED25519) => {
  await using session = await openAsClient(server.connection, { user, password, tls: false, authentication });
  return await session.value("SELECT CURRENT_USER()");
};

test("a server without the plugin refuses it before anything is touched", async () => {
  expect(await refusedMethods(server.connection, [wanted(ED25519, "x"), wanted(NATIVE, "x")])).toEqual([
    {
      property: "proxy.authentication",
      reason: expect.stringMatching(/^db1 does not have the plugin ed25519: run INSTALL SONAME 'auth_ed25519'/),
    },
  ]);
});

describe("with the plugin", () => {
  beforeAll(async () => {
    await server.root.query("INSTALL SONAME 'auth_ed25519'");
  });

  test("it is taken", async () => {
    expect(await refusedMethods(server.connection, [wanted(ED25519, "x")])).toEqual([]);
  });

  test("the server makes the same key of a password, and takes our proof of it", async () => {
    await server.root.query("CREATE USER judge@localhost");
    const keyOfServer = async (password: string) => {
      await server.root.query("ALTER USER judge@localhost IDENTIFIED VIA ed25519 USING PASSWORD(?)", [password]);
      return server.root.value(
        "SELECT JSON_VALUE(Priv, '$.authentication_string') FROM mysql.global_priv WHERE User = 'judge'",
      );
    };
    await bring(wanted(ED25519, "first"));
    await fc.assert(
      fc.asyncProperty(PASSWORDS, async (password) => {
        expect(publicKey(password)).toBe(await keyOfServer(password));
        await bring(wanted(ED25519, password));
        expect(await login(password)).toBe(`${user}@localhost`);
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  test("an account goes over from SHA-1 and back, and a wrong password does not get in", async () => {
    await bring(wanted(NATIVE, "one"));
    expect(await bring(wanted(ED25519, "one"))).toEqual(["password checked by mysql_native_password"]);
    expect(await login("one")).toBe(`${user}@localhost`);
    await expect(login("other")).rejects.toMatchObject({ problem: "login refused", errno: 1045 });
    expect(await bring(wanted(NATIVE, "one"))).toEqual(["password checked by ed25519"]);
    expect(await login("one", NATIVE)).toBe(`${user}@localhost`);
  });

  test("in a rotation it takes both passwords, and then one", async () => {
    await bring(wanted(ED25519, "old"));
    expect(await bring(wanted(ED25519, "new", "old"))).toEqual(["password differs"]);
    expect([await login("new"), await login("old")]).toEqual([`${user}@localhost`, `${user}@localhost`]);
    expect(await bring(wanted(ED25519, "new"))).toEqual(["password accepts another one too"]);
    await expect(login("old")).rejects.toMatchObject({ errno: 1045 });
  });

  test("whether a proxy can write is tried with it too", async () => {
    const account = wanted(ED25519, "writes");
    await bring(account);
    expect(await refusedWrite(server.root, account, ["mysql"])).toBeUndefined();
    await server.root.query("SET GLOBAL read_only = 1");
    try {
      expect(await refusedWrite(server.root, account, ["mysql"])).toMatchObject({ errno: 1290 });
    } finally {
      await server.root.query("SET GLOBAL read_only = 0");
    }
  });
});
