import { isDeepStrictEqual } from "node:util";
import { openHost, waitForStart } from "../hosts";
import { HostUnreachable } from "../hosts/Host";
import type { Connection, MariaDbNodeComputed, MariaDbNodeDerived, MariaDbNodeInputs, NodeTls } from "../inputs";
import { dropAccounts } from "../mariadb/accounts";
import { adminAccounts, openAsAdminStarted, openToRemove } from "../mariadb/admin";
import { nameOf } from "../mariadb/connection";
import { isClosed } from "../mariadb/gate";
import { askIfThere, openServer } from "../mariadb/open";
import { clearOverrides, type ForeignLines, lookAtOptionFiles, type OurFile } from "../mariadb/optionFiles";
import { claimsAt, declare, ensureIdentity, giveUpAll, holds, refuseOthers } from "../mariadb/register";
import { reconnectNow } from "../mariadb/replication";
import { isOtherServer } from "../mariadb/sameServer";
import { installSemiSync } from "../mariadb/semiSync";
import type { Server } from "../mariadb/server";
import { refusedIfThere, refuseSettings, runningSettings } from "../mariadb/settings";
import { bringCertificatesIntoEffect, IN_EFFECT, removeCertificates, renewIfUsed, tlsState } from "../mariadb/tls";
import { refuseToGoWithoutTls, writeCertificates } from "../pair/certificates";
import { exchanged, type History, markOf } from "../pair/history";
import { refuseStranger, strangeness } from "../pair/identity";
import { inTurn, lockServers } from "../pair/lock";
import { concerned } from "../pair/look";
import { closeIfNew, isBeingSeeded, openPeerForSeeding, seedFromPeer } from "../pair/seeding";
import { applySettings } from "../pair/settingsChange";
import { certificateAdvice, fileAdvice, movedLogAdvice, nodeAdvice } from "../recipe/advice";
import { accountObject, accountsAmong, type Declaration, isOptionFile, optionFile, pathIn } from "../recipe/claims";
import { validatePattern, wildDoTables } from "../recipe/filters";
import { databasePatterns, isLoopback, isSameServer } from "../recipe/names";
import {
  type GivenSettings,
  nodeSettings,
  ownDomain,
  pairRefusals,
  type Settings,
  settingRefusals,
  tlsRefusals,
} from "../recipe/settings/ofNode";
import { describeLine, renderOptionFile } from "../recipe/settings/optionFile";
import { daysLeft, tlsFiles, tlsProblems } from "../recipe/tls";
import { WORDS } from "../recipe/words";
import { progress } from "../run";
import { noteBroughtBack } from "./broughtBack";
import { define } from "./define";
import { derived, given } from "./inputs/MariaDbNode";
import { differentServers } from "./inputs/shared";
import { historyToShow, settleHistory, wordOf } from "./nodeHistory";
import { asTrouble, removeUnlessUnreachable, unless } from "./unreachable";

/** What is wanted of a node, as previews show it. */
export interface MariaDbNodeChecked extends MariaDbNodeInputs, MariaDbNodeDerived {
  /** Every setting that is kept, with its running value. */
  readonly settings: Readonly<Record<string, string | string[]>>;
}

type Last = MariaDbNodeChecked & MariaDbNodeComputed;

const RUNNING = WORDS["MariaDbNode.state"].wanted;

