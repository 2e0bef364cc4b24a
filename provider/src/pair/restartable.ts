import { unwritten } from "../hosts/unwritten";
import type { NodeTls } from "../inputs";
import { clearOverrides, type ForeignLines } from "../mariadb/optionFiles";
import { namedReplicas } from "../mariadb/replication";
import type { Server } from "../mariadb/server";
import { startProblems, withPlace } from "../mariadb/startProblems";
import { tryToWriteCertificates } from "../mariadb/tls";
import type { OptionFile } from "./settingsChange";

/**
 * Refuses a restart that can be known to fail: where the node's files can't be written, its service can't be stopped or started, or its server has
 * something against its option files. Its peer waits for that before anything of its own is stopped.
 * @param why such as "db1 has to restart for log_bin"
 * @returns what other option files say
 */
export async function refuseUnlessRestartable(
  server: Server,
  file: OptionFile,
  tls: NodeTls | undefined,
  why: string,
): Promise<ForeignLines> {
  const { host, name } = server;
  const refuse = (reason: string): never => {
    throw new Error(`${why}, but ${reason.replace(/\.$/, "")}. Nothing was stopped.`);
  };
  const foreign = await clearOverrides(server, file);
  const named = await namedReplicas(server);
  if (named.length > 0 && (await isNamedOtherwise(server, file)))
    refuse(
      `${name} also replicates under the name ${named.map((one) => `"${one.name}"`).join(", ")}, whose relay log the server would not find under its new names: ` +
        "no server starts like that. Look at what it is for (SHOW ALL SLAVES STATUS); if it is not needed, RESET SLAVE with that name and ALL",
    );
  const orRefuse = (where: string) => (error: Error) => refuse(unwritten(name, where, error));
  await host.tryToWrite(file.path, file.text, file).catch(orRefuse(file.path));
  if (tls) await tryToWriteCertificates(host, tls).catch(orRefuse(host.tlsFolder));
  await host.mayRestart().catch(({ message }: Error) => refuse(message));
  const problems = await startProblems(server, (await host.readFile(file.path))?.text);
  if (problems.length > 0)
    refuse(
      `${name} would not start with its option files: ${problems.map((problem) => withPlace(problem, foreign.others)).join("; ")}. Correct these files, and run \`pulumi up\` again`,
    );
  return foreign;
}

/** True where the restart gives the relay logs other names. */
async function isNamedOtherwise(server: Server, { text }: OptionFile): Promise<boolean> {
  const base = /^log_basename=(.*)$/m.exec(text)?.[1];
  const row = await server.row("SELECT @@relay_log AS relay");
  return base !== undefined && !String(row?.["relay"] ?? "").includes(base);
}
