import { ENTER, may, otherAccess } from "../hosts/access";
import { type FileAccess, type Host, HostUnreachable } from "../hosts/Host";
import { unwritten } from "../hosts/unwritten";
import type { Connection, NodeTls } from "../inputs";
import { ownNames } from "../recipe/accounts/own";
import { haveCertificate, type NotedSettings } from "../recipe/settings/ofNode";
import { tlsFiles, tlsTexts, validity } from "../recipe/tls";
import { type NodeTlsState, WORDS } from "../recipe/words";
import { NotRecorded } from "../record/recorder";
import { progress } from "../run";
import { until } from "../waiting";
import { ConnectionError } from "./connectionError";
import { openEncrypted } from "./open";
import type { Server } from "./server";

/** Certificates on a machine, and what its server does with them. */

/** The key is in it: for the server alone. */
const CERTIFICATE = { mode: 0o600, ofServer: true };
const CA = { mode: 0o644 };
const DEADLINE = 10_000;

/** What `tlsState` is when nothing is wrong. */
export const IN_EFFECT = WORDS["MariaDbNode.tlsState"].wanted;

const NO_TLS = "the server takes no TLS";

/** Of a server, whether it can be asked or not. */
type OnHost = Pick<Server, "host" | "name">;

/** Lets the server look for its certificates, and nobody else put others there. Before anybody looks at them: they may not be able to, either. */
export async function openTlsFolder(host: Host): Promise<void> {
  if (await isFolderWrong(host)) await host.openFolder(host.tlsFolder);
}

/** Tells the server whom to trust. True: that has changed. */
export const writeCa = (server: OnHost, wanted: NodeTls): Promise<boolean> =>
  write(server, tlsFiles(server.host.tlsFolder).ca, tlsTexts(wanted).ca, CA);

/** Gives the server its certificate and key. True: they have changed. */
export const writeCertificate = (server: OnHost, wanted: NodeTls): Promise<boolean> =>
  write(server, tlsFiles(server.host.tlsFolder).certificate, tlsTexts(wanted).certificate, CERTIFICATE);

/**
 * Sees to it that a server that does not run finds certificates when it starts. What is there of the given ones stays.
 * @param known those that it may have, the last ones first
 */
export async function restoreCertificates(server: OnHost, known: readonly NodeTls[]): Promise<void> {
  const [last] = known;
  if (!last) return;
  const found = async (which: "ca" | "certificate") => {
    const text = (await server.host.readFile(tlsFiles(server.host.tlsFolder)[which]))?.text;
    return known.find((tls) => tlsTexts(tls)[which] === text) ?? last;
  };
  await openTlsFolder(server.host);
  await writeCa(server, await found("ca"));
  await writeCertificate(server, await found("certificate"));
}

/** True when the server's own user can't look into the folder of its certificates, or somebody else may change what is in it. */
async function isFolderWrong(host: Host): Promise<boolean> {
  const [folder, { uid, gid }] = await Promise.all([host.readFile(host.tlsFolder), host.ownerOf(CERTIFICATE)]);
  if (!folder?.isFolder) return false;
  return !may({ uid, gids: [gid] }, folder, ENTER) || ![0, uid].includes(folder.uid) || (folder.mode & 0o022) !== 0;
}

/** Fails where the certificates could not be written. */
export async function tryToWriteCertificates(host: Host, wanted: NodeTls): Promise<void> {
  const [{ ca, certificate }, texts] = [tlsFiles(host.tlsFolder), tlsTexts(wanted)];
  await host.tryToWrite(ca, texts.ca, CA);
  await host.tryToWrite(certificate, texts.certificate, CERTIFICATE);
}

/** True when the server has another certificate than this one. */
export async function hasOtherCertificate({ host }: Server, wanted: NodeTls): Promise<boolean> {
  const found = await host.readFile(tlsFiles(host.tlsFolder).certificate);
  return found !== undefined && found.text !== tlsTexts(wanted).certificate;
}

