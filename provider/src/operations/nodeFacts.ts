import type { MariaDbNodeComputed, MariaDbNodeDerived, MariaDbNodeInputs } from "../inputs";
import type { ForeignLines } from "../mariadb/optionFiles";
import { passwordChanges } from "../mariadb/passwordAge";
import type { Server } from "../mariadb/server";
import {
  certificateAdvice,
  fileAdvice,
  movedLogAdvice,
  nodeAdvice,
  passwordAdvice,
  startAdvice,
} from "../recipe/advice";
import { ownDomain, type Settings } from "../recipe/settings/ofNode";
import { daysLeft } from "../recipe/tls";

/** What a node is to its operations. */

/** What is wanted of a node, as previews show it. */
export interface MariaDbNodeChecked extends MariaDbNodeInputs, MariaDbNodeDerived {
  /** Every setting that is kept, with its running value. */
  readonly settings: Readonly<Record<string, string | string[]>>;
}

/** What the state has of a node. */
export type KnownNode = MariaDbNodeChecked & MariaDbNodeComputed;

export const streamOf = ({ settings, databases, definers }: MariaDbNodeChecked) => ({
  domain: ownDomain(settings as Settings),
  databases,
  definers,
});

/** What was seen of a node. */
interface SeenNode {
  /** Path of its option file. */
  readonly configFile: string;
  readonly running: Settings;
  readonly foreign: ForeignLines;
  /** What the server has against its option files. */
  readonly problems: readonly string[];
  /** When passwords were last changed, by account. Empty where nobody wants to be reminded of that. */
  readonly passwords: ReadonlyMap<string, Date>;
}

/** What a program says of a node that decides of what it is told. */
type Told = Pick<MariaDbNodeInputs, "tls" | "reminders">;

export const passwordsToTell = async (server: Server, { reminders }: Told): Promise<ReadonlyMap<string, Date>> =>
  reminders?.passwordAge === undefined ? new Map() : passwordChanges(server);

/** What a node tells of itself. */
export function computed(
  { name, version }: Pick<Server, "name" | "version">,
  { configFile, running, foreign, problems, passwords }: SeenNode,
  { tls, reminders = {} }: Told,
): MariaDbNodeComputed {
  const days = tls && daysLeft(tls);
  return {
    version: version.number,
    configFile,
    advice: [
      ...nodeAdvice(name, version, running),
      ...startAdvice(name, problems),
      ...fileAdvice(name, foreign.repeating),
      ...movedLogAdvice(name, foreign.moved),
      ...certificateAdvice(name, days, reminders),
      ...passwordAdvice(name, passwords, reminders),
    ],
    tlsDaysLeft: days,
  };
}
