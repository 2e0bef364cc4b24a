import * as path from "node:path";
import { z } from "zod";
import type { LocalHostInputs } from "../hosts/inputs";
import * as data from "../hosts/local/data";
import * as files from "../hosts/local/files";
import * as server from "../hosts/local/server";
import type { LocalServerState } from "../recipe/words";
import { progress } from "../run";
import { define } from "./define";
import { local, port } from "./hostInputs";
import { word } from "./inputs";

/** What a private server on this machine is made of. */
export interface LocalMariaDbInputs {
  /**
   * Directory of this server: its data, option files, socket and log. It is made when it isn't there, and removed with the data in
   * it when the resource is deleted. At most about 90 bytes, because a unix socket's path may have 107.
   * Changing it makes another, empty server.
   */
  directory: string;
  /** TCP port on 127.0.0.1. Can't be changed while the server is kept: the peer and the proxies know it. */
  port: number;
}

/** What follows from the inputs, for the resources that use the server. */
export interface LocalMariaDbChecked extends LocalMariaDbInputs {
  /** Where it runs, for `Connection.host`. */
  host: LocalHostInputs;
  /** Always 127.0.0.1. */
  address: string;
  /** Path of its unix socket. */
  socket: string;
  /** Wanted: `running`. All words are in `recipe/words.ts`. */
  state: LocalServerState;
}

export const LocalMariaDb = define<LocalMariaDbInputs, LocalMariaDbChecked, object>({
  properties: {
    directory: z
      .string()
      .regex(/^\//, "must be an absolute path")
      .refine((directory) => Buffer.byteLength(files.paths(path.normalize(directory)).socket) <= 107, {
        message: "is too long: the unix socket in it may have 107 bytes",
      })
      // biome-ignore lint/suspicious/noControlCharactersInRegex: a line break would end the line of the option file
      .refine((directory) => !/[\u0000-\u001f"'#]/.test(directory), {
        message: "must not have quotes, # or control characters: it stands in an option file",
      }),
    port,
  },
  derived: {
    needs: ["directory", "port"],
    properties: { host: local, address: z.string(), socket: z.string(), state: word("LocalMariaDb.state") },
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
