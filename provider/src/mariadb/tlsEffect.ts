import { type Host, HostUnreachable } from "../hosts/Host";
import type { Connection, NodeTls } from "../inputs";
import { tlsFiles, validity } from "../recipe/tls";
import { type NodeTlsState, WORDS } from "../recipe/words";
import { NotRecorded } from "../record/recorder";
import { progress } from "../run";
import { until } from "../waiting";
import { ConnectionError, HandshakeError } from "./connectionError";
import { openEncrypted } from "./open";
import type { Server } from "./server";
import { type CertificateTexts, filesState, writeTexts } from "./tls";

/** What a server does with the certificates that its machine has. */

const DEADLINE = 10_000;

/** What `tlsState` is when nothing is wrong. */
export const IN_EFFECT = WORDS["MariaDbNode.tlsState"].wanted;

const NO_TLS = "the server takes no TLS";

/** Whether the machine has the certificates, and its server uses them. In words, what is not so. */
export const tlsState = async (connection: Connection, host: Host, wanted: NodeTls): Promise<NodeTlsState> =>
  (await filesState(host, wanted)) ?? effect(connection, wanted);

/** Lets a running server take up its certificates, if it does not use them already. No connection breaks. */
export async function bringCertificatesIntoEffect(server: Server, wanted: NodeTls, renewed: boolean): Promise<void> {
  if (!renewed && (await effect(server.connection, wanted)) === IN_EFFECT) return;
  try {
    await takeUp(server, wanted);
  } catch (error) {
    if (isOfWay(error)) throw error;
    throw new Error(
      `${cantUse(server, error as Error)} It runs, and nobody gets in with TLS; with these files it may not start again. ${WHAT_TO_DO}`,
    );
  }
}

async function takeUp(server: Server, wanted: NodeTls): Promise<void> {
  progress(`${server.name}: taking up the certificates (FLUSH SSL)`);
  await server.query("FLUSH SSL");
  await until({ what: `${server.name} to use its certificate`, deadline: DEADLINE }, async () => {
    const seen = await shown(server.connection, wanted);
    return seen === IN_EFFECT ? { done: undefined } : { seen };
  });
}

/** What keeps us from the machine says nothing of certificates. */
const isOfWay = (error: unknown): boolean => error instanceof NotRecorded || error instanceof HostUnreachable;

const cantUse = ({ name }: Server, { message }: Error): string => `${name} can't use its new certificates: ${message}.`;

const WHAT_TO_DO =
  "OpenSSL on its machine asks more of them than is usual, by its own configuration (`openssl version -d` names the folder; on Red Hat " +
  "`update-crypto-policies --show`) or by the server's ssl_cipher or tls_version. Have certificates issued that fit, or lower what is asked there; then " +
  "run `pulumi up` again.";

/**
 * The same for a server that runs with files in these places, which it would not do before its first certificate. False: it does not.
 * Before a restart of either node: each has to prove itself to the other by what the files say.
 * @param former what the files said before
 */
export async function renewIfUsed(server: Server, wanted: NodeTls, former: CertificateTexts): Promise<boolean> {
  const used = await server.value("SELECT @@GLOBAL.ssl_cert");
  if (used !== tlsFiles(server.host.tlsFolder).certificate) return false;
  if ((await effect(server.connection, wanted)) === NO_TLS) return false;
  try {
    await takeUp(server, wanted);
    return true;
  } catch (error) {
    throw await putBack(server, former, error as Error);
  }
}

/** With files that it can't use, a server would not come back from its next restart. */
async function putBack(server: Server, former: CertificateTexts, error: Error): Promise<Error> {
  if (isOfWay(error) || !(await writeTexts(server, former))) return error;
  await server.query("FLUSH SSL");
  return new Error(`${cantUse(server, error)} The former ones were put back, and it goes on with them. ${WHAT_TO_DO}`);
}

/** What the server shows to a client that comes with TLS. */
async function effect(connection: Connection, wanted: NodeTls): Promise<NodeTlsState> {
  try {
    return await shown(connection, wanted);
  } catch (error) {
    // It runs: what it has is renewed as if it had none.
    if (error instanceof HandshakeError) return NO_TLS;
    throw error;
  }
}

/** The same. Throws a HandshakeError. */
async function shown(connection: Connection, wanted: NodeTls): Promise<NodeTlsState> {
  try {
    await using server = await openEncrypted(connection);
    const rows = await server.query("SHOW SESSION STATUS LIKE 'Ssl\\_server\\_not\\_%'");
    const values = new Map(rows.map((row) => [String(row["Variable_name"]), String(row["Value"])]));
    const { from, to } = validity(wanted);
    const isIt = values.get("Ssl_server_not_before") === from && values.get("Ssl_server_not_after") === to;
    return isIt ? IN_EFFECT : `another certificate is used, which ends on ${values.get("Ssl_server_not_after")}`;
  } catch (error) {
    if (error instanceof ConnectionError && error.problem === "without TLS") return NO_TLS;
    throw error;
  }
}