export const MariaDbNode = define<MariaDbNodeInputs, MariaDbNodeChecked, MariaDbNodeComputed>({
  properties: given.shape,
  rules: [
    {
      needs: ["connection", "tls"],
      broken: ({ connection, tls }) =>
        (tls ? tlsProblems(tls, connection.address) : []).map(({ property, reason }) => ({
          property: `tls.${property}`,
          reason,
        })),
    },
    differentServers("connection", "peer"),
    {
      needs: ["connection", "peer"],
      broken: ({ connection, peer }, last) => {
        const isExchanged =
          peer &&
          last.connection &&
          last.peer &&
          isSameServer(connection, last.peer) &&
          isSameServer(peer, last.connection);
        return isExchanged ? [{ property: "connection", reason: exchanged(nameOf(connection), nameOf(peer)) }] : [];
      },
    },
    {
      needs: ["databases", "tables"],
      broken: ({ databases, tables }) =>
        tables.flatMap((table, index) => {
          const reason = validatePattern(`${databases[0]}.${table}`);
          return reason ? [{ property: `tables.${index}`, reason }] : [];
        }),
    },
    {
      needs: ["settings"],
      broken: ({ settings, tls }) =>
        [...settingRefusals(settings), ...(tls ? tlsRefusals(settings) : [])].map(atSettings),
    },
    {
      needs: ["connection", "nodeNumber", "profile", "databases", "tables", "settings"],
      broken: async (given, last) => {
        const settings = settingsOf(given);
        // What the server runs with, it need not be asked about.
        const isRunning = isDeepStrictEqual(settings, last.settings);
        const refused = isRunning ? [] : await refusedIfThere(given.connection, settings);
        return [...pairRefusals(settings), ...refused].map(atSettings);
      },
    },
  ],
  derived: {
    needs: ["connection", "nodeNumber", "profile", "databases", "tables", "settings"],
    properties: derived.shape,
    from(given) {
      const settings = settingsOf(given);
      return {
        settings: settings as MariaDbNodeChecked["settings"],
        configText: renderOptionFile(settings),
        configMode: openHost(given.connection.host).settingsMode.toString(8),
        overriddenBy: [],
        state: RUNNING,
        ...(given.tls && { tlsState: IN_EFFECT }),
      };
    },
  },
  id: ({ connection }) => `${connection.address}:${connection.port}`,
  on: ({ connection }) => [connection],

  isOther: (last, wanted) => isOtherServer(last.connection, wanted.connection, last.identity),
  belongings: { at: "connection", claims: ({ connection }) => claimsAt(connection, isOptionFile) },

  create: (wanted, begun, declaration) => bringUp(wanted, undefined, begun, declaration),
  async update(last, wanted, declaration) {
    const seen = await bringUp(wanted, last, () => undefined, declaration);
    if (last.tls && !wanted.tls) await removeCertificates(openHost(wanted.connection.host));
    if (last.state !== RUNNING) noteBroughtBack(wanted.connection.host);
    if (last.state !== RUNNING && wanted.peer) await reconnect(wanted.peer);
    return seen;
  },

  async observe(last) {
    const [files, running] = await Promise.all([
      lookAtOptionFiles(openHost(last.connection.host), last.version).catch(unless(HostUnreachable)),
      lookAtServer(last).catch(asTrouble),
    ]);
    if (files instanceof HostUnreachable) {
      progress(files.message);
      return { inputs: { state: "unreachable" }, computed: last };
    }
    const { path, file, foreign } = files;
    const seen = {
      configText: file?.text ?? "",
      configMode: file ? file.mode.toString(8) : last.configMode,
      overriddenBy: foreign.overriding.map(describeLine),
    };
    if (running instanceof Error) {
      progress(running.message);
      return { inputs: { ...seen, state: running.problem }, computed: last };
    }
    const { server, settings, historyMark, claim, ...states } = running;
    return {
      inputs: { ...seen, settings: settings as MariaDbNodeChecked["settings"], ...states },
      computed: { ...computed(server, path, settings, foreign, last.tls), historyMark, claim, identity: last.identity },
    };
  },

  async remove(last) {
    const name = nameOf(last.connection);
    const remove = async () => {
      await using server = await openToRemove(last.connection);
      await lockServers([server]);
      await giveUpAll(server, last.claim, "the option file and the admin account", async (objects) => {
        const files = objects.filter(isOptionFile);
        for (const file of files) await server.host.removeFile(pathIn(file));
        if (files.length > 0 && last.tls) await removeCertificates(server.host);
        if (files.length > 0)
          progress(`${name}: the option file is removed; the server goes on with its running values until it restarts`);
        await dropAccounts(server, accountsAmong(objects));
      });
    };
    await removeUnlessUnreachable(name, () => inTurn([last.connection], remove));
  },
});

async function lookAtServer(last: Last) {
  await using server = await openServer(last.connection);
  const settings = await runningSettings(server, last.settings as Settings);
  const isShut = await isClosed(server);
  const stranger = isShut ? undefined : await strangeness(server, last);
  const history =
    isShut || stranger ? undefined : await historyToShow(server, last.peer, streamOf(last), last.historyMark);
  const refusal = stranger ?? history?.refusal;
  if (refusal) progress(refusal);
  const claim = last.claim && ((await holds(server, last.claim)) ? last.claim : undefined);
  return {
    server,
    settings,
    claim,
    state: isShut ? ("being seeded" as const) : stranger ? ("another server" as const) : (wordOf(history) ?? RUNNING),
    historyMark: history?.mark ?? last.historyMark,
    ...(last.tls && { tlsState: await tlsState(last.connection, server.host, last.tls) }),
  };
}

