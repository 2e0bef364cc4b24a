import * as path from "node:path";
import { Writable } from "node:stream";
import { Result } from "../hosts/outputs";
import type { Server } from "./server";

/** Pieces of a server's log files, as they lie on its machine. SQL tells of an event only what it is, not what is in it. */

/** The relay logs that are still there, the newest first: also where their index is damaged. */
export async function relayLogs(server: Server): Promise<string[]> {
  const { dir, base } = path.posix.parse(await server.value("SELECT @@GLOBAL.relay_log_basename"));
  const names = (await read(server, ["ls", dir])).toString().split("\n");
  const number = (name: string) => Number(name.slice(base.length + 1));
  const logs = names.filter((name) => name.startsWith(`${base}.`) && /^\d+$/.test(name.slice(base.length + 1)));
  return logs.sort((one, other) => number(other) - number(one)).map((name) => path.posix.join(dir, name));
}

/** Path of a file of the binary log. */
export async function binaryLog(server: Server, name: string): Promise<string> {
  return path.posix.join(path.posix.dirname(await server.value("SELECT @@GLOBAL.log_bin_basename")), name);
}

export const headOf = (server: Server, file: string, length: number): Promise<Buffer> =>
  read(server, ["head", "-c", String(length), file], length);

export const tailOf = (server: Server, file: string, length: number): Promise<Buffer> =>
  read(server, ["tail", "-c", String(length), file], length);

/** At least `length` bytes from there on, as far as the file has them. */
export async function pieceOf(server: Server, file: string, begin: number, length: number): Promise<Buffer> {
  const BLOCK = 4096;
  const first = Math.floor(begin / BLOCK);
  const count = Math.ceil((begin + length) / BLOCK) - first;
  const command = ["dd", `if=${file}`, `bs=${BLOCK}`, `skip=${first}`, `count=${count}`];
  const blocks = await read(server, command, count * BLOCK);
  return blocks.subarray(begin - first * BLOCK);
}

/** The server's own user may read its logs, and else only the superuser. */
async function read(server: Server, command: readonly string[], longest?: number): Promise<Buffer> {
  const result = new Result(`${command[0]}`, (error) => output.destroy(error), longest);
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      result.add(chunk);
      done();
    },
  });
  await server.host.run(command, { output, asSuperuser: true, looks: true });
  return result.bytes;
}
