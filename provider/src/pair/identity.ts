import { randomUUID } from "node:crypto";
import type { Connection, HistoryMark } from "../inputs";
import { openToRemove } from "../mariadb/admin";
import { nameOf } from "../mariadb/connection";
import { askIfThere } from "../mariadb/open";
import { anotherServer, identityOf } from "../mariadb/register";
import { appliedPosition, ownDomain, writtenPosition } from "../mariadb/replication";
import type { Server } from "../mariadb/server";
import { hasSessions, isBeingSeeded } from "./seeding";

/** Whether the server in a node's place is the one that the state knows. */

/** What a state knows of its server. */
export interface KnownServer {
  readonly identity?: string | undefined;
  readonly peer?: Connection | undefined;
  readonly databases: readonly string[];
  /** Those that it has to have, or had when it was last seen. */
  readonly settings: object;
  readonly historyMark?: HistoryMark | undefined;
}

/**
 * Why a server is not the one that is known. Undefined: it is; or it has no sessions, and its peer says whether it lost some; or nothing is
 * known of it.
 */
export async function strangeness(server: Server, known: KnownServer): Promise<string | undefined> {
  if (known.identity === undefined) return undefined;
  const found = await identityOf(server);
  if (found === known.identity) return undefined;
  if ((await isBeingSeeded(server)) || !(await hasSessions(server, known.databases))) return undefined;
  if (found !== undefined) return anotherServer(server.name, known.identity, found);
  const difference = await differenceWithoutIdentity(server, known);
  return (
    difference &&
    `whether the server that answers as ${server.name} is the same as before can't be told: it holds sessions, the identity that was in its data is gone ` +
      `(session_store_register.identity), and ${difference}. Nothing was changed. If it is the right one, run \`pulumi up --replace\` for the resources of ` +
      "this node, which takes it over as it is"
  );
}

/** Refuses a server that is not the one that is known. */
export async function refuseStranger(server: Server, known: KnownServer): Promise<void> {
  const refusal = await strangeness(server, known);
  if (refusal) throw new Error(refusal);
}

/** What speaks against a server whose identity is gone: its numbers, and what it has of both streams. */
async function differenceWithoutIdentity(server: Server, known: KnownServer): Promise<string | undefined> {
  const settings = known.settings as Record<string, unknown>;
  for (const option of ["server_id", "gtid_domain_id"]) {
    const [found, wanted] = [await server.value("SELECT @@GLOBAL.??", [option]), settings[option]];
    if (wanted !== undefined && found !== String(wanted)) return `it has ${option} ${found} instead of ${wanted}`;
  }
  if (!known.peer) return undefined;
  // Also where the peer's admin account is gone too, and is about to be made.
  const ask = async (peer: Server) => {
    const domain = await ownDomain(peer);
    return { domain, written: (await writtenPosition(peer)).get(domain)?.sequence ?? 0n };
  };
  const ofPeer = await askIfThere(known.peer, ask, openToRemove);
  if (ofPeer) {
    // What its peer has of it, the look at its history compares.
    const applied = (await appliedPosition(server)).get(ofPeer.domain)?.sequence ?? 0n;
    return applied > ofPeer.written ? "it has applied more of its peer's stream than that has written" : undefined;
  }
  if (!known.historyMark) return "its peer can't be asked";
  const own = (await writtenPosition(server)).get(await ownDomain(server))?.sequence ?? 0n;
  return own < BigInt(known.historyMark.sequence) ? "it has written less than its peer had from it" : undefined;
}

/** Refuses a pair whose nodes are one server by two names. A peer that can't be asked is none, as far as is known. */
export async function refuseOneServer(server: Server, peer: Connection | undefined): Promise<void> {
  const isOne = peer && (await askIfThere(peer, (other) => areOne(server, other), openToRemove));
  if (!isOne) return;
  throw new Error(
    `${server.name} and ${nameOf(peer)} are one server under two names: a pair takes two. Nothing was changed. Correct how one of them is reached`,
  );
}

/** What is locked in the one session is locked in the other. */
async function areOne(one: Server, other: Server): Promise<boolean> {
  const name = randomUUID();
  await one.query("SELECT GET_LOCK(?, 0)", [name]);
  const holder = await other.value("SELECT IS_USED_LOCK(?)", [name]);
  await one.query("SELECT RELEASE_LOCK(?)", [name]);
  return holder !== "";
}
