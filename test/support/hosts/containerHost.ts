import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import type { SshHostInputs } from "../../../provider/src/inputs";
import { hostImage, LABELS, type Suite, testEngine } from "./dockerEngine";
import { boot, SSH_LOG, STARTED, SYSTEMD, setUp } from "./hostBoot";
import { Machine } from "./machine";
import { newKey } from "./sshKeys";
import type { TestNetwork } from "./testNetwork";

export interface ContainerHostOptions {
  /** Its host name. @default db1 */
  readonly name?: string;
  /** Debian's. @default bookworm */
  readonly suite?: Suite;
  /** Who logs in. Whoever isn't root gets `sudoers`. @default root */
  readonly user?: string;
  /** What the user may do by sudo without a password. @default everything */
  readonly sudoers?: string;
  /** False: its server does not run, neither now nor after a boot. @default true */
  readonly withServer?: boolean;
  /** True: systemd is its first process and keeps its services. @default false, init scripts */
  readonly systemd?: boolean;
  /** What resources are told of it beyond how they log in. */
  readonly inputs?: Partial<SshHostInputs>;
  /** Further files, such as option files, by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** What of this machine it has too, as `source:target`. @default nothing */
  readonly binds?: readonly string[];
}

/** A machine with a distribution's MariaDB: a container with an sshd, and a service that its init script or systemd keeps. */
export class ContainerHost extends Machine {
  private constructor(
    readonly name: string,
    readonly address: string,
    private readonly options: ContainerHostOptions,
    readonly privateKey: string,
    readonly hostKey: string,
    readonly container: Docker.Container,
  ) {
    super();
  }

  static async start(network: TestNetwork, options: ContainerHostOptions = {}): Promise<ContainerHost> {
    const { name = "db1", suite = "bookworm", systemd = false } = options;
    const [key, hostKey] = [newKey(), newKey()];
    const address = network.nextAddress();
    const { HostConfig, Binds, ...machine } = systemd
      ? SYSTEMD
      : { Cmd: ["/bin/sh", "/boot"], Env: [], HostConfig: { Init: true }, Binds: [] };
    const container = await testEngine().createContainer({
      name: `${network.name}-${address}`,
      Image: hostImage(suite),
      Hostname: name,
      Labels: LABELS,
      Cmd: [...machine.Cmd],
      Env: [...machine.Env],
      HostConfig: {
        ...HostConfig,
        NetworkMode: network.name,
        Binds: [...Binds, ...(options.binds ?? [])],
      } as Docker.HostConfig,
      NetworkingConfig: { EndpointsConfig: { [network.name]: { IPAMConfig: { IPv4Address: address } } } },
    });
    const host = new ContainerHost(name, address, options, key.private, hostKey.public, container);
    try {
      await host.furnish(key.public, hostKey);
      await host.boot();
      return host;
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Who logs in. */
  get user(): string {
    return this.options.user ?? "root";
  }

  /** As resources take it. */
  get inputs(): SshHostInputs {
    const { address, user, hostKey, privateKey } = this;
    return { kind: "ssh", address, user, hostKeys: [hostKey], privateKey, ...this.options.inputs };
  }

  /** How many logins over SSH its sshd has let in since the machine was made. */
  async handshakes(): Promise<number> {
    return Number(await this.sh(`grep -c '^Accepted ' ${SSH_LOG} || true`));
  }

  /** Number of its first process on this machine, through which its network can be entered. */
  async pid(): Promise<number> {
    return (await this.container.inspect()).State.Pid;
  }

  /** Starts the machine, and waits until its services answer. */
  async boot(): Promise<void> {
    const { systemd, withServer = true } = this.options;
    await this.container.start();
    if (systemd) await this.ready("systemd", "systemctl is-active multi-user.target");
    if (systemd) await this.sh(setUp(this.user));
    await this.ready("sshd", `ss -Htln sport = :22 | grep -q .`);
    if (withServer) await this.ready("MariaDB", systemd ? "systemctl is-active mariadb" : `test -e ${STARTED}`);
  }

  /** One command waits there: to ask again and again from here would take what the machine needs to boot. */
  private async ready(what: string, probe: string): Promise<void> {
    await this.sh(`timeout 60 sh -c 'until ${probe}; do sleep 0.1; done'`).catch((error: Error) => {
      throw new Error(`${what} on ${this.name} is not there after 60 s: ${error.message}`);
    });
  }

  /** What is different from the image. */
  private async furnish(key: string, hostKey: { private: string; public: string }): Promise<void> {
    const { systemd = false, withServer = true, files = {} } = this.options;
    const { user } = this;
    await this.place("/authorized_keys", key);
    await this.place("/etc/ssh/ssh_host_ed25519_key", hostKey.private, 0o600);
    await this.place("/etc/ssh/ssh_host_ed25519_key.pub", hostKey.public);
    if (systemd) {
      await this.place("/etc/default/ssh", `SSHD_OPTS="-E ${SSH_LOG}"\n`);
      // Without one it would be a first boot, which enables all units that there are.
      await this.place("/etc/machine-id", `${randomBytes(16).toString("hex")}\n`);
    } else await this.place("/boot", boot(user, withServer));
    if (user !== "root") {
      const sudoers = this.options.sudoers ?? `${user} ALL=(ALL) NOPASSWD: ALL\n`;
      await this.place("/etc/sudoers.d/session-store", sudoers, 0o440);
    }
    for (const [path, text] of Object.entries(files)) await this.place(path, text);
  }
}
