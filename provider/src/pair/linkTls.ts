import { weakestRequirement } from "../mariadb/accounts";
import { type LinkTlsValues, replicaStatus } from "../mariadb/replication";
import type { Server } from "../mariadb/server";
import { type LinkTls, tlsFiles } from "../recipe/tls";
import type { LinkEncryption, LinkTlsState } from "../recipe/words";
import type { Ends } from "./ends";

/** TLS of one direction of the pair: what the replica is told, and the proof that it is so. */

/** What CHANGE MASTER has to say. Undefined: what the servers do by themselves. */
export function wantedTls(replica: Server, source: Server, wanted: LinkTls | undefined): LinkTlsValues {
  if (wanted === "off") return OFF;
  if (wanted === undefined) {
    // From 11.4 on both sides have certificates by themselves, and check them by the account's password.
    const both = replica.version.has("own certificate") && source.version.has("own certificate");
    return both ? { ...OFF, on: true, verified: true } : OFF;
  }
  const { ca, certificate } = tlsFiles(replica.host.tlsFolder);
  return { on: true, verified: true, ca, certificate: wanted === "mutual" ? certificate : "" };
}

const OFF: LinkTlsValues = { on: false, verified: false, ca: "", certificate: "" };

/** In words, how the replica comes to its source. */
export function inWords({ on, verified, ca, certificate }: LinkTlsValues): LinkTlsState {
  if (!on) return "off";
  const proof = verified
    ? (`verified by ${ca || "the account's password"}` as const)
    : "on if the source offers it, not verified";
  return certificate ? `${proof}, with the certificate ${certificate}` : proof;
}

/** The word for what is seen, in the spelling of what is wanted where it is that. */
export function seenTls(
  seen: LinkTlsValues,
  wanted: LinkTls | undefined,
  { replica, source }: { replica: Server; source: Server | undefined },
): LinkTlsState | undefined {
  // What the servers do by themselves is theirs to choose, but for certificates of ours that are no longer wanted.
  if (wanted === undefined) return seen.ca || seen.certificate ? inWords(seen) : undefined;
  const words = inWords(seen);
  return words === inWords(wantedTls(replica, source ?? replica, wanted)) ? wanted : words;
}

/** Refuses a link of which nobody could tell afterwards that it is encrypted. */
export async function refuseUnprovable(source: Server, user: string, wanted: LinkTls | undefined): Promise<void> {
  if (!isVerified(wanted) || (await seesThreads(source))) return;
  if ((await weakestRequirement(source, user)) !== "NONE") return;
  throw new Error(
    `whether ${source.name} sends its sessions encrypted could not be proved: its account "${user}" does not require TLS, and ` +
      "performance_schema is off there. Nothing was linked. Let the account require TLS (`requireTls`).",
  );
}

/**
 * With what the source's thread for this replica is encrypted. Fails when it is not: the status fields of the replica only say what was
 * asked for.
 */
export async function encryptionOf(ends: Ends, user: string, wanted: LinkTls | undefined): Promise<LinkEncryption> {
  const { source } = ends;
  const cipher = (await seesThreads(source)) ? await cipherOf(source, user) : undefined;
  if (cipher) return cipher as LinkEncryption;
  const requirement = await weakestRequirement(source, user);
  if (cipher === undefined && requirement !== "NONE") return `required by the account (${requirement})`;
  const known = cipher === undefined ? await encryptionBySettings(ends) : "none";
  if (known === "none" && isVerified(wanted)) {
    throw new Error(`${source.name} sends its sessions to "${user}" without encryption`);
  }
  return known;
}

/** What the settings of both ends leave open, where the source can't be asked for the cipher. The replica has connected with them. */
export async function encryptionBySettings({ replica, source }: Ends): Promise<LinkEncryption> {
  const tls = (await replicaStatus(replica))?.tls;
  if (!tls?.on) return "none";
  // Such a replica does not go on without: it fails with 2026.
  if (tls.verified) return "required by the replica, which verifies the source";
  const [offers] = await source.query("SHOW GLOBAL VARIABLES LIKE 'have_ssl'");
  return offers?.["Value"] === "YES" ? "used, because the source offers it; not verified" : "none";
}

/** The source has to prove itself with its certificate. */
export const isVerified = (wanted: LinkTls | undefined): boolean => wanted === "verified" || wanted === "mutual";

const seesThreads = async (source: Server): Promise<boolean> =>
  (await source.value("SELECT @@GLOBAL.performance_schema")) === "1";

/** Empty: not encrypted. */
const cipherOf = (source: Server, user: string): Promise<string> =>
  source.value(
    `SELECT s.VARIABLE_VALUE FROM performance_schema.status_by_thread s JOIN performance_schema.threads t USING (THREAD_ID)
      WHERE s.VARIABLE_NAME = 'Ssl_cipher' AND t.PROCESSLIST_COMMAND LIKE 'Binlog Dump%' AND t.PROCESSLIST_USER = ?
      ORDER BY t.PROCESSLIST_ID DESC LIMIT 1`,
    [user],
  );
