import type { MariaDbNodeComputed, MariaDbNodeDerived, MariaDbNodeInputs, NodeTls } from "../inputs";
import type { ForeignLines } from "../mariadb/optionFiles";
import type { Server } from "../mariadb/server";
import { certificateAdvice, fileAdvice, movedLogAdvice, nodeAdvice } from "../recipe/advice";
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

export const computed = (
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
