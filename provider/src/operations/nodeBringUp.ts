import { isDeepStrictEqual } from "node:util";
import { openHost, waitForStart } from "../hosts";
import type { Connection, MariaDbNodeComputed } from "../inputs";
import { openAsAdminStarted, ownAccounts, repairOwnAccounts } from "../mariadb/admin";
import { forgetSettings, notedSettings, noteSettings } from "../mariadb/notedSettings";
import { openServer } from "../mariadb/open";
import { clearOverrides, type ForeignLines, type OurFile } from "../mariadb/optionFiles";
import { dropFormerAccounts, takenNames } from "../mariadb/ownAccounts";
import { refuseSettings } from "../mariadb/refusedSettings";
import { declare, ensureIdentity, refuseOthers } from "../mariadb/register";
import { installSemiSync } from "../mariadb/semiSync";
import type { Server } from "../mariadb/server";
import { runningSettings } from "../mariadb/settings";
import { removeCertificates } from "../mariadb/tls";
import { bringCertificatesIntoEffect, renewIfUsed } from "../mariadb/tlsEffect";
import { unknownLines } from "../mariadb/unknownLines";
import { refuseUnlessBothFit, refuseUnlessPeerReady } from "../pair/bothFit";
import { refuseToGoWithoutTls, writeCertificates } from "../pair/certificates";
import { type History, markOf, refuseExchanged } from "../pair/history";
import { refuseOneServer, refuseStranger } from "../pair/identity";
import { gettingReady, inTurn } from "../pair/lock";
import { concerned, isLinkedByOwnWord } from "../pair/look";
import { refuseUnlessRestartable } from "../pair/restartable";
import { closeIfNew, isBeingSeeded, openPeerForSeeding, seedFromPeer } from "../pair/seeding";
import { applySettings, neededStop, putBackRunning } from "../pair/settingsChange";
import { accountObject, type Declaration, optionFile } from "../recipe/claims";
import { haveCertificate, type NotedSettings, type Settings } from "../recipe/settings/ofNode";
import { type OptionFile, startNode } from "./nodeBeforeStart";
import { computed, type KnownNode, type MariaDbNodeChecked, passwordsToTell, streamOf } from "./nodeFacts";
import { settleHistory } from "./nodeHistory";

/** Makes a node what is wanted of it, whatever it is: new, taken over, changed, lost. */

/**
 * @param last undefined: the state does not know it yet
 * @param begun is called once something exists that a later `destroy` must find
 */
export async function bringUp(
  wanted: MariaDbNodeChecked,
  last: KnownNode | undefined,
  begun: () => void,
  declaration: Declaration,
): Promise<Omit<MariaDbNodeComputed, "claim">> {
  const host = openHost(wanted.connection.host);
  const settings = wanted.settings as Settings;
  const getReady = async () => {
    await host.prepare();
    if (wanted.peer) await waitForStart(wanted.peer.host);
    const path = await host.settingsFile();
    const file = { path, text: wanted.configText, mode: Number.parseInt(wanted.configMode, 8) };
    return { file, ...(await settle(wanted, last, begun, { file, declaration })) };
  };
  const { file, history, identity, former, stop, ...settled } = await gettingReady(wanted.connection, getReady);
  if (stop?.isLinked) await refuseUnlessPeerReady(wanted.peer, stop.why);
  else if (stop) await refuseUnlessBothFit(wanted.connection, wanted.peer, stop.why);
  const isLost = history?.word === "lost";
  const { foreign, certificatesChanged, servers } = await prepareFiles(wanted, last, file, {
    isLost,
    former,
    seen: settled.foreign,
  });
  return inTurn(servers, async () => {
    {
      await using server = await openServer(wanted.connection);
      const peer = (await isBeingSeeded(server)) ? undefined : wanted.peer;
      await applySettings({ server, peer, former, wanted: settings, file });
    }
    // Another session: the server may have restarted.
    await using server = await openServer(wanted.connection);
    if (wanted.peer && (await isBeingSeeded(server))) {
      await using peer = await openPeerForSeeding(server.name, wanted.peer);
      await seedFromPeer(server, peer, streamOf(wanted));
      // It got back what it ran with before it was closed.
      await applySettings({ server, peer: wanted.peer, former, wanted: settings, file });
    }
    if (wanted.tls) await bringCertificatesIntoEffect(server, wanted.tls, certificatesChanged);
    else if (haveCertificate(former)) await removeCertificates(host);
    await forgetSettings(server, settings);
    await repairOwnAccounts(server);
    await dropFormerAccounts(server, declaration, last?.connection);
    const historyMark = (await markOf(history, server)) ?? last?.historyMark;
    const running = await runningSettings(server, settings);
    const passwords = await passwordsToTell(server, wanted);
    const problems = await unknownLines(server, foreign.others);
    return {
      ...computed(server, { configFile: file.path, running, foreign, problems, passwords }, wanted),
      historyMark,
      identity,
    };
  });
}

