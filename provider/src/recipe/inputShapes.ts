import { kinds, list, object, value } from "./shapes";

/**
 * Which arguments there are, by the type that has them. `npm run fix` writes this file out of the zod objects in operations/inputs: change those.
 */
const ExtraAccountInputs = object(
  {
    user: value,
    password: value,
    from: list(value),
    requireTls: value,
    previousPassword: value,
    authentication: value,
    grants: list(value),
  },
  ["user", "password", "grants"],
);
const AccountsInputs = object(
  {
    databases: list(value),
    profile: value,
    requireTls: value,
    proxy: object(
      {
        user: value,
        password: value,
        from: list(value),
        requireTls: value,
        previousPassword: value,
        authentication: value,
      },
      ["password"],
    ),
    replication: object({ user: value, password: value, from: list(value), requireTls: value }, ["password"]),
    binaryLog: object({ user: value, password: value, from: list(value), requireTls: value, previousPassword: value }, [
      "password",
    ]),
    monitor: object(
      {
        user: value,
        password: value,
        from: list(value),
        requireTls: value,
        previousPassword: value,
        authentication: value,
      },
      ["password"],
    ),
    extraAccounts: list(ExtraAccountInputs),
  },
  ["proxy", "replication", "binaryLog"],
);
const LocalHostInputs = object({ kind: value, directory: value }, ["kind", "directory"]);
const SshLogin = object(
  {
    address: value,
    port: value,
    user: value,
    hostKeys: list(value),
    privateKey: value,
    passphrase: value,
    agent: value,
    password: value,
  },
  ["address", "hostKeys"],
);
const SshHostInputs = object(
  {
    kind: value,
    address: value,
    port: value,
    user: value,
    hostKeys: list(value),
    privateKey: value,
    passphrase: value,
    agent: value,
    password: value,
    jump: SshLogin,
    bootDeadline: value,
    install: value,
    settingsFile: value,
  },
  ["kind", "address", "hostKeys"],
);
const DockerHostInputs = object({ kind: value, container: value, engine: value, configDirectory: value }, [
  "kind",
  "container",
]);
const HostInputs = kinds({ local: LocalHostInputs, ssh: SshHostInputs, docker: DockerHostInputs });
const Admin = object({ user: value, password: value }, ["password"]);
const Viewer = object({ user: value, password: value }, ["password"]);
const DirectAccess = object({ ca: value, from: value }, ["ca", "from"]);
const Connection = object(
  { name: value, host: HostInputs, address: value, port: value, admin: Admin, viewer: Viewer, direct: DirectAccess },
  ["host", "address", "admin"],
);
const NodeTls = object({ ca: value, certificate: value, privateKey: value }, ["ca", "certificate", "privateKey"]);
const Reminders = object({ passwordAge: value, certificateDays: value }, []);
const ReplicationLinkInputs = object(
  {
    replica: Connection,
    source: Connection,
    user: value,
    password: value,
    useGtid: value,
    connectRetry: value,
    heartbeatPeriod: value,
    tls: value,
    revisions: list(value),
    adopt: value,
  },
  ["replica", "source", "password"],
);
const SessionStoreDatabaseInputs = object(
  { node: Connection, peer: Connection, name: value, characterSet: value, collation: value },
  ["node"],
);

export const INPUT_SHAPES = {
  AccountsInputs,
  Connection,
  HostInputs,
  NodeTls,
  Reminders,
  ReplicationLinkInputs,
  SessionStoreDatabaseInputs,
};
