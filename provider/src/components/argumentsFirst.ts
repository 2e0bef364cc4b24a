import * as pulumi from "@pulumi/pulumi";
import { ROLES } from "../recipe/accounts/table";
import { argumentProblems } from "../recipe/argumentProblems";
import { INPUT_SHAPES } from "../recipe/inputShapes";
import { object } from "../recipe/shapes";
import { clientProblems } from "../recipe/tls";
import { isLater } from "../resources/refused";
import type { ReplicatedSessionStoreArgs } from "./pairArgs";
import { PAIR } from "./pairShape";
import { passwordRefusal } from "./passwords";
import { refusePair } from "./refusal";

/** All that both nodes wait for anyway, or that has a password in it. */
const AWAITED = ["admin", "viewer", "direct", ...ROLES, "extraAccounts", "definers"] as const;

/**
 * For `dependsOn` of the nodes: nothing is changed on a server before the accounts are known, and fit to be accounts. One that comes from another
 * resource is unknown in a preview, and would be refused after the nodes were changed.
 */
export function argumentsFirst(component: string, args: ReplicatedSessionStoreArgs): pulumi.Output<pulumi.Resource[]> {
  const given = [
    ...AWAITED.map((name) => [name, args[name]] as const),
    ...args.nodes.map(({ host }, index) => [`nodes[${index}].host`, host] as const),
  ];
  // One by one: what is not known yet hides nothing of the others.
  const looked = given.map(([place, value]) =>
    (pulumi.output(value as object) as pulumi.Output<unknown>).apply((known) =>
      refusePair(component, problemsOf(place, known)),
    ),
  );
  return pulumi.all([...looked, certificatesOfReplicas(component, args)]).apply(() => []);
}

/** Accounts that ask replicas for certificates are changed before the links are: a replica whose certificate is not for clients could not come back. */
function certificatesOfReplicas(component: string, args: ReplicatedSessionStoreArgs): pulumi.Output<void> {
  const { replication, requireTls, nodes, link } = args;
  const [one, other] = nodes.map(({ tls }) => tls);
  if (!one || !other) return pulumi.output(undefined);
  const known = pulumi.all([pulumi.output(replication), pulumi.output(requireTls), pulumi.output(link), one, other]);
  return known.apply(async ([account, every, { tls } = {}, ...own]) => {
    if (tls !== "mutual" && (account?.requireTls ?? every) !== "X509") return;
    const reasons = await Promise.all(own.map((each, i) => clientProblems(each, own[1 - i] ?? each)));
    refusePair(
      component,
      reasons.flatMap((reason, i) => (reason ? [`nodes[${i}].tls.certificate ${reason}`] : [])),
    );
  }) as pulumi.Output<void>;
}

/** What is wrong with the accounts that need not be waited for: told before anything is registered. */
export const knownProblems = (args: ReplicatedSessionStoreArgs): string[] =>
  AWAITED.flatMap((name) =>
    args[name] === undefined || containsLater(args[name]) ? [] : problemsOf(name, args[name]),
  );

const containsLater = (value: unknown): boolean =>
  isLater(value) || (typeof value === "object" && value !== null && Object.values(value).some(containsLater));

/** What is wrong with the value of an argument of the component. */
export function problemsOf(place: string, known: unknown): string[] {
  const shape = PAIR.properties[place as (typeof AWAITED)[number]] ?? INPUT_SHAPES.HostInputs;
  const problems = argumentProblems(
    { [place]: known },
    object(
      { [place]: shape },
      PAIR.needs.filter((name) => name === place),
    ),
    () => false,
  );
  const refusal = problems.length === 0 ? passwordRefusal({ [place]: known }) : undefined;
  return refusal ? [refusal] : problems;
}
