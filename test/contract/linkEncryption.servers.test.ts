import { mkdirSync, writeFileSync } from "node:fs";
import { openAsSuperuser } from "../../provider/src/mariadb/open";
import { replicaStatus } from "../../provider/src/mariadb/replication";
import type { Server } from "../../provider/src/mariadb/server";
import { encryptionBySettings, encryptionOf } from "../../provider/src/pair/linkTls";
import { until } from "../../provider/src/waiting";
import { Authority } from "../support/authority";
import { type HandMadeNode, type HandMadePair, handMadePair } from "../support/local/handMadePair";
import { localConnection } from "../support/local/reach";

/** What follows from the settings of both ends is compared with what the source's own thread for the link says. */

jest.setTimeout(120_000);

let pair: HandMadePair;
let replica: Server;
let source: Server;
let ca: string;

const open = ({ name, directory, port }: HandMadeNode) =>
  openAsSuperuser(localConnection(name, directory, port, "unused"));

/** The first server has a certificate, so it offers TLS; the second has none. */
beforeAll(async () => {
  const authority = await Authority.create();
  const tls = await authority.issue("127.0.0.1");
  pair = await handMadePair(undefined, (directory) => {
    if (!directory.endsWith("db1")) return ["performance_schema=ON"];
    const folder = `${directory}-tls`;
    mkdirSync(folder, { recursive: true });
    ca = `${folder}/ca.pem`;
    writeFileSync(ca, tls.ca);
    writeFileSync(`${folder}/node.pem`, `${tls.certificate}\n${tls.privateKey}`, { mode: 0o644 });
    return ["performance_schema=ON", `ssl_ca=${ca}`, `ssl_cert=${folder}/node.pem`, `ssl_key=${folder}/node.pem`];
  });
  [source, replica] = await Promise.all([open(pair.nodes[0]), open(pair.nodes[1])]);
});

afterAll(async () => {
  await Promise.all([source, replica].map((server) => server?.[Symbol.asyncDispose]()));
  await pair?.[Symbol.asyncDispose]();
}, 60_000);

async function link(from: Server, values: string): Promise<void> {
  await from.query("STOP SLAVE");
  await from.query(`CHANGE MASTER TO ${values}`);
  await from.query("START SLAVE");
  await until({ what: `${from.name} to replicate`, deadline: 20_000 }, async () => {
    const status = await replicaStatus(from);
    return status?.ioThread === "Yes" ? { done: undefined } : { seen: status?.ioError?.text ?? "not yet" };
  });
}

const PLAIN = "MASTER_SSL=0, MASTER_SSL_CA='', MASTER_SSL_VERIFY_SERVER_CERT=0";

it.each([
  [PLAIN, "none", false],
  [
    "MASTER_SSL=1, MASTER_SSL_CA='', MASTER_SSL_VERIFY_SERVER_CERT=0",
    "used, because the source offers it; not verified",
    true,
  ],
  [
    "MASTER_SSL=1, MASTER_SSL_CA='<ca>', MASTER_SSL_VERIFY_SERVER_CERT=1",
    "required by the replica, which verifies the source",
    true,
  ],
])("of a link with %s it is known: %s", async (values, word, isEncrypted) => {
  await link(replica, values.replace("<ca>", ca));
  expect(await encryptionBySettings({ replica, source })).toBe(word);
  const seen = await encryptionOf({ replica, source }, "replication_user", undefined);
  expect(seen !== "none").toBe(isEncrypted);
  expect(seen).toMatch(isEncrypted ? /^(TLS|ECDHE)/ : /^none$/);
});

it("a source without TLS sends in clear whatever the replica asks for, and that is said", async () => {
  const [from, to] = [source, replica];
  await link(from, "MASTER_SSL=1, MASTER_SSL_CA='', MASTER_SSL_VERIFY_SERVER_CERT=0");
  expect(await encryptionBySettings({ replica: from, source: to })).toBe("none");
  expect(await encryptionOf({ replica: from, source: to }, "replication_user", undefined)).toBe("none");
});