/**
 * Starts the server with its admin account, and makes sure that it is the one that is meant, and of its history: one that is lost is closed, one
 * that can't be told is refused. Notes what it is to be given, and answers what it was given before.
 */
async function settle(
  wanted: MariaDbNodeChecked,
  last: KnownNode | undefined,
  begun: () => void,
  { file, declaration }: { file: OptionFile; declaration: Declaration },
): Promise<Settled> {
  const objects = [optionFile(file.path), ...ownAccounts(wanted.connection).map(accountObject)];
  const refuse = async (server: Server) => {
    if (last) await refuseStranger(server, { ...last, settings: wanted.settings });
    await refuseOneServer(server, wanted.peer);
    await refuseExchanged(server, wanted.peer, streamOf(wanted).domain);
    await refuseOthers(server, objects, declaration);
    for (const { property, reason } of await takenNames(server, last?.connection))
      throw new Error(`${property}: ${reason}. Nothing was changed.`);
  };
  if (last) await closeIfNew(wanted.connection, wanted.peer, wanted.databases);
  await using server = await openAsAdminStarted(wanted.connection, refuse, () => startNode(wanted, last, file));
  begun();
  const identity = await ensureIdentity(server, last?.identity);
  await declare(server, objects, declaration);
  await installSemiSync(server);
  await refuseSettings(server, wanted.settings as Settings);
  const history = await settleHistory(server, wanted.peer, streamOf(wanted), last?.historyMark);
  if (history?.refusal) throw new Error(history.refusal);
  const former = [...Object.entries((last?.settings ?? {}) as Settings), ...(await notedSettings(server))];
  await noteSettings(server, wanted.settings as Settings);
  if (history?.word === "lost") return { history, identity, former, stop: undefined };
  const settings = wanted.settings as Settings;
  if (!(await isBeingSeeded(server)))
    await putBackRunning(server, former, settings, () => concerned(server, wanted.peer, last === undefined));
  const stop = await neededStop(server, former, settings);
  const foreign = stop?.isRestart ? await refuseUnlessRestartable(server, file, wanted.tls, stop.why) : undefined;
  return {
    history,
    identity,
    former,
    foreign,
    stop: stop && { why: stop.why, isLinked: await isLinkedByOwnWord(server) },
  };
}

interface Settled {
  readonly history: History | undefined;
  readonly identity: string;
  /** What the server was given before. */
  readonly former: NotedSettings;
  /** What other option files say, where that was looked at. */
  readonly foreign?: ForeignLines | undefined;
  /** Why something of it has to stop, and whether a link is on it. Undefined: nothing has to, or it has nothing that could be missed. */
  readonly stop: { readonly why: string; readonly isLinked: boolean } | undefined;
}

interface Prepared {
  readonly foreign: ForeignLines;
  /** True: the server has not taken them up yet. */
  readonly certificatesChanged: boolean;
  /** Those that the rest of the change concerns. */
  readonly servers: readonly Connection[];
}

/** Files beside the node's own option file, and renewed certificates: what other changes may wait for. */
async function prepareFiles(
  { connection, peer, tls }: MariaDbNodeChecked,
  last: MariaDbNodeChecked | undefined,
  file: OurFile,
  { isLost, former, seen }: { isLost: boolean; former: NotedSettings; seen: ForeignLines | undefined },
): Promise<Prepared> {
  await using server = await openServer(connection);
  if (!tls) await refuseToGoWithoutTls(server, isLost ? undefined : peer, former);
  const foreign = seen ?? (await clearOverrides(server, file));
  // A lost node is filled from its peer.
  const servers = await concerned(server, peer, last === undefined && !isLost);
  if (!tls) return { foreign, certificatesChanged: false, servers };
  const { isWritten, former: texts } = await writeCertificates(server, peer, tls);
  // Also where a run that was cut off has written them already.
  const certificatesChanged = isWritten || !isDeepStrictEqual(last?.tls, tls);
  const isRenewed = certificatesChanged && (await renewIfUsed(server, tls, texts));
  return { foreign, certificatesChanged: certificatesChanged && !isRenewed, servers };
}
