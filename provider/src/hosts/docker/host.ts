import { posix as path } from "node:path";
import type { DockerHostInputs } from "../../inputs";
import { DEFAULT_CONFIG_DIRECTORY } from "../defaults";
import { type Host, OPTION_FILE } from "../Host";
import { run } from "./commands";
import { DockerContainer } from "./container";
import { DockerEngine } from "./engine";
import {
  exists,
  openFolder,
  ownerOf,
  readFile,
  readFolder,
  removeFile,
  serverUser,
  tryToWrite,
  writeFile,
} from "./files";
import { layoutOf } from "./layout";
import { type Greets, log, start, stop, waitUntilSetUp } from "./service";
import { openToServer, serverGreets } from "./stream";

/** A container whose main process is the server, on an engine here or elsewhere. */
export function dockerHost(inputs: DockerHostInputs): Host {
  const folder = path.normalize(inputs.configDirectory ?? DEFAULT_CONFIG_DIRECTORY).replace(/\/$/, "");
  const container = new DockerContainer(inputs.container, DockerEngine.at(inputs.engine));
  const up: Greets = () => serverGreets(container);
  return {
    name: `container ${inputs.container}`,
    superuser: "root",
    settingsMode: 0o644,
    ownsOptionFile: () => false,
    tlsFolder: `${folder}/session-store-tls`,
    reach: async () => undefined,
    async prepare() {
      await refuseUnlessKept(container, folder);
      await waitUntilSetUp(container, up);
    },
    socket: async () => (await layoutOf(container)).socket,
    settingsFile: async () => `${folder}/${OPTION_FILE}`,
    startsIn: "/",
    keepsFolders: false,
    serverArguments: [],
    optionReader: () => serverUser(container),
    optionFiles: async () => (await layoutOf(container)).optionFiles,
    run: (command, options) => run(container, command, options),
    readFile: (file) => readFile(container, file),
    writeFile: (file, text, access) => writeFile(container, file, text, access),
    tryToWrite: (file, text, access) => tryToWrite(container, file, text, access),
    openFolder: (directory) => openFolder(container, directory),
    ownerOf: (access) => ownerOf(container, access),
    removeFile: (file) => removeFile(container, file),
    readFolder: (directory, names) => readFolder(container, directory, names),
    dataDirectory: async () => (await layoutOf(container)).dataDirectory,
    async hasData() {
      const { mounts } = await container.state();
      const folders = new Set(["/var/lib/mysql", ...mounts.map(({ directory }) => directory)]);
      const found = await Promise.all([...folders].map((place) => exists(container, `${place}/mysql/global_priv.frm`)));
      return found.includes(true);
    },
    startService: () => start(container, up),
    stopService: () => stop(container, up),
    mayRestart: async () => undefined,
    serverLog: (lines) => log(container, lines),
    openStream: () => openToServer(container),
  };
}

/** Our files would go with the container when it is replaced, and the server would come back with other settings, unlinked. */
async function refuseUnlessKept(container: DockerContainer, folder: string): Promise<void> {
  const { mounts } = await container.state();
  const mount = mounts
    .filter(({ directory }) => `${folder}/`.startsWith(`${directory}/`))
    .sort((one, other) => one.directory.length - other.directory.length)
    .at(-1);
  if (mount?.isWritable) return;
  const seen = mount
    ? `what is mounted on ${mount.directory} can't be written to`
    : `no volume is mounted on ${folder}`;
  throw new Error(
    `container ${container.name}: ${seen}, so the node's settings would be lost when the container is replaced. Nothing was changed. ` +
      `Mount a named volume on ${folder}, or name the directory of another one as "configDirectory".`,
  );
}
