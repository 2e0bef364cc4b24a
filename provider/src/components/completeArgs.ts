import * as pulumi from "@pulumi/pulumi";
import { RECIPE_DATABASE, RECIPE_PATTERNS } from "../recipe/filters";
import { DEFAULT_PROFILE } from "../recipe/names";
import { pathOf } from "../recipe/propertyPath";
import { collisions, nodeSettings } from "../recipe/settings/ofNode";
import { isLater } from "../resources/refused";
import type { PairNodeArgs, ReplicatedSessionStoreArgs } from "./pairArgs";

/** What a program gives, with what all children take from the recipe; and what of it can't be a pair. */

export type CompleteArgs = ReplicatedSessionStoreArgs &
  Required<Pick<ReplicatedSessionStoreArgs, "profile" | "databases" | "tables">>;

export function withDefaults(given: ReplicatedSessionStoreArgs): CompleteArgs {
  const args = present(given);
  return {
    ...args,
    nodes: args.nodes.map(present) as unknown as ReplicatedSessionStoreArgs["nodes"],
    // Parts of it are taken: those of an output can be, those of a promise can't.
    replication: isLater(args.replication) ? (pulumi.output(args.replication) as never) : args.replication,
    profile: args.profile ?? DEFAULT_PROFILE,
    databases: args.databases ?? [{ name: RECIPE_DATABASE }],
    tables: args.tables ?? RECIPE_PATTERNS,
  };
}

/** A program in JavaScript may say `null` for what it leaves out. */
const present = <T extends object>(values: T): T =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined)) as T;

export const hasTls = ({ nodes }: ReplicatedSessionStoreArgs): boolean => nodes.every(({ tls }) => tls !== undefined);

export function settingsOf(
  args: ReplicatedSessionStoreArgs,
  node: PairNodeArgs,
): Record<string, string | number | boolean | string[]> {
  const settings = { ...present(args.settings ?? {}), ...present(node.settings ?? {}) };
  return settings as Record<string, string | number | boolean | string[]>;
}

/** Why these nodes can't be a pair, before anything is registered. */
export function unfit(args: CompleteArgs): string[] {
  const { nodes } = args;
  const reasons = nodes.flatMap((node, index) => {
    const at = `nodes[${index}]`;
    if (!node.host && !node.server?.host) return [`${at}: give a "server" or a "host"`];
    const isNowhere = !node.address && !node.server && !isLater(node.host) && kindOf(node.host) === "local";
    return isNowhere ? [`${at}: give the node its "address": a host of the kind "local" has none`] : [];
  });
  if (nodes.some(({ tls }) => tls !== undefined) && !hasTls(args))
    reasons.push("nodes: give both their `tls`, or none: each has to prove itself to the other");
  const outputs = nodes.flatMap((node) => outputsAmong(settingsOf(args, node)));
  return [...reasons, ...(outputs.length > 0 ? new Set(outputs) : settingsThatCollide(args))];
}

function settingsThatCollide(args: CompleteArgs): string[] {
  const [one, other] = args.nodes.map((node, index) =>
    nodeSettings(args.profile, settingsOf(args, node), { nodeNumber: index + 1, bindAddress: "", patterns: [] }),
  );
  return collisions(one ?? {}, other ?? {}).map(({ option, reason }) => `settings.${option}: ${reason}`);
}

/** Values of settings decide here already whether both nodes fit together. */
const outputsAmong = (settings: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(settings).flatMap(([option, value]) =>
    [value].flat().some(isLater) ? [`${pathOf(["settings", option])}: must be plain, not an output or a promise`] : [],
  );

const kindOf = (host: unknown): unknown => (host as { kind?: unknown } | undefined)?.kind;
