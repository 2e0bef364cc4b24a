import { openHost } from "../hosts";
import type { Connection } from "../inputs";
import { openToRemove } from "../mariadb/admin";
import { nameOf } from "../mariadb/connection";
import { openServer } from "../mariadb/open";
import type { Server } from "../mariadb/server";
import { whyNotReady } from "./lock";
import { refuseWithoutRoom } from "./room";

/**
 * Before anything of a pair is stopped, both of its machines and servers are looked at: what keeps the one from getting its part must not be found
 * out after the other had its own.
 */

/** Refuses a stop while one of the two can't be reached, or is not where it is said to be, or has no room. @param why such as "db1 has to restart for log_bin" */
export async function refuseUnlessBothFit(
  connection: Connection,
  peer: Connection | undefined,
  why: string,
): Promise<void> {
  {
    await using server = await openServer(connection);
    await refuseElsewhere(server, why);
  }
  if (!peer) return;
  await using other = await openPeer(peer, why);
  await refuseElsewhere(other, why);
  await refuseWithoutRoom(other, { why, restarts: false });
}

/** Refuses a stop while this run can't get the peer ready for its part, or has it restarted in vain. The planned stop itself looks at the pair. */
export async function refuseUnlessPeerReady(peer: Connection | undefined, why: string): Promise<void> {
  const failure = peer && (await whyNotReady(peer));
  if (failure)
    throw new Error(`${why}, but ${nameOf(peer)} is not ready for its part (${failure}), so nothing was stopped.`);
}

/** A session on the peer, once this run has got it ready, if it is about to. */
async function openPeer(peer: Connection, why: string): Promise<Server> {
  const refuse = (reason: string): never => {
    throw new Error(
      `${why}, but its peer can't be looked at (${reason}), so nothing was stopped. Repair that, or correct how ${nameOf(peer)} is reached, and run ` +
        "`pulumi up` again.",
    );
  };
  const failure = await whyNotReady(peer);
  if (failure) refuse(failure);
  try {
    await openHost(peer.host).reach();
    return await openToRemove(peer);
  } catch (error) {
    return refuse((error as Error).message);
  }
}

/** A server that its peer will not find where the program says would be restarted in vain. */
async function refuseElsewhere(server: Server, why: string): Promise<void> {
  const { name, connection } = server;
  const row = await server.row("SELECT @@GLOBAL.port AS port, @@GLOBAL.skip_networking AS closed");
  if (Number(row?.["closed"]) === 1) {
    throw new Error(
      `${why}, but ${name} takes no connections over the network (skip_networking), so nothing was stopped. Take that out of the option file that says so, ` +
        "restart the server by hand, and run `pulumi up` again.",
    );
  }
  if (Number(row?.["port"]) === connection.port) return;
  throw new Error(
    `${why}, but ${name} listens on port ${row?.["port"]} and not on ${connection.port}, as the program says, so nothing was stopped. Give the node that "port".`,
  );
}
