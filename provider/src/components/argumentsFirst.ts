import * as pulumi from "@pulumi/pulumi";
import { argumentProblems } from "../recipe/argumentProblems";
import { clientProblems } from "../recipe/tls";
import { containsLater } from "../resources/refused";
import type { PairNodeArgs, ReplicatedSessionStoreArgs } from "./pairArgs";
import { NODE, PAIR } from "./pairShape";
import { valueProblems } from "./pairValues";
import { KINDS, linesOf, withoutRepeats } from "./refusal";

/**
 * What is wrong with arguments that are not there yet, as texts that are empty where nothing is. Both nodes get them as an input, so nothing is
 * changed on a server before all arguments are known and fit, and their check refuses them. An output that throws would not do: where a program
 * runs within another one (Automation API), the SDK waits for ever for what depends on the resource that was not registered
 * (https://github.com/pulumi/pulumi/issues/14980), or deletes what the program did not come to.
 */
export function lateProblems(component: string, args: ReplicatedSessionStoreArgs): pulumi.Output<string>[] {
  const later = argumentsOf(args).filter(([, value]) => containsLater(value));
  // One by one: what is not known yet hides nothing of the others.
  const looked = later.map(([place, value]) =>
    (pulumi.output(value as object) as pulumi.Output<unknown>).apply((known) =>
      linesOf(component, problemsOf(place, known)),
    ),
  );
  // The texts quote no password.
  return [...looked, ...certificatesOfReplicas(component, args)].map((text) => pulumi.unsecret(text));
}

/** Accounts that ask replicas for certificates are changed before the links are: a replica whose certificate is not for clients could not come back. */
function certificatesOfReplicas(component: string, args: ReplicatedSessionStoreArgs): pulumi.Output<string>[] {
  const { replication, requireTls, nodes, link } = args;
  const [one, other] = nodes.map(({ tls }) => tls);
  if (!one || !other) return [];
  const known = pulumi.all([pulumi.output(replication), pulumi.output(requireTls), pulumi.output(link), one, other]);
  const text = known.apply(async ([account, every, links, ...own]) => {
    const given = {
      replication: account,
      requireTls: every,
      link: links,
      "nodes[0].tls": own[0],
      "nodes[1].tls": own[1],
    };
    // What is wrong with one of these is told where it is looked at alone.
    if (Object.entries(given).some(([place, value]) => problemsOf(place, value).length > 0)) return "";
    if (links?.tls !== "mutual" && (account?.requireTls ?? every) !== "X509") return "";
    const reasons = await Promise.all(own.map((each, i) => clientProblems(each, own[1 - i] ?? each)));
    const lines = reasons.flatMap((reason, i) => (reason ? [`nodes[${i}].tls.certificate ${reason}`] : []));
    return linesOf(component, lines);
  });
  return [text];
}

/** Each argument with its place; those of the nodes one by one. What has to be plain has been looked at. */
const argumentsOf = ({ nodes, ...args }: ReplicatedSessionStoreArgs): (readonly [place: string, value: unknown])[] => [
  ...Object.entries(args),
  ...nodes.flatMap((node, index) =>
    Object.entries(node).flatMap(([name, value]) =>
      isResource(name) ? [] : [[`nodes[${index}].${name}`, value] as const],
    ),
  ),
];

const isResource = (name: string): boolean => name === "server" || name === "deletedWith";

/** What is wrong with an argument of the component, or of one of its nodes, that is known by now. */
export function problemsOf(place: string, known: unknown): string[] {
  const [, index, name] = /^nodes\[(\d)\]\.(\w+)$/.exec(place) ?? [];
  const shape = name
    ? NODE.properties[name as keyof PairNodeArgs]
    : PAIR.properties[place as keyof typeof PAIR.properties];
  const isNeeded = !name && PAIR.needs.includes(place);
  if (known === undefined || known === null) return isNeeded ? [`${place}: must be given`] : [];
  const names = argumentProblems(known, shape, { ...KINDS, isLater: () => false }, place);
  const alone = name ? { nodes: [...Array(Number(index)).fill({}), { [name]: known }] } : { [place]: known };
  return withoutRepeats(names, valueProblems(alone));
}