async function bringUp(
  wanted: MariaDbNodeChecked,
  last: Last | undefined,
  begun: () => void,
  declaration: Declaration,
): Promise<Omit<MariaDbNodeComputed, "claim">> {
  const host = openHost(wanted.connection.host);
  await host.prepare();
  if (wanted.peer) await waitForStart(wanted.peer.host);
  const [settings, former] = [wanted.settings as Settings, (last?.settings ?? {}) as Settings];
  const path = await host.settingsFile();
  const file = { path, text: wanted.configText, mode: Number.parseInt(wanted.configMode, 8) };
  const { history, identity } = await settle(wanted, last, begun, [path, declaration]);
  const isLost = history?.word === "lost";
  const { foreign, certificatesChanged, servers } = await prepareFiles(wanted, last, file, isLost);
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
    const historyMark = (await markOf(history, server)) ?? last?.historyMark;
    const running = await runningSettings(server, settings);
    return { ...computed(server, path, running, foreign, wanted.tls), historyMark, identity };
  });
}

/**
 * Starts the server with its admin account, and makes sure that it is the one that is meant, and of its history: one that is lost is closed, one
 * that can't be told is refused.
 */
async function settle(
  wanted: MariaDbNodeChecked,
  last: Last | undefined,
  begun: () => void,
  [file, declaration]: readonly [string, Declaration],
): Promise<{ history: History | undefined; identity: string }> {
  const objects = [optionFile(file), ...adminAccounts(wanted.connection).map(accountObject)];
  const refuse = async (server: Server) => {
    if (last) await refuseStranger(server, { ...last, settings: wanted.settings });
    await refuseOthers(server, objects, declaration);
  };
  if (last) await closeIfNew(wanted.connection, wanted.peer, wanted.databases);
  await using server = await openAsAdminStarted(wanted.connection, refuse);
  begun();
  const identity = await ensureIdentity(server, last?.identity);
  await declare(server, objects, declaration);
  await installSemiSync(server);
  await refuseSettings(server, wanted.settings as Settings);
  const history = await settleHistory(server, wanted.peer, streamOf(wanted), last?.historyMark);
  if (history?.refusal) throw new Error(history.refusal);
  return { history, identity };
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
  isLost: boolean,
): Promise<Prepared> {
  await using server = await openServer(connection);
  if (!tls) await refuseToGoWithoutTls(server, isLost ? undefined : peer, (last?.settings ?? {}) as Settings);
  const foreign = await clearOverrides(server, file);
  // A lost node is filled from its peer.
  const servers = await concerned(server, peer, last === undefined && !isLost);
  if (!tls) return { foreign, certificatesChanged: false, servers };
  const isWritten = await writeCertificates(server, peer, tls);
  // Also where a run that was cut off has written them already.
  const certificatesChanged = isWritten || !isDeepStrictEqual(last?.tls, tls);
  const isRenewed = certificatesChanged && (await renewIfUsed(server, tls));
  return { foreign, certificatesChanged: certificatesChanged && !isRenewed, servers };
}

/**
 * The link from a node that was away comes back at once, not at its next try: the node's commits wait for it. The node's own link starts
 * with its server.
 */
async function reconnect(peer: Connection): Promise<void> {
  await inTurn([peer], () => askIfThere(peer, reconnectNow));
}

const streamOf = ({ settings, databases, definers }: MariaDbNodeChecked) => ({
  domain: ownDomain(settings as Settings),
  databases,
  definers,
});

const computed = (
  server: Pick<Server, "name" | "version">,
  configFile: string,
  running: Settings,
  { repeating, moved }: ForeignLines,
  tls: NodeTls | undefined,
): MariaDbNodeComputed => {
  const days = tls && daysLeft(tls);
  return {
    version: server.version.number,
    configFile,
    advice: [
      ...nodeAdvice(server.name, server.version, running),
      ...fileAdvice(server.name, repeating),
      ...movedLogAdvice(server.name, moved),
      ...certificateAdvice(server.name, days),
    ],
    tlsDaysLeft: days,
  };
};

function settingsOf(given: MariaDbNodeInputs): Settings {
  const { address } = given.connection;
  return nodeSettings(given.profile, given.settings as GivenSettings, {
    nodeNumber: given.nodeNumber,
    bindAddress: given.bindAddress ?? (isLoopback(address) ? address : "*"),
    patterns: wildDoTables(databasePatterns(given.profile, given.databases), given.tables),
    tls: given.tls && tlsFiles(openHost(given.connection.host).tlsFolder),
  });
}

const atSettings = ({ option, reason }: { option: string; reason: string }) => ({
  property: `settings.${option}`,
  reason,
});
