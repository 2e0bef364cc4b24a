import * as data from "../hosts/local/data";
import * as files from "../hosts/local/files";
import * as server from "../hosts/local/server";
import type { LocalMariaDbDerived, LocalMariaDbInputs } from "../inputs";
import type { LocalServerState } from "../recipe/words";
import { progress } from "../run";
import { noteBroughtBack } from "./broughtBack";
import { define } from "./define";
import { derived, given } from "./inputs/LocalMariaDb";

/** What is wanted of a private server, as previews show it. */
export interface LocalMariaDbChecked extends LocalMariaDbInputs, LocalMariaDbDerived {}

export const LocalMariaDb = define<LocalMariaDbInputs, LocalMariaDbChecked, object>({
  properties: given.shape,
  derived: {
    needs: ["directory", "port"],
    properties: derived.shape,
    from: ({ directory }) => ({
      host: { kind: "local", directory },
      address: "127.0.0.1",
      socket: files.paths(directory).socket,
      state: "running",
    }),
  },
  id: ({ directory }) => directory,

  async create(place, begun) {
    progress(`starting a MariaDB server in ${place.directory}, port ${place.port}`);
    await server.refusePortInUse(place);
    await data.initialise(place);
    begun();
    await server.start(place.directory);
    noteBroughtBack({ kind: "local", directory: place.directory });
    return {};
  },

  async observe(last) {
    return { inputs: { state: await stateOf(last) }, computed: {} };
  },

  async update(last, wanted) {
    if (last.port !== wanted.port) {
      throw new Error(
        `the port of the server in ${wanted.directory} can't be changed from ${last.port} to ${wanted.port}: its peer and the proxies ` +
          'know it. Nothing was touched. Put the former port back, or give the server another "directory", which makes a new, empty one.',
      );
    }
    await data.initialise(wanted);
    progress(`starting the MariaDB server in ${wanted.directory}, port ${wanted.port}`);
    await server.start(wanted.directory);
    return {};
  },

  remove: ({ directory }) => data.remove(directory),
});

async function stateOf(place: LocalMariaDbInputs): Promise<LocalServerState> {
  if (!(await files.exists(place.directory))) return "no data";
  if (!(await files.baseFileIsOurs(place))) return "foreign my.cnf";
  return (await server.findProcess(place.directory)) ? "running" : "stopped";
}
