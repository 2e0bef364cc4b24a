import { isDeepStrictEqual } from "node:util";
import { openHost } from "../hosts";
import { otherAccess } from "../hosts/access";
import { HostUnreachable } from "../hosts/Host";
import type { Connection, MariaDbNodeComputed, MariaDbNodeInputs } from "../inputs";
import { dropAccounts } from "../mariadb/accounts";
import { openToRemove, ownAccounts } from "../mariadb/admin";
import { nameOf } from "../mariadb/connection";
import { isClosed } from "../mariadb/gate";
import { notedSettings } from "../mariadb/notedSettings";
import { askIfThere, openViewer } from "../mariadb/open";
import {
  type ForeignLines,
  inTheWay,
  lookAtOptionFiles,
  runningLasting,
  withOtherLasting,
} from "../mariadb/optionFiles";
import { formerAccounts, ownAccountProblems, takenNames } from "../mariadb/ownAccounts";
import { refusedPasswords } from "../mariadb/refusedAccounts";
import { refusedIfThere } from "../mariadb/refusedSettings";
import { claimsAt, giveUpAll, holds } from "../mariadb/register";
import { reconnectNow } from "../mariadb/replication";
import { isOtherServer } from "../mariadb/sameServer";
import { runningSettings } from "../mariadb/settings";
import { leftOverTls, removeCertificates } from "../mariadb/tls";
import { IN_EFFECT, tlsState } from "../mariadb/tlsEffect";
import { unknownLines } from "../mariadb/unknownLines";
import { exchanged } from "../pair/history";
import { strangeness } from "../pair/identity";
import { inTurn, lockServers } from "../pair/lock";
import { ownNames } from "../recipe/accounts/own";
import { accountsAmong, isOptionFile, pathIn } from "../recipe/claims";
import { validatePattern, wildDoTables } from "../recipe/filters";
import { databasePatterns, isLoopback, isSameServer } from "../recipe/names";
import {
  type GivenSettings,
  haveCertificate,
  nodeSettings,
  pairRefusals,
  type Settings,
  settingRefusals,
  tlsRefusals,
} from "../recipe/settings/ofNode";
import { renderOptionFile } from "../recipe/settings/optionFile";
import { tlsFiles, tlsProblems } from "../recipe/tls";
import { WORDS } from "../recipe/words";
import { progress } from "../run";
import { noteBroughtBack } from "./broughtBack";
import { define } from "./define";
import { derived, given } from "./inputs/MariaDbNode";
import { differentServers } from "./inputs/shared";
import { bringUp } from "./nodeBringUp";
import { computed, type KnownNode, type MariaDbNodeChecked, passwordsToTell, streamOf } from "./nodeFacts";
import { historyToShow, wordOf } from "./nodeHistory";
import { asTrouble, removeUnlessUnreachable, unless } from "./unreachable";

const RUNNING = WORDS["MariaDbNode.state"].wanted;