/** Accounts that can't log in without TLS, besides our own. */
export async function usersWithTls(server: Server): Promise<string[]> {
  const rows = await server.query(
    "SELECT DISTINCT User FROM mysql.global_priv WHERE JSON_VALUE(Priv, '$.ssl_type') > 0 AND User NOT IN (?) ORDER BY User",
    [ownNames(server.connection)],
  );
  return rows.map((row) => String(row["User"]));
}

async function write({ host, name }: OnHost, file: string, text: string, access: FileAccess): Promise<boolean> {
  const found = await host.readFile(file);
  if (found?.text === text && (await otherAccess(host, found, access)) === undefined) return false;
  progress(`${name}: writing ${file}`);
  try {
    await host.writeFile(file, text, access);
  } catch (error) {
    if (error instanceof NotRecorded || error instanceof HostUnreachable) throw error;
    throw new Error(`${unwritten(name, file, error as Error)}. What the server has stays in use.`);
  }
  return true;
}

/** The state of a node without `tls`: whether a run that failed has put certificates on its machine. */
export async function leftOverTls(host: Host, noted: NotedSettings): Promise<NodeTlsState | undefined> {
  if (!haveCertificate(noted)) return undefined;
  const { ca, certificate } = tlsFiles(host.tlsFolder);
  const found = await Promise.all([host.readFile(ca), host.readFile(certificate)]);
  return found.some((file) => file !== undefined) ? "left behind by a run that failed" : undefined;
}

/** Takes them off the machine. */
export async function removeCertificates(host: Host): Promise<void> {
  const { ca, certificate } = tlsFiles(host.tlsFolder);
  await host.removeFile(ca);
  await host.removeFile(certificate);
}

/** Whether the machine has the certificates, and its server uses them. In words, what is not so. */
export async function tlsState(connection: Connection, host: Host, wanted: NodeTls): Promise<NodeTlsState> {
  const files = tlsFiles(host.tlsFolder);
  const texts = tlsTexts(wanted);
  if (await isFolderWrong(host)) return "files have other permissions";
  const [ca, certificate] = await Promise.all([host.readFile(files.ca), host.readFile(files.certificate)]);
  if (!ca || !certificate) return "files missing";
  if (ca.text !== texts.ca || certificate.text !== texts.certificate) return "files differ";
  const accesses = [otherAccess(host, ca, CA), otherAccess(host, certificate, CERTIFICATE)];
  if ((await Promise.all(accesses)).some((other) => other !== undefined)) return "files have other permissions";
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

/**
 * The same for a server that runs with files in these places, which it would not do before its first certificate. False: it does not.
 * Before a restart of either node: each has to prove itself to the other by what the files say.
 */
export async function renewIfUsed(server: Server, wanted: NodeTls): Promise<boolean> {
  const used = await server.value("SELECT @@GLOBAL.ssl_cert");
  if (used !== tlsFiles(server.host.tlsFolder).certificate) return false;
  if ((await effect(server.connection, wanted)) === NO_TLS) return false;
  await bringCertificatesIntoEffect(server, wanted, true);
  return true;
}

/** What the server shows to a client that comes with TLS. */
async function effect(connection: Connection, wanted: NodeTls): Promise<NodeTlsState> {
  try {
    await using server = await openEncrypted(connection);
    const rows = await server.query("SHOW SESSION STATUS LIKE 'Ssl\\_server\\_not\\_%'");
    const shown = new Map(rows.map((row) => [String(row["Variable_name"]), String(row["Value"])]));
    const { from, to } = validity(wanted);
    const isIt = shown.get("Ssl_server_not_before") === from && shown.get("Ssl_server_not_after") === to;
    return isIt ? IN_EFFECT : `another certificate is used, which ends on ${shown.get("Ssl_server_not_after")}`;
  } catch (error) {
    if (error instanceof ConnectionError && error.problem === "without TLS") return NO_TLS;
    throw error;
  }
}
