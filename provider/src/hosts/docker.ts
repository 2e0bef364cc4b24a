import { openStream, run } from "./dockerCommands";
import { DockerContainer } from "./dockerContainer";
import { DockerEngine } from "./dockerEngine";
import { exists, listFiles, putFile, readFile } from "./dockerFiles";
import { layoutOf } from "./dockerLayout";
import { type Greets, log, start, stop, waitUntilSetUp } from "./dockerService";
import { greets } from "./greets";
import type { DockerHostInputs, Host } from "./Host";

/** A container whose main process is the server, on an engine here or elsewhere. */
export function dockerHost({ container: name, engine, configDirectory = "/etc/mysql/conf.d" }: DockerHostInputs): Host {
  const container = new DockerContainer(name, DockerEngine.at(engine));
  const socket = async () => (await layoutOf(container)).socket;
  const open = async () => openStream(container, await socket());
  const up: Greets = () => open().then(greets, () => false);
  return {
    name: `container ${name}`,
    superuser: "root",
    settingsMode: 0o644,
    ownsOptionFiles: false,
    tlsFolder: `${configDirectory}/session-store-tls`,
    prepare: () => waitUntilSetUp(container, up),
    socket,
    settingsFile: async () => `${configDirectory}/99-session-store.cnf`,
    optionFiles: async () => (await layoutOf(container)).optionFiles,
    run: (command, options) => run(container, command, options),
    readFile: (file) => readFile(container, file),
    async writeFile(file, text, access) {
      // Of a container that does not run, nobody reads it meanwhile.
      if (!(await container.state()).isRunning) return putFile(container, file, text, access);
      const unfinished = `${file}.unfinished`;
      await putFile(container, unfinished, text, access);
      await run(container, ["mv", "-f", unfinished, file]);
    },
    async removeFile(file) {
      if ((await container.state()).isRunning) return void (await run(container, ["rm", "-f", file]));
      // The engine takes files out of no container. To the server, an empty one is none.
      const found = await readFile(container, file);
      if (found) await putFile(container, file, "", found);
    },
    listFiles: (folder) => listFiles(container, folder),
    async hasData() {
      const { mounts } = await container.state();
      const folders = new Set(["/var/lib/mysql", ...mounts]);
      const found = await Promise.all(
        [...folders].map((folder) => exists(container, `${folder}/mysql/global_priv.frm`)),
      );
      return found.includes(true);
    },
    startService: () => start(container, up),
    stopService: () => stop(container, up),
    serverLog: (lines) => log(container, lines),
    openStream: open,
  };
}