export const MariaDbNode = define<MariaDbNodeInputs, MariaDbNodeChecked, MariaDbNodeComputed>({
  properties: given.shape,
  rules: [
    {
      needs: ["connection", "tls"],
      async broken({ connection, tls }, last) {
        const problems = tls ? await tlsProblems(tls, connection.address) : [];
        // One that has ended while it was in use holds up no repair of anything else; nor does a weak one that its server takes.
        const isInUse = isDeepStrictEqual(tls, last.tls);
        for (const { property, reason } of isInUse ? problems.filter(({ mayStay }) => mayStay) : [])
          progress(`${nameOf(connection)}: tls.${property}: ${reason}`);
        return problems
          .filter(({ mayStay }) => !(isInUse && mayStay))
          .map(({ property, reason }) => ({ property: `tls.${property}`, reason }));
      },
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
      needs: ["connection"],
      // Names that the program knows already are its own.
      broken: async ({ connection }, last) =>
        last.connection && ownNames(connection).every((name) => ownNames(last.connection as Connection).includes(name))
          ? []
          : ((await askIfThere(connection, (server) => takenNames(server, last.connection), openToRemove)) ?? []),
    },
    {
      needs: ["connection", "peer"],
      // Of the peer too: not the one node may get a password that the other one refuses.
      broken: ({ connection, peer }, last) =>
        refusedPasswords(
          peer ? [connection, peer] : [connection],
          ownAccounts(connection),
          last.connection ? ownAccounts(last.connection) : [],
        ),
    },
    {
      needs: ["databases", "tables"],
      broken: ({ databases, tables }) =>
        tables.flatMap((table, index) => {
          const reason = validatePattern(`${databases[0]}.${table}`);
          return reason ? [{ property: `tables[${index}]`, reason }] : [];
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
    if (last.state !== RUNNING) noteBroughtBack(wanted.connection.host);
    if (last.state !== RUNNING && wanted.peer) await reconnect(wanted.peer);
    return seen;
  },

  async observe(last) {
    const host = openHost(last.connection.host);
    const looking = lookAtOptionFiles(host, last.version).catch(unless(HostUnreachable));
    const [files, running] = await Promise.all([looking, lookAtServer(last, looking).catch(asTrouble)]);
    if (files instanceof HostUnreachable) {
      progress(files.message);
      return { inputs: { state: "unreachable" }, computed: last };
    }
    const { path, file, foreign } = files;
    const seen = {
      configText: file?.text ?? "",
      configMode:
        (file && (await otherAccess(host, file, { mode: host.settingsMode }))) ?? host.settingsMode.toString(8),
      overriddenBy: inTheWay(
        running instanceof Error
          ? foreign
          : await withOtherLasting({ host, port: last.connection.port }, foreign, running.lasting),
      ),
    };
    if (running instanceof Error) {
      progress(running.message);
      return { inputs: { ...seen, state: running.problem }, computed: last };
    }
    const { server, lasting: _, settings, problems, historyMark, claim, passwords, ...states } = running;
    return {
      inputs: { ...seen, settings: settings as MariaDbNodeChecked["settings"], ...states },
      computed: {
        ...computed(server, { configFile: path, running: settings, foreign, problems, passwords }, last),
        historyMark,
        claim,
        identity: last.identity,
      },
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
        if (files.length > 0 && (last.tls || haveCertificate(await notedSettings(server))))
          await removeCertificates(server.host);
        if (files.length > 0)
          progress(`${name}: the option file is removed; the server goes on with its running values until it restarts`);
        await dropAccounts(server, [...accountsAmong(objects), ...(await formerAccounts(server, last.claim))]);
      });
    };
    await removeUnlessUnreachable(name, () => inTurn([last.connection], remove));
  },
});

async function lookAtServer(last: KnownNode, files: Promise<HostUnreachable | { foreign: ForeignLines }>) {
  await using server = await openViewer(last.connection);
  const noted = await notedSettings(server);
  const settings = await runningSettings(server, last.settings as Settings, noted);
  const isShut = await isClosed(server);
  const stranger = isShut ? undefined : await strangeness(server, last);
  const history =
    isShut || stranger ? undefined : await historyToShow(server, last.peer, streamOf(last), last.historyMark);
  const refusal = stranger ?? history?.refusal;
  if (refusal) progress(refusal);
  const claim = last.claim && ((await holds(server, last.claim)) ? last.claim : undefined);
  return {
    server,
    lasting: await runningLasting(server),
    settings,
    claim,
    state: isShut ? ("being seeded" as const) : stranger ? ("another server" as const) : (wordOf(history) ?? RUNNING),
    historyMark: history?.mark ?? last.historyMark,
    passwords: await passwordsToTell(server, last),
    problems: await files.then((found) => ("foreign" in found ? unknownLines(server, found.foreign.others) : [])),
    ownAccounts: await ownAccountProblems(server, claim),
    tlsState: last.tls ? await tlsState(last.connection, server.host, last.tls) : await leftOverTls(server.host, noted),
  };
}

/**
 * The link from a node that was away comes back at once, not at its next try: the node's commits wait for it. The node's own link starts
 * with its server.
 */
async function reconnect(peer: Connection): Promise<void> {
  await inTurn([peer], () => askIfThere(peer, reconnectNow));
}

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
