import { HostUnreachable } from "../hosts/Host";
import type { Server } from "../mariadb/server";
import { isLoopback } from "../recipe/names";
import { tlsFiles } from "../recipe/tls";
import { progress } from "../run";
import { during } from "../waiting";

/** Whether connections get from the one server's machine to the other's server: asked where the replica will ask. */

/** Seconds that a machine may take to answer. */
const PATIENCE = 5;

interface Way {
  /** On its machine it is asked. */
  readonly from: Server;
  readonly to: Server;
  /** True: the server has to prove itself with its certificate. */
  readonly isVerified: boolean;
}

/** Refuses a link whose replica can't reach its source, and says why, for the way back too. @param user account of the replication */
export async function refuseUnreachable(
  replica: Server,
  source: Server,
  user: string,
  isVerified = false,
): Promise<void> {
  const obstacle = await obstacleOn({ from: replica, to: source, isVerified }, user);
  if (!obstacle) return;
  const back = await obstacleOn({ from: source, to: replica, isVerified }, user);
  const both = [obstacle, ...(back ? [back] : [])];
  throw new Error(
    `${both.map(({ sentence }) => sentence).join(" ")} Nothing was changed about the replication of ${replica.name}; ` +
      `${[...new Set(both.map(({ repair }) => repair))].join(" ")} and run \`pulumi up\` again.`,
  );
}

interface Obstacle {
  readonly reason: string;
  /** What to do. */
  readonly repair: string;
}

const NETWORK = "put the network right";

/** What is in the way. */
async function obstacleOn(way: Way, user: string): Promise<(Obstacle & { readonly sentence: string }) | undefined> {
  const { from, to, isVerified } = way;
  const { address, port } = to.connection;
  const target = [`--host=${address}`, `--port=${port}`, `--connect-timeout=${PATIENCE}`, `--user=${user}`];
  // Without a password: a server that refuses that has been reached. It does so after it has proved itself, if it has to.
  const proof = isVerified
    ? [`--ssl-ca=${tlsFiles(from.host.tlsFolder).ca}`, "--ssl-verify-server-cert"]
    : ["--skip-ssl"];
  // Nobody who answers there gets it to load a login method beyond those that MariaDB needs.
  const methods = "--plugin-dir=/dev/null";
  const command = ["mariadb-admin", "--no-defaults", "--protocol=tcp", methods, ...proof, ...target, "ping"];
  const asked = `${from.name} to reach ${to.name} at ${address}:${port}`;
  const answer = await during(`asking ${asked}`, outcome(from, command));
  if (answer === undefined) return undefined;
  const obstacle = await reasonOf(answer, way);
  if (obstacle) {
    return {
      ...obstacle,
      sentence: `${from.name} does not reach ${to.name} at ${address}:${port}: ${obstacle.reason}.`,
    };
  }
  progress(`whether it is possible for ${asked} can't be asked there: ${answer}`);
  return undefined;
}

/** The client's own words for an obstacle; nothing in them: it was not the network. */
async function reasonOf(answer: string, way: Way): Promise<Obstacle | undefined> {
  if (/Unknown (MySQL )?server host/.test(answer))
    return { reason: `no such name is known on the machine of ${way.from.name}`, repair: NETWORK };
  if (/Lost connection .*handshake/.test(answer)) {
    return {
      reason: `a connection is made, but within ${PATIENCE} s nothing comes through it: the server hangs, or something in between swallows the packets`,
      repair: NETWORK,
    };
  }
  if (/TLS\/SSL error|SSL connection error|SSL is required/.test(answer)) {
    return {
      reason: `${way.to.name} does not prove itself there (${answer.replace(/^.*?error: '?/, "")}): its certificate has to name that address, and the "ca" of ${way.from.name} has to be the one that signed it`,
      repair: `give ${way.from.name} the right "tls.ca", or ${way.to.name} another "tls.certificate",`,
    };
  }
  if (!/Can't connect/.test(answer)) return undefined;
  return /\(110\)/.test(answer) ? silence(way) : refusal(way);
}

const silence = ({ to }: Way): Obstacle => ({
  reason:
    `no answer within ${PATIENCE} s. Either a firewall drops the packets, and has to let TCP port ${to.connection.port} through, ` +
    `or the address is not that of ${to.name}`,
  repair: NETWORK,
});

/** MariaDB's client has one error number for all of these. The shell tells them apart. */
async function refusal({ from, to }: Way): Promise<Obstacle> {
  const { address, port } = to.connection;
  const command = [
    "env",
    "LC_ALL=C",
    "timeout",
    `${PATIENCE}`,
    "bash",
    "-c",
    ': <"/dev/tcp/$0/$1"',
    address,
    `${port}`,
  ];
  const answer = (await outcome(from, command)) ?? "";
  if (/No route to host|Network is unreachable/.test(answer))
    return { reason: "there is no route to it from there", repair: NETWORK };
  const { reason, repair } = await listening(to);
  return { reason: `the connection is refused: ${reason}`, repair };
}

/** What a server says of where it listens, as far as that explains a refusal. */
async function listening(server: Server): Promise<Obstacle> {
  const seen = await server.query(
    "SELECT @@GLOBAL.port AS port, @@GLOBAL.bind_address AS address, @@GLOBAL.skip_networking AS closed",
  );
  const { port, address, closed } = seen[0] ?? {};
  const { name, connection } = server;
  const repair = `let ${name} listen there, or give its node the place where it does,`;
  if (Number(closed) === 1)
    return { reason: `${name} takes no connections over the network (skip_networking)`, repair };
  if (Number(port) !== connection.port) return { reason: `${name} listens on port ${port}`, repair };
  if (isLoopback(String(address))) {
    return {
      reason: `${name} listens on ${address} only, where no other machine gets in (bind_address; the node's "bindAddress" sets it)`,
      repair,
    };
  }
  if (!isEvery(String(address)) && !String(address).split(",").includes(connection.address))
    return { reason: `${name} listens on ${address} only (bind_address; the node's "bindAddress" sets it)`, repair };
  return {
    reason: `${name} listens there, so a firewall refuses, or the address is not that of ${name}`,
    repair: NETWORK,
  };
}

/** True of what is every address. `::` is every one of IPv6, from MariaDB 10.11 on. */
const isEvery = (address: string): boolean => ["", "*", "0.0.0.0"].includes(address);

/** What a command failed with. Undefined: it did not. */
async function outcome({ host }: Server, command: readonly string[]): Promise<string | undefined> {
  try {
    await host.run(command, { looks: true });
    return undefined;
  } catch (error) {
    if (error instanceof HostUnreachable) throw error;
    return (error as Error).message.replace(/\s+/g, " ").trim();
  }
}
