import { openHost } from "../hosts";
import { type FileAccess, type Host, HostUnreachable } from "../hosts/Host";
import type { Settings } from "../recipe/settings/ofNode";
import { isTrustedBy, type NodeTls, tlsFiles, tlsTexts, validity } from "../recipe/tls";
import { progress, until } from "../waiting";
import { type Connection, nameOf } from "./connection";
import { ConnectionError } from "./connectionError";
import { replicaStatus } from "./replication";
import { openIfThere, Server } from "./server";

/** Certificates on a machine, and what its server does with them. */

/** The key is in it: for the server alone. */
const CERTIFICATE = { mode: 0o600, ofServer: true };
const CA = { mode: 0o644 };
const DEADLINE = 10_000;

/** What `tlsState` is when nothing is wrong. */
export const IN_EFFECT = "in effect";

/** Puts the certificates on the machine where they differ. True: they did. */
export async function writeCertificates(
  server: Server,
  peer: Connection | undefined,
  wanted: NodeTls,
): Promise<boolean> {
  const files = tlsFiles(server.host.tlsFolder);
  const texts = tlsTexts(wanted);
  // First whom to trust: a new certificate of the peer waits for it.
  const caChanged = await write(server, files.ca, texts.ca, CA);
  const certificate = await server.host.readFile(files.certificate);
  if (peer && certificate && certificate.text !== texts.certificate) await waitUntilTrusted(server, peer, wanted);
  const certificateChanged = await write(server, files.certificate, texts.certificate, CERTIFICATE);
  return caChanged || certificateChanged;
}

async function write({ host, name }: Server, file: string, text: string, access: FileAccess): Promise<boolean> {
  const found = await host.readFile(file);
  if (found?.text === text && found.mode === access.mode) return false;
  progress(`${name}: writing ${file}`);
  await host.writeFile(file, text, access);
  return true;
}

/** A certificate that the peer does not trust would break the link at its next interruption. The peer may just be learning to. */
async function waitUntilTrusted({ name }: Server, peer: Connection, wanted: NodeTls): Promise<void> {
  const host = openHost(peer.host);
  const what = `${nameOf(peer)} to trust the new certificate of ${name}`;
  try {
    await until({ what, deadline: DEADLINE }, async () => {
      const ca = await host.readFile(tlsFiles(host.tlsFolder).ca);
      return ca && !isTrustedBy(ca.text, wanted) ? { seen: "another authority signed it" } : { done: undefined };
    });
  } catch (error) {
    // It has its own say when it is back.
    if (error instanceof HostUnreachable) return;
    throw new Error(
      `${(error as Error).message}. The former certificate of ${name} is still in use. Give "tls.ca" of ${nameOf(peer)} the authority that ` +
        "signed the new one too, then run `pulumi up` again.",
    );
  }
}

/** Refuses to take the certificates from a server while somebody needs them to come in. @param former settings that were wanted before */
export async function refuseToGoWithoutTls(
  server: Server,
  peer: Connection | undefined,
  former: Settings,
): Promise<void> {
  if (former["ssl_cert"] === undefined) return;
  const accounts = await server.query(
    "SELECT DISTINCT User FROM mysql.global_priv WHERE JSON_VALUE(Priv, '$.ssl_type') > 0 AND User <> ? ORDER BY User",
    [server.connection.admin.user],
  );
  const needed = accounts.map((row) => `the account "${row["User"]}"`);
  await using other = peer && (await openIfThere(peer));
  if (other && (await replicaStatus(other))?.tls.ca) needed.push(`the replication of ${other.name}`);
  if (needed.length === 0) return;
  throw new Error(
    `${server.name} shall go without its certificates, but TLS is required by ${needed.join(", ")}: these could not come in any more. Nothing was ` +
      'changed. First let them do without (links with `tls` "off", accounts with `requireTls` "NONE"), `pulumi up`; then take `tls` away.',
  );
}

/** Takes them off the machine. */
export async function removeCertificates(host: Host): Promise<void> {
  const { ca, certificate } = tlsFiles(host.tlsFolder);
  await host.removeFile(ca);
  await host.removeFile(certificate);
}

/** Whether the machine has the certificates, and its server uses them. In words, what is not so. */
export async function tlsState(connection: Connection, host: Host, wanted: NodeTls): Promise<string> {
  const files = tlsFiles(host.tlsFolder);
  const texts = tlsTexts(wanted);
  const [ca, certificate] = await Promise.all([host.readFile(files.ca), host.readFile(files.certificate)]);
  if (!ca || !certificate) return "files missing";
  if (ca.text !== texts.ca || certificate.text !== texts.certificate) return "files differ";
  if (ca.mode !== CA.mode || certificate.mode !== CERTIFICATE.mode) return "files have other permissions";
  return effect(connection, wanted);
}

/** Lets a running server take up its certificates, if it does not use them already. No connection breaks. */
export async function bringCertificatesIntoEffect(server: Server, wanted: NodeTls, renewed: boolean): Promise<void> {
  if (!renewed && (await effect(server.connection, wanted)) === IN_EFFECT) return;
  progress(`${server.name}: taking up the certificates (FLUSH SSL)`);
  await server.query("FLUSH SSL");
  await until({ what: `${server.name} to use its certificate`, deadline: DEADLINE }, async () => {
    const seen = await effect(server.connection, wanted);
    return seen === IN_EFFECT ? { done: undefined } : { seen };
  });
}

/** What the server shows to whoever comes with TLS. */
async function effect(connection: Connection, wanted: NodeTls): Promise<string> {
  try {
    await using server = await Server.openEncrypted(connection);
    const rows = await server.query("SHOW SESSION STATUS LIKE 'Ssl\\_server\\_not\\_%'");
    const shown = new Map(rows.map((row) => [String(row["Variable_name"]), String(row["Value"])]));
    const { from, to } = validity(wanted);
    const isIt = shown.get("Ssl_server_not_before") === from && shown.get("Ssl_server_not_after") === to;
    return isIt ? IN_EFFECT : `another certificate is used, which ends on ${shown.get("Ssl_server_not_after")}`;
  } catch (error) {
    if (error instanceof ConnectionError && error.problem === "without TLS") return "the server takes no TLS";
    throw error;
  }
}
