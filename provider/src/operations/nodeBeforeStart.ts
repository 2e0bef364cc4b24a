import { isDeepStrictEqual } from "node:util";
import { openHost } from "../hosts";
import { otherAccess } from "../hosts/access";
import { machineOf } from "../hosts/defaults";
import type { HostFile } from "../hosts/Host";
import { nameOf } from "../mariadb/connection";
import { readOptions, refuseProblems } from "../mariadb/optionFiles";
import { isInData } from "../mariadb/register";
import { restoreCertificates } from "../mariadb/tls";
import { placesLog } from "../recipe/settings/foreignLines";
import { type OptionLine, parseOptionFile } from "../recipe/settings/optionFile";
import { tlsFiles } from "../recipe/tls";
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
 * Puts back what is gone or changed of a node's files, before its server is started. Only where the data there are those of the node that the
 * state knows, and only what a run has written there before: what is new is for the change that follows, which asks the running server.
 */
export async function restoreFiles(
  wanted: MariaDbNodeChecked,
  last: KnownNode | undefined,
  file: OptionFile,
): Promise<void> {
  const host = openHost(wanted.connection.host);
  const server = { host, name: nameOf(wanted.connection) };
  const { lines, problems } = await readOptions(host, { path: file.path });
  refuseProblems(server.name, problems);
  if (!last || machineOf(last.connection.host) !== machineOf(wanted.connection.host)) return;
  if (last.identity === undefined || !(await isInData(host, last.identity))) return;
  const found = await host.readFile(file.path);
  const isWhole = found !== undefined && (await otherAccess(host, found, file)) === undefined;
  const others = lines.filter((line) => line.file !== file.path && placesLog(line));
  // While it was not ours that counted, another file may have said where the log is.
  const isLogKept =
    saysSameOfLog(found, file) && (others.length === 0 || (isWhole && optionsIn(found.text).some(placesLog)));
  const isToBeWritten =
    !(isWhole && found.text === file.text) && isLogKept && isDeepStrictEqual(wanted.settings, last.settings);
  if (isToBeWritten) {
    progress(`${server.name}: writing ${file.path}, which is not as it was left, before the server starts`);
    await host.writeFile(file.path, file.text, file);
  }
  const { certificate } = tlsFiles(host.tlsFolder);
  const text = isToBeWritten ? file.text : (found?.text ?? "");
  if (optionsIn(text).some(({ option, value }) => option === "ssl_cert" && value === certificate))
    await restoreCertificates(
      server,
      [last.tls, wanted.tls].filter((tls) => tls !== undefined),
    );
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
