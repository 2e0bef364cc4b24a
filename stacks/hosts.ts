import * as pulumi from "@pulumi/pulumi";
import {
  type LinkTls,
  type PairNodeArgs,
  ReplicatedSessionStore,
  type TlsRequirement,
} from "pulumi-replicated-session-store";
import { list, needConfiguration, PASSWORDS, plain, secret } from "./configuration";

/** The pair on two Linux hosts over SSH. All of it is configuration: `Pulumi.hosts.example.yaml` has every key. */
const config = new pulumi.Config();
const FROM_FILE = "< FILE.pem";
needConfiguration(
  ...["db1", "db2"].flatMap((name) => {
    const why = config.get(`${name}Certificate`) === undefined ? undefined : `for ${name}Certificate`;
    return [...machine(name), ...(why ? [secret(`${name}CertificateKey`, why), plain("ca", FROM_FILE, why)] : [])];
  }),
  ...(config.get("jumpAddress") === undefined ? [] : machine("jump")),
  ...(config.getBoolean("direct")
    ? [plain("ca", FROM_FILE, "for direct"), plain("directFrom", "ADDRESS", "for direct")]
    : []),
  ...PASSWORDS,
);

/** What a machine can't be reached without. */
function machine(name: string) {
  return [
    plain(`${name}Address`, "ADDRESS"),
    list(`${name}HostKeys`, "'ssh-ed25519 AAAA...'", "its /etc/ssh/ssh_host_ed25519_key.pub"),
  ];
}

/** How `db1`, `db2` or `jump` lets us in. A key that all have in common is given once: `sshUser` for `db1SshUser` and the others. */
function login(machine: string) {
  const own = (key: string) => `${machine}S${key.slice(1)}`;
  const text = (key: string) => config.get(own(key)) ?? config.get(key);
  const secret = (key: string) => config.getSecret(own(key)) ?? config.getSecret(key);
  return {
    address: config.require(`${machine}Address`),
    port: Number(text("sshPort") ?? 22),
    user: text("sshUser") ?? "root",
    hostKeys: config.requireObject<string[]>(`${machine}HostKeys`),
    ...given("privateKey", secret("sshKey")),
    ...given("passphrase", secret("sshPassphrase")),
    ...given("password", secret("sshPassword")),
    ...given("agent", config.getBoolean("sshAgent")),
  };
}

function node(name: "db1" | "db2"): PairNodeArgs {
  return {
    name,
    host: {
      kind: "ssh",
      ...login(name),
      ...given("jump", config.get("jumpAddress") && login("jump")),
      ...given("install", config.getBoolean("install")),
      ...given("bootDeadline", config.getNumber("bootDeadline")),
      ...given("settingsFile", config.get("settingsFile")),
    },
    // Where the peer and the proxies reach it, if that is another network than that of SSH.
    ...given("address", config.get(`${name}StoreAddress`)),
    ...given("port", config.getNumber("port")),
    ...given("bindAddress", config.get("bindAddress")),
    ...given("settings", config.getObject<Settings>(`${name}Settings`)),
    ...given("tls", certificates(name)),
  };
}

/** What the node proves itself with, where both nodes have certificates. */
function certificates(name: "db1" | "db2") {
  const certificate = config.get(`${name}Certificate`);
  const privateKey = () => config.requireSecret(`${name}CertificateKey`);
  return certificate && { ca: config.require("ca"), certificate, privateKey: privateKey() };
}

type Settings = Record<string, string | number | boolean>;

/** A property where there is a value for it. */
const given = <K extends string, T>(key: K, value: T | undefined | "" | false) =>
  (value === undefined || value === "" || value === false ? {} : { [key]: value }) as { [P in K]?: T };

const linkTls = config.get<LinkTls>("linkTls");
const monitorPassword = config.getSecret("monitorPassword");

const store = new ReplicatedSessionStore("sessions", {
  nodes: [node("db1"), node("db2")],
  admin: { password: config.requireSecret("adminPassword") },
  proxy: {
    password: config.requireSecret("proxyPassword"),
    ...given("previousPassword", config.getSecret("previousProxyPassword")),
    ...given("from", config.getObject<string[]>("proxyFrom")),
  },
  replication: { password: config.requireSecret("replicationPassword") },
  binaryLog: { password: config.requireSecret("binaryLogPassword") },
  ...given("monitor", monitorPassword && { password: monitorPassword }),
  ...given("definers", config.getObject<string[]>("definers")),
  ...given("requireTls", config.get<TlsRequirement>("requireTls")),
  ...given("link", linkTls && { tls: linkTls }),
  ...given("direct", config.getBoolean("direct") && { ca: config.require("ca"), from: config.require("directFrom") }),
  ...given("profile", config.get<"vendor" | "hardened">("profile")),
  ...given("settings", config.getObject<Settings>("settings")),
});

export const nodes = store.nodes;
export const links = store.links;
export const connectString = store.connectString;
export const advice = store.advice;
