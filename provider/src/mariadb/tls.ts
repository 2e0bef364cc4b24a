import { ENTER, may, otherAccess } from "../hosts/access";
import { type FileAccess, type Host, HostUnreachable } from "../hosts/Host";
import { unwritten } from "../hosts/unwritten";
import type { NodeTls } from "../inputs";
import { ownNames } from "../recipe/accounts/own";
import { haveCertificate, type NotedSettings } from "../recipe/settings/ofNode";
import { tlsFiles, tlsTexts } from "../recipe/tls";
import type { NodeTlsState } from "../recipe/words";
import { NotRecorded } from "../record/recorder";
import { progress } from "../run";
import type { Server } from "./server";

/** Certificates on a machine, and what its server does with them. */

/** The key is in it: for the server alone. */
const CERTIFICATE = { mode: 0o600, ofServer: true };
const CA = { mode: 0o644 };

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

/** What its two files say, as far as they are there. */
export interface CertificateTexts {
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
}

export async function readTexts(host: Host): Promise<CertificateTexts> {
  const { ca, certificate } = tlsFiles(host.tlsFolder);
  const found = await Promise.all([host.readFile(ca), host.readFile(certificate)]);
  return { ca: found[0]?.text, certificate: found[1]?.text };
}

/** Writes what the files said before. False: they say so, or there was nothing. */
export async function writeTexts(server: OnHost, { ca, certificate }: CertificateTexts): Promise<boolean> {
  const files = tlsFiles(server.host.tlsFolder);
  if (ca === undefined || certificate === undefined) return false;
  const caChanged = await write(server, files.ca, ca, CA);
  return (await write(server, files.certificate, certificate, CERTIFICATE)) || caChanged;
}

/** Takes them off the machine. */
export async function removeCertificates(host: Host): Promise<void> {
  const { ca, certificate } = tlsFiles(host.tlsFolder);
  await host.removeFile(ca);
  await host.removeFile(certificate);
}

/** What of the files on the machine is not as wanted. */
export async function filesState(host: Host, wanted: NodeTls): Promise<NodeTlsState | undefined> {
  const files = tlsFiles(host.tlsFolder);
  const texts = tlsTexts(wanted);
  if (await isFolderWrong(host)) return "files have other permissions";
  const [ca, certificate] = await Promise.all([host.readFile(files.ca), host.readFile(files.certificate)]);
  if (!ca || !certificate) return "files missing";
  if (ca.text !== texts.ca || certificate.text !== texts.certificate) return "files differ";
  const accesses = [otherAccess(host, ca, CA), otherAccess(host, certificate, CERTIFICATE)];
  if ((await Promise.all(accesses)).some((other) => other !== undefined)) return "files have other permissions";
  return undefined;
}
