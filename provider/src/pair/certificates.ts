import { openHost } from "../hosts";
import { HostUnreachable } from "../hosts/Host";
import type { Connection, NodeTls } from "../inputs";
import { nameOf } from "../mariadb/connection";
import { openIfThere } from "../mariadb/open";
import { replicaStatus } from "../mariadb/replication";
import type { Server } from "../mariadb/server";
import {
  type CertificateTexts,
  hasOtherCertificate,
  openTlsFolder,
  readTexts,
  usersWithTls,
  writeCa,
  writeCertificate,
  writeTexts,
} from "../mariadb/tls";
import { haveCertificate, type NotedSettings } from "../recipe/settings/ofNode";
import { authorityProblem, isTrustedBy, tlsFiles } from "../recipe/tls";
import { until } from "../waiting";

/** The certificates of a node, as far as its peer has a say: whom that trusts, and who needs them to come in. */

const DEADLINE = 10_000;

/** Puts the certificates on the machine where they differ. Answers whether they did, and what was there before. */
export async function writeCertificates(
  server: Server,
  peer: Connection | undefined,
  wanted: NodeTls,
): Promise<{ readonly isWritten: boolean; readonly former: CertificateTexts }> {
  await openTlsFolder(server.host);
  const former = await readTexts(server.host);
  // First whom to trust: a new certificate of the peer waits for it.
  const caChanged = await writeCa(server, wanted);
  if (peer && (await hasOtherCertificate(server, wanted))) {
    await waitUntilTrusted(server, peer, wanted).catch(async (error) => {
      // With the new one alone it might no longer trust the peer.
      await writeTexts(server, former);
      throw error;
    });
  }
  const certificateChanged = await writeCertificate(server, wanted);
  return { isWritten: caChanged || certificateChanged, former };
}

/** A certificate that the peer does not trust would break the link at its next interruption. The peer may just be learning to. */
async function waitUntilTrusted({ name }: Server, peer: Connection, wanted: NodeTls): Promise<void> {
  const host = openHost(peer.host);
  const what = `${nameOf(peer)} to trust the new certificate of ${name}`;
  try {
    await until({ what, deadline: DEADLINE }, async () => {
      const ca = await host.readFile(tlsFiles(host.tlsFolder).ca);
      if (!ca) return { done: undefined };
      // Its own change is about to write it again.
      const problem = authorityProblem(ca.text);
      if (problem) return { seen: `the peer's ca.pem ${problem}` };
      return isTrustedBy(ca.text, wanted) ? { done: undefined } : { seen: "another authority signed it" };
    });
  } catch (error) {
    // It has its own say when it is back.
    if (error instanceof HostUnreachable) return;
    throw new Error(
      `${(error as Error).message}. The former certificate and authorities of ${name} are still in use. Give "tls.ca" of ${nameOf(peer)} the authority that ` +
        "signed the new one too, then run `pulumi up` again.",
    );
  }
}

/** Refuses to take the certificates from a server while somebody needs them to come in. @param former settings that it was given before */
export async function refuseToGoWithoutTls(
  server: Server,
  peer: Connection | undefined,
  former: NotedSettings,
): Promise<void> {
  if (!haveCertificate(former)) return;
  const needed = (await usersWithTls(server)).map((user) => `the account "${user}"`);
  await using other = peer && (await openIfThere(peer));
  if (other && (await replicaStatus(other))?.tls.ca) needed.push(`the replication of ${other.name}`);
  if (needed.length === 0) return;
  throw new Error(
    `${server.name} is to run without its certificates, but TLS is required by ${needed.join(", ")}: these could no longer log in. Nothing was ` +
      'changed. First let them do without (links with `tls` "off", accounts with `requireTls` "NONE"), `pulumi up`; then take `tls` away.',
  );
}
