import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { authPlugins as known } from "mysql2";
import { createConnection } from "mysql2/promise";
import { paths } from "../../provider/src/hosts/local/files";
import type { NodeTls } from "../../provider/src/inputs";
import { authPluginsFor } from "../../provider/src/mariadb/loginMethods";
import { openAsClient, openEncrypted, openServer } from "../../provider/src/mariadb/open";
import { NATIVE } from "../../provider/src/recipe/accounts/password";
import { until } from "../../provider/src/waiting";
import { Authority } from "../support/authority";
import { HostileServer } from "../support/hostileServer";
import { localConnection } from "../support/local/reach";

/** Whoever answers in a server's place is not told a password, however he asks for it. */

const PASSWORD = "the admin's own password";
const METHODS = ["sha256_password", "caching_sha2_password", "mysql_clear_password", "client_ed25519", "dialog"];

let folder: string;
let certificate: NodeTls;
let connection: ReturnType<typeof localConnection>;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "session-store-hostile-"));
  connection = localConnection("db1", folder, 3306, PASSWORD);
  certificate = await (await Authority.create()).issue("127.0.0.1");
});
afterAll(() => rm(folder, { recursive: true }));

const client = { user: "proxy", password: PASSWORD, authentication: NATIVE } as const;

const hostile = (method: string, asksAtOnce: boolean) =>
  HostileServer.listen({ socket: paths(folder).socket, method, asksAtOnce, tls: certificate });

describe.each(METHODS)("a server that asks for %s", (method) => {
  test.each([
    ["in its greeting", true],
    ["after the login", false],
  ])("%s is told nothing", async (_, asksAtOnce) => {
    await using somebody = await hostile(method, asksAtOnce);
    const sessions = [
      () => openServer(connection),
      () => openEncrypted(connection),
      () => openAsClient(connection, { ...client, tls: false }),
      () => openAsClient(connection, { ...client, tls: true }),
    ];
    for (const open of sessions) {
      await expect(open()).rejects.toMatchObject({
        problem: "login refused",
        message: expect.stringContaining(`(${method}), and was told nothing`),
      });
    }
    // The admin's refused login is followed by a look as root.
    expect(somebody.logins).toBe(sessions.length + 1);
    expect(somebody.told).not.toContain(PASSWORD);
  });
});

test.each(["sha256_password", "caching_sha2_password"])(
  "mysql2 by itself tells it to one that asks for %s",
  async (method) => {
    await using somebody = await hostile(method, false);
    createConnection({ socketPath: paths(folder).socket, user: "root", password: PASSWORD }).catch(() => undefined);
    await until({ what: "the password", deadline: 5_000 }, async () =>
      somebody.told.includes(PASSWORD) ? { done: undefined } : { seen: "nothing" },
    );
    expect(somebody.told).toContain(PASSWORD);
  },
);

test("no other method that mysql2 knows is left", () => {
  expect(Object.keys(authPluginsFor(NATIVE)).sort()).toEqual(
    Object.keys(known)
      .filter((method) => method !== NATIVE)
      .sort(),
  );
});
