import { INPUT_SHAPES } from "../recipe/inputShapes";
import { list, object, plain, type Shape, value } from "../recipe/shapes";
import type { PairDatabaseArgs, PairNodeArgs, PairSchemaArgs, ReplicatedSessionStoreArgs } from "./pairArgs";

/** Which arguments the component has. What it only passes on is as the resources have it; the compiler names what is missing here. */

const {
  AccountsInputs,
  Connection,
  HostInputs,
  NodeTls,
  Reminders,
  ReplicationLinkInputs,
  SessionStoreDatabaseInputs,
} = INPUT_SHAPES;

/** Of these, nothing may be an output: names and number of the resources follow from them. */
const text: Shape = plain(value);
const settings: Shape = plain({ ...value, type: "object" });
const resource: Shape = { ...value, type: "resource" };

/** One of `nodes`. */
export const NODE = object<Record<keyof PairNodeArgs, Shape>>(
  {
    server: resource,
    host: HostInputs,
    address: value,
    port: value,
    name: text,
    revision: value,
    deletedWith: resource,
    bindAddress: value,
    settings,
    tls: NodeTls,
  },
  [],
);

const { characterSet, collation } = SessionStoreDatabaseInputs.properties;
const database = object<Record<keyof PairDatabaseArgs, Shape>>({ name: text, characterSet, collation }, ["name"]);

const { useGtid, connectRetry, heartbeatPeriod, tls } = ReplicationLinkInputs.properties;
const link = object<Record<keyof NonNullable<ReplicatedSessionStoreArgs["link"]>, Shape>>(
  { useGtid, connectRetry, heartbeatPeriod, tls },
  [],
);

const { databases: _databases, profile: _profile, ...accounts } = AccountsInputs.properties;
const { admin, viewer, direct } = Connection.properties;

export const PAIR = object<Record<keyof ReplicatedSessionStoreArgs, Shape>>(
  {
    nodes: plain({ ...list(plain(NODE)), count: 2 }),
    admin,
    viewer,
    ...accounts,
    profile: text,
    databases: plain(list(plain(database))),
    tables: plain(list(text)),
    settings,
    definers: list(value),
    link: plain(link),
    direct,
    reminders: Reminders,
    adopt: value,
    schema: plain(object<Record<keyof PairSchemaArgs, Shape>>({ script: value, database: text }, ["script"])),
  },
  ["nodes", "admin", "proxy", "replication", "binaryLog"],
);
