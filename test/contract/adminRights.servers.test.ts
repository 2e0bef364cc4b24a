import { readFile } from "node:fs/promises";
import * as path from "node:path";
import { examineAccounts } from "../../provider/src/mariadb/accounts";
import { openServer } from "../../provider/src/mariadb/open";
import type { WantedAccount } from "../../provider/src/recipe/accounts/accounts";
import { ADMIN_PRIVILEGES, VIEWER_PRIVILEGES } from "../../provider/src/recipe/accounts/own";
import { NATIVE } from "../../provider/src/recipe/accounts/password";
import { testEachPrivilege } from "../support/adminNeeds";
import { type TestServer, testServer } from "../support/local/testServer";

/** What the admin account may do, it needs: without any one of its privileges something of this library fails. */

let server: TestServer;

beforeAll(async () => {
  server = await testServer();
}, 60_000);
afterAll(() => server?.[Symbol.asyncDispose]());

test("docs/security.md lists the privileges of both accounts, and no others", async () => {
  const page = await readFile(path.join(__dirname, "../../docs/security.md"), "utf8");
  const table = /### What the admin may do\n.*?\n\n\| privilege.*?\n\n/s.exec(page)?.[0] ?? "";
  const rows = [...table.matchAll(/^\| ([A-Z].*?) *\|/gm)].flatMap(([, cell = ""]) =>
    cell.replace(/ \(.*?\)/g, "").split(", "),
  );
  expect([...rows, "GRANT OPTION"].sort()).toEqual([...ADMIN_PRIVILEGES].sort());
  const viewer = /### What the viewer may do\n\n(.*?), on `\*\.\*`/s.exec(page)?.[1] ?? "";
  expect(viewer.split(/, | and /)).toEqual(VIEWER_PRIVILEGES);
});

test("a grant beyond its own is made by root, and refused with the statement where root can't be asked", async () => {
  const { root, connection } = server;
  const wanted = (...grants: string[]): WantedAccount => ({
    ...{ user: "beyond", host: "localhost", role: "extraAccounts", property: "extraAccounts[0]", tls: "NONE" },
    ...{ grants, authentication: NATIVE, passwords: ["x"] },
  });
  const bring = async (...grants: string[]) => {
    await using admin = await openServer(connection);
    for (const { apply } of await examineAccounts(admin, [wanted(...grants)])) await apply();
    return (await examineAccounts(admin, [wanted(...grants)])).flatMap(({ problems }) => problems);
  };
  expect(await bring("FILE, SHUTDOWN ON *.*")).toEqual([]);
  await root.query(`ALTER USER ${root.host.superuser}@localhost ACCOUNT LOCK`);
  try {
    await expect(bring("FILE, SHUTDOWN, SUPER ON *.*")).rejects.toThrow(
      /in: GRANT SUPER ON \*\.\* TO 'beyond'@'localhost'\)\. That is more than "session_store_admin" may do .*and MariaDB's root, who may, can't be asked/,
    );
  } finally {
    await root.query(`ALTER USER ${root.host.superuser}@localhost ACCOUNT UNLOCK`);
  }
});

// MariaDB has it from 11.3 on.
testEachPrivilege(() => server, ["SHOW CREATE ROUTINE"]);
