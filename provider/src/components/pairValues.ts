import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { address, host, port } from "../operations/inputs/hosts";
import { given as node } from "../operations/inputs/MariaDbNode";
import { given as link } from "../operations/inputs/ReplicationLink";
import { given as database } from "../operations/inputs/SessionStoreDatabase";
import { given as schema } from "../operations/inputs/SessionStoreSchema";
import { accounts } from "../operations/inputs/SessionStoreUsers";
import { admin, direct, serverName, viewer } from "../operations/inputs/shared";
import { parse, UNKNOWN } from "../operations/parse";
import { pathOf } from "../recipe/propertyPath";
import { isLater } from "../resources/refused";
import type { PairDatabaseArgs, PairNodeArgs, PairSchemaArgs, ReplicatedSessionStoreArgs } from "./pairArgs";

/** What the values of the component's arguments may be: as its resources have it, under the component's own names. */

type Values<T> = Record<keyof T, z.ZodType>;

const { profile, databases: _databases, ...ofAccounts } = accounts.shape;
const { bindAddress, settings, tls, tables, definers, reminders, adopt } = node.shape;
const { useGtid, connectRetry, heartbeatPeriod, tls: linkTls, revisions } = link.shape;

/** Resources: what may stand there, the names are looked at with. */
const resource = z.any();

const pairNode = z.object({
  server: resource,
  host: host.optional(),
  address: address.optional(),
  port: port.optional(),
  name: serverName.optional(),
  revision: revisions.unwrap().element.optional(),
  deletedWith: resource,
  bindAddress,
  settings,
  tls,
} satisfies Values<PairNodeArgs>);

const pairDatabase = z.object({
  name: database.shape.name,
  characterSet: database.shape.characterSet,
  collation: database.shape.collation,
} satisfies Values<PairDatabaseArgs>);

const pairSchema = z.object({
  script: schema.shape.script,
  database: schema.shape.database,
} satisfies Values<PairSchemaArgs>);

const PAIR_VALUES = z.object({
  ...ofAccounts,
  nodes: z.array(pairNode),
  admin,
  viewer: viewer.optional(),
  profile,
  databases: z.array(pairDatabase).min(1, "must name at least one, or be left out for the recipe's").optional(),
  tables,
  settings,
  definers,
  link: z.object({ useGtid, connectRetry, heartbeatPeriod, tls: linkTls }).optional(),
  direct: direct.optional(),
  reminders,
  adopt,
  schema: pairSchema.optional(),
} satisfies Values<ReplicatedSessionStoreArgs>);

export type PairValues = z.output<typeof PAIR_VALUES>;

/** An argument with its defaults, which is known and right. */
export const knownValue = (name: keyof PairValues, value: unknown): unknown =>
  PAIR_VALUES.shape[name].safeParse(known(value ?? undefined)).data;

/** What is wrong with the values that are known, each with its place. Names are looked at elsewhere (recipe/argumentProblems.ts). */
export function valueProblems(args: unknown): string[] {
  const { issues } = parse(PAIR_VALUES, known(args));
  return issues
    .filter((issue) => !isOfNames(issue) && !isOfEnvironment(issue))
    .map(({ path, message }) => (path.length > 0 ? `${pathOf(path)}: ${message}` : message));
}

const isOfNames = ({ code, input, path }: z.core.$ZodIssue): boolean =>
  code === "unrecognized_keys" ||
  (code === "invalid_union" && path.at(-1) === "kind") ||
  (code !== "custom" && (input === undefined || input === null));

/** The resources' process may have another environment than the program. */
const isOfEnvironment = (issue: z.core.$ZodIssue): boolean =>
  issue.code === "custom" && issue.params?.["isOfEnvironment"] === true;

/** Deeper than any argument. */
const DEEPEST = 12;

/** The arguments with what a preview has in the place of a value that is not there yet. */
function known(value: unknown, depth = 0): unknown {
  if (isLater(value)) return UNKNOWN;
  if (depth > DEEPEST || !isPlain(value)) return value;
  if (Array.isArray(value)) return value.map((part) => known(part, depth + 1));
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) => (part === null ? [] : [[key, known(part, depth + 1)]])),
  );
}

/** Resources are not. */
const isPlain = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !pulumi.Resource.isInstance(value);
