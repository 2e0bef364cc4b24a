// @ts-check
/** The table at the end of `npm start`. */
import { table } from "./table.mjs";

/**
 * @typedef {{ name: string, host: string, port: number, socket?: string, version?: string }} Node  as in the output `nodes`, which holds more
 * @typedef {{ direction: string, state: string, seconds?: number }} Link
 * @typedef {{ severity: string, about: string, text: string }} Advice
 * @typedef {{ nodes: Node[], links: Link[], connectString: string, advice: Advice[] }} Outputs
 */

/**
 * @param {Outputs} outputs
 * @returns {Promise<string>}
 */
export async function summary({ nodes, links, connectString, advice }) {
  return [
    await table(
      ["node", "MariaDB", "address"],
      nodes.map(({ name, version, host, port }) => [name, version ?? "?", `${host}:${port}`]),
    ),
    await table(
      ["direction", "state", "a row arrives in"],
      links.map(({ direction, state, seconds }) => [direction, health(state), inSeconds(seconds)]),
    ),
    "",
    ...section("Connect", [
      ...nodes.map(({ name, socket }) => [`to ${name}`, connectCommand(socket)]),
      ["from the proxy", connectString],
    ]),
    ...section("Try next", [
      ["drift something by hand", `${connectCommand(nodes[0]?.socket)} -e "SET GLOBAL max_connections = 77"`],
      ["see it", "npm run --silent pulumi -- preview --diff"],
      ["put it right", "npm run --silent pulumi -- up"],
      ...(advice.length > 0
        ? [[`read the advice (${advice.length})`, "npm run --silent pulumi -- stack output advice"]]
        : []),
      ["take all of it away", "npm run destroy"],
    ]),
  ].join("\n");
}

/**
 * @param {string} title
 * @param {string[][]} lines  purpose, command
 */
const section = (title, lines) => [
  title,
  ...lines.map(([purpose = "", command]) => `  ${purpose.padEnd(24)} ${command}`),
  "",
];

/** @param {string} state */
const health = (state) => (state === "replicating" ? "healthy" : state);

/** @param {number | undefined} seconds */
const inSeconds = (seconds) => (seconds === undefined ? "-" : `${seconds.toFixed(3)} s`);

/** @param {string | undefined} socket */
const connectCommand = (socket) => `mariadb --socket=${quoted(socket ?? "SOCKET")}`;

/** @param {string} text for a shell */
const quoted = (text) => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
