import { isDeepStrictEqual } from "node:util";
import { openHost } from "../hosts";
import { otherAccess } from "../hosts/access";
import { machineOf } from "../hosts/defaults";
import { type HostFile, HostUnreachable, SuperuserRefused } from "../hosts/Host";
import type { Connection } from "../inputs";
import { nameOf } from "../mariadb/connection";
import { ConnectionError } from "../mariadb/connectionError";
import { openServer } from "../mariadb/open";
import { putBack, readOptions, refuseProblems } from "../mariadb/optionFiles";
import { isInData } from "../mariadb/register";
import type { Server } from "../mariadb/server";
import { restoreCertificates } from "../mariadb/tls";
import { placesLog } from "../recipe/settings/foreignLines";
import { type OptionLine, parseOptionFile } from "../recipe/settings/optionFile";
import { tlsFiles } from "../recipe/tls";
import { NotRecorded } from "../record/recorder";
import { progress } from "../run";
import type { KnownNode, MariaDbNodeChecked } from "./nodeFacts";

/** The files of a node whose server is down: without some it does not start, without others it starts with other settings than its peer counts on. */

/** Our option file, as it is wanted. */
export interface OptionFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/**
 * Starts the server of a node that does not run. Puts back before what is gone or changed of its files. Only where the data there are those of the
 * node that the state knows, and only what a run has written there before: what is new is for the change that follows, which asks the running
 * server. One that does not start as it was is started with what is wanted, or it could never be repaired.
 */
export async function startNode(
  wanted: MariaDbNodeChecked,
  last: KnownNode | undefined,
  file: OptionFile,
): Promise<void> {
  const host = openHost(wanted.connection.host);
  const server = { host, name: nameOf(wanted.connection) };
  const left = await restoreFiles(server, wanted, last, file);
  progress(`${server.name}: starting the server`);
  try {
    await host.startService();
  } catch (error) {
    if (!left || !(await isDown(error, wanted.connection))) throw error;
    await startAsWanted(server, file, left, error as Error);
  }
}

type OnHost = Pick<Server, "host" | "name">;

/** A node's option file that is not the wanted one. */
interface Left {
  /** Undefined: there is none. */
  readonly found: HostFile | undefined;
  /** Why the wanted one must not take its place while the server is down. Undefined: it may. */
  readonly because: string | undefined;
  /** Puts back the certificates that an option file names. */
  readonly restoreNamed: (text: string) => Promise<void>;
}

/** @returns what is left to be changed while the server runs. Undefined: nothing, or nobody knows whose server it is. */
async function restoreFiles(
  server: OnHost,
  wanted: MariaDbNodeChecked,
  last: KnownNode | undefined,
  file: OptionFile,
): Promise<Left | undefined> {
  const { host, name } = server;
  const { lines, problems } = await readOptions(host, { path: file.path });
  refuseProblems(name, problems);
  if (!last || machineOf(last.connection.host) !== machineOf(wanted.connection.host)) return undefined;
  if (last.identity === undefined || !(await isInData(host, last.identity))) return undefined;
  const found = await host.readFile(file.path);
  const isWhole = found !== undefined && (await otherAccess(host, found, file)) === undefined;
  const others = lines.filter((line) => line.file !== file.path && placesLog(line));
  // While it was not ours that counted, another file may have said where the log is.
  const isLogKept =
    saysSameOfLog(found, file) && (others.length === 0 || (isWhole && optionsIn(found.text).some(placesLog)));
  const isToBeWritten =
    !(isWhole && found.text === file.text) && isLogKept && isDeepStrictEqual(wanted.settings, last.settings);
  if (isToBeWritten) {
    progress(`${name}: writing ${file.path}, which is not as it was left, before the server starts`);
    await host.writeFile(file.path, file.text, file);
  }
  const restoreNamed = async (text: string) => {
    const { certificate } = tlsFiles(host.tlsFolder);
    const known = [last.tls, wanted.tls].filter((tls) => tls !== undefined);
    if (optionsIn(text).some(({ option, value }) => option === "ssl_cert" && value === certificate))
      await restoreCertificates(server, known);
  };
  await restoreNamed(isToBeWritten ? file.text : (found?.text ?? ""));
  if (isToBeWritten || found?.text === file.text) return undefined;
  const because = isLogKept
    ? (last.tls === undefined) === (wanted.tls === undefined)
      ? undefined
      : 'it also says otherwise of "tls", which only a running server can be given or lose'
    : "with it the server would begin another binary log";
  return { found, because, restoreNamed };
}

/** True where a start failed, and not the way to the machine: there is no server that one could ask. */
const isDown = async (error: unknown, connection: Connection): Promise<boolean> =>
  !(error instanceof HostUnreachable || error instanceof NotRecorded || error instanceof SuperuserRefused) &&
  (await openServer(connection).then(
    async (server) => {
      await server[Symbol.asyncDispose]();
      return false;
    },
    (refused: unknown) => refused instanceof ConnectionError && refused.problem === "stopped",
  ));

/** What was in its way may have been taken out of the program meanwhile. */
async function startAsWanted({ host, name }: OnHost, file: OptionFile, left: Left, failed: Error): Promise<void> {
  const { found, because, restoreNamed } = left;
  if (because)
    throw new Error(
      `${failed.message}\nThe option file that the program wants was not tried instead, because ${because}. Run \`pulumi up\` with the other settings first.`,
    );
  progress(
    `${name}: does not start with the option file that it has (${failed.message}); writing the one that is wanted now to ${file.path}, and starting it with that`,
  );
  await host.writeFile(file.path, file.text, file);
  try {
    await restoreNamed(file.text);
    await host.startService();
  } catch (error) {
    if (error instanceof NotRecorded) throw error;
    await putBack({ host }, file.path, found);
    throw new Error(
      `${name} starts neither with the option file that it had nor with the one that is wanted. With the former: ${failed.message}\n` +
        `With the wanted one: ${(error as Error).message}\nThe former one was put back.`,
    );
  }
}

/** True where our file takes the server to no other binary log than its last one, whose numbers its peer knows. */
function saysSameOfLog(found: HostFile | undefined, file: OptionFile): boolean {
  const [there = [], meant = []] = [found?.text ?? "", file.text].map((text) =>
    optionsIn(text)
      .filter(placesLog)
      .map(({ option, value }) => [option, value]),
  );
  return there.length === 0 || isDeepStrictEqual(there, meant);
}

const optionsIn = (text: string): OptionLine[] =>
  parseOptionFile("", text).flatMap((item) => ("option" in item ? [item] : []));
