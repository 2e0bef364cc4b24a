import * as path from "node:path";
import { z } from "zod";
import * as files from "../../hosts/local/files";
import { local, port } from "./hosts";
import { adopt, claimed, word } from "./shared";

/** What a private server is given, and what follows from it. */

export const given = z
  .strictObject({
    directory: z
      .string()
      .regex(/^\//, "must be an absolute path")
      .refine((directory) => Buffer.byteLength(files.paths(path.normalize(directory)).socket) <= 107, {
        message: "is too long: the unix socket in it may have 107 bytes",
      })
      // biome-ignore lint/suspicious/noControlCharactersInRegex: a line break would end the line of the option file
      .refine((directory) => !/[\u0000-\u001f"'#]/.test(directory), {
        message: "must not have quotes, # or control characters: it stands in an option file",
      })
      .meta({
        description:
          "Directory of this server: its data, option files, socket and log. It is made when it isn't there, and " +
          "removed with the data in it when the resource is deleted; where tables are in it, only with " +
          "`forceDestroy`. At most about 90 bytes, because a unix socket's path may have 107. Another directory makes " +
          "another, empty server, and then the former one is deleted.",
      }),
    port: port.meta({
      description:
        "TCP port on 127.0.0.1. Can be changed only while the server is stopped: the peer is told in the same `up`, the proxies have to be.",
    }),
    forceDestroy: z
      .boolean()
      .optional()
      .meta({
        description:
          "Deleting the resource removes the server also with tables in it. Without it, the deletion is refused, and " +
          "the server goes on. It counts as the last `up` has left it. A change touches nothing. @default false",
      }),
    adopt,
  })
  .meta({ id: "LocalMariaDbInputs", description: "What a private server on this machine is made of." });

export const derived = z
  .strictObject({
    host: local.meta({ description: "Where it runs, for `Connection.host`." }),
    address: z.string().meta({ description: "Always 127.0.0.1." }),
    socket: z.string().meta({ description: "Path of its unix socket." }),
    state: word("LocalMariaDb.state", "Wanted: `running`."),
  })
  .meta({
    id: "LocalMariaDbDerived",
    description: "What follows from the inputs, for the resources that use the server.",
  });

export const computed = z
  .strictObject({ ...claimed })
  .meta({ id: "LocalMariaDbComputed", description: "What is kept of a private server for the next run." });
