import { existsSync } from "node:fs";
import { realpath } from "node:fs/promises";
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { openHost } from "../hosts";
import * as claims from "../hosts/local/claims";
import * as data from "../hosts/local/data";
import * as files from "../hosts/local/files";
import * as server from "../hosts/local/server";
import type { LocalHostInputs, LocalMariaDbComputed, LocalMariaDbDerived, LocalMariaDbInputs } from "../inputs";
import { readOptions } from "../mariadb/optionFiles";
import {
  type Declaration,
  describeEntries,
  describeOwner,
  type Entry,
  entryOf,
  judge,
  release,
  unique,
} from "../recipe/claims";
import { OWN_DATABASES } from "../recipe/names";
import type { LocalServerState } from "../recipe/words";
import { progress } from "../run";
import { noteBroughtBack } from "./broughtBack";
import { define } from "./define";
import { derived, given } from "./inputs/LocalMariaDb";

/** What is wanted of a private server, as previews show it. */
export interface LocalMariaDbChecked extends LocalMariaDbInputs, LocalMariaDbDerived {}

export const LocalMariaDb = define<LocalMariaDbInputs, LocalMariaDbChecked, LocalMariaDbComputed>({
  properties: given.shape,
  rules: [
    {
      needs: ["directory"],
      broken: async ({ directory }, last) => {
        const former = last.directory;
        if (former === undefined || former === directory || (await whole(former)) !== (await whole(directory)))
          return [];
        return [
          {
            property: "directory",
            reason: `is "${former}" in another spelling, under which its server runs: write it as before`,
          },
        ];
      },
    },
  ],
  derived: {
    needs: ["directory", "port"],
    properties: derived.shape,
    from: (place) => ({
      host: hostOf(place),
      address: "127.0.0.1",
      socket: files.paths(place.directory).socket,
      state: "running",
    }),
  },
  id: ({ directory }) => directory,
  isOther: (last, wanted) => last.directory !== wanted.directory,
  belongings: { at: "directory", claims: ({ directory }) => claims.read(directory) },

  async create(place, begun, declaration) {
    await refuseOthers(place, declaration);
    progress(`making sure that a MariaDB server runs in ${place.directory}, port ${place.port}`);
    await server.refusePortInUse(place);
    await data.initialise(place);
    begun();
    await declare(place, declaration);
    await openHost(hostOf(place)).startService();
    noteBroughtBack(hostOf(place));
    return {};
  },

  async observe(last) {
    const isClaimed = (await claims.read(last.directory)).some(({ token }) => token === last.claim?.token);
    return { inputs: { state: await stateOf(last) }, computed: { claim: isClaimed ? last.claim : undefined } };
  },

  async update(last, wanted, declaration) {
    if (last.port !== wanted.port && (await server.findProcess(wanted.directory)) !== undefined) {
      throw new Error(
        `the port of the server in ${wanted.directory} can't be changed from ${last.port} to ${wanted.port} while it runs: its peer and the proxies ` +
          "know it. Nothing was touched. Put the former port back, or stop this server " +
          `(mariadb-admin --socket=${files.paths(wanted.directory).socket} shutdown) and run \`pulumi up\` again: it starts with the other port, and its peer is told.`,
      );
    }
    await refuseOthers(wanted, declaration);
    if (last.port !== wanted.port) await server.refusePortInUse(wanted);
    await data.initialise(wanted);
    await declare(wanted, declaration);
    if (last.state !== RUNNING) progress(`starting the MariaDB server in ${wanted.directory}, port ${wanted.port}`);
    await startUnlessLacking(wanted);
    return {};
  },

  async remove({ directory, claim, forceDestroy }) {
    const entries = await claims.read(directory);
    const { free, kept } = release(entries, claim?.token ?? "");
    if (kept.length > 0)
      progress(`${directory}: stays, because it is declared elsewhere too: ${describeEntries(kept)}`);
    if (free.length === 0) {
      const others = entries.filter(({ token }) => token !== claim?.token);
      if (others.length < entries.length) await claims.write(directory, others);
      else if (await files.exists(directory)) progress(leftAsItIs(directory, others));
      return;
    }
    if (!forceDestroy) await data.refuseToRemoveTables(directory);
    await data.remove(directory);
  },
});

/** Starts the server. One of a node that lacks what was written for it, or does not start, is left to the node, which puts that back first. */
async function startUnlessLacking(place: LocalMariaDbInputs): Promise<void> {
  const { directory } = place;
  const isNode = existsSync(path.join(files.paths(directory).data, OWN_DATABASES.register));
  try {
    if (!isNode || (await server.findProcess(directory)) !== undefined || (await hasNodesOptions(place)))
      return await openHost(hostOf(place)).startService();
  } catch (error) {
    if (!isNode) throw error;
    progress((error as Error).message);
  }
  progress(`${directory}: the server is left to its MariaDbNode, which looks at its files before it starts it`);
  noteBroughtBack(hostOf(place));
}

/** Without the node's settings, the server would run with others than its peer counts on. */
async function hasNodesOptions(place: LocalMariaDbInputs): Promise<boolean> {
  const host = openHost(hostOf(place));
  const ours = await host.settingsFile();
  const { lines, problems } = await readOptions(host);
  return problems.length === 0 && lines.some(({ file }) => file === ours);
}

/** Without its claim nothing proves that the directory is not somebody else's by now. */
function leftAsItIs(directory: string, others: readonly Entry[]): string {
  const left = `${directory}: left as it is, with its server, because`;
  if (others.length > 0) return `${left} it is declared by ${unique(others.map(describeOwner)).join(", ")} now`;
  return `${left} nothing there proves that this resource was the last to declare it. Where nothing else declares it, remove it by hand when it is no longer needed`;
}

/** Puts the claim into the directory, and takes those away that it puts an end to. Writes nothing where all is as it has to be. */
async function declare({ directory }: LocalMariaDbInputs, declaration: Declaration): Promise<void> {
  const entries = await claims.read(directory);
  const { outdated } = judge(entries, declaration, directory);
  const mine = entryOf(SERVER, declaration);
  if (outdated.length === 0 && entries.some((entry) => isDeepStrictEqual(entry, mine))) return;
  const others = entries.filter((entry) => entry.token !== mine.token && !outdated.includes(entry));
  await claims.write(directory, [...others, mine]);
}

async function refuseOthers({ directory }: LocalMariaDbInputs, declaration: Declaration): Promise<void> {
  const { refusal } = judge(await claims.read(directory), declaration, directory);
  if (refusal) throw new Error(refusal);
}

const hostOf = ({ directory }: LocalMariaDbInputs): LocalHostInputs => ({ kind: "local", directory });

const SERVER = "the server";
const RUNNING = "running";

/** The directory without links, so far as it is there. */
const whole = (directory: string): Promise<string> => realpath(directory).catch(() => path.resolve(directory));

async function stateOf(place: LocalMariaDbInputs): Promise<LocalServerState> {
  if (!(await files.exists(place.directory))) return "no data";
  if (!(await files.baseFileIsOurs(place))) return "foreign my.cnf";
  return (await server.findProcess(place.directory)) ? "running" : "stopped";
}
