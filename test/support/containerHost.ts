import type Docker from "dockerode";
import { utils } from "ssh2";
import type { SshHostInputs } from "../../provider/src/hosts/Host";
import { until } from "../../provider/src/waiting";
import { Machine } from "./machine";
import { hostImage, LABELS, type Suite, testEngine } from "./testEngine";
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
  /** Seconds that resources wait for it to boot. @default as resources have it */
  readonly bootDeadline?: number;
  /** Further files, such as option files, by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** What of this machine it has too, as `source:target`. @default nothing */
  readonly binds?: readonly string[];
}

const SSH_LOG = "/var/log/sshd.log";
/** Made at each boot when the init script has ended. */
const STARTED = "/run/mariadb-started";

/** A machine with a distribution's MariaDB: a container with an sshd, and a service that its init script starts. */
export class ContainerHost extends Machine {
  private constructor(
    readonly name: string,
    readonly address: string,
    readonly user: string,
    readonly withServer: boolean,
    private readonly bootDeadline: number | undefined,
    readonly privateKey: string,
    readonly hostKey: string,
    readonly container: Docker.Container,
  ) {
    super();
  }

  static async start(network: TestNetwork, options: ContainerHostOptions = {}): Promise<ContainerHost> {
    const { name = "db1", suite = "bookworm", user = "root", withServer = true, bootDeadline } = options;
    const [key, hostKey] = [utils.generateKeyPairSync("ed25519"), utils.generateKeyPairSync("ed25519")];
    const address = network.nextAddress();
    const container = await testEngine().createContainer({
      name: `${network.name}-${address}`,
      Image: hostImage(suite),
      Hostname: name,
      Labels: LABELS,
      Cmd: ["/bin/sh", "/boot"],
      HostConfig: { Init: true, NetworkMode: network.name, Binds: [...(options.binds ?? [])] },
      NetworkingConfig: { EndpointsConfig: { [network.name]: { IPAMConfig: { IPv4Address: address } } } },
    });
    const host = new ContainerHost(
      name,
      address,
      user,
      withServer,
      bootDeadline,
      key.private,
      hostKey.public,
      container,
    );
    try {
      await host.place("/boot", boot(user, withServer));
      await host.place("/authorized_keys", key.public);
      await host.place("/etc/ssh/ssh_host_ed25519_key", hostKey.private, 0o600);
      await host.place("/etc/ssh/ssh_host_ed25519_key.pub", hostKey.public);
      if (user !== "root") {
        await host.place("/etc/sudoers.d/session-store", options.sudoers ?? `${user} ALL=(ALL) NOPASSWD: ALL\n`, 0o440);
      }
      for (const [path, text] of Object.entries(options.files ?? {})) await host.place(path, text);
      await host.boot();
      return host;
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** As resources take it. */
  get inputs(): SshHostInputs {
    const { address, user, hostKey, privateKey, bootDeadline } = this;
    return { kind: "ssh", address, user, hostKeys: [hostKey], privateKey, bootDeadline };
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
    await this.container.start();
    await this.ready("sshd", `ss -Htln sport = :22 | grep -q .`);
    if (this.withServer) await this.ready("MariaDB", `test -e ${STARTED}`);
  }

  private ready(what: string, probe: string): Promise<void> {
    return until({ what: `${what} on ${this.name}`, deadline: 60_000, pause: 50 }, async () => {
      const error = await this.sh(probe).then(
        () => undefined,
        (reason: Error) => reason.message,
      );
      return error === undefined ? { done: undefined } : { seen: error };
    });
  }
}

/** What the machine does at each boot. */
const boot = (user: string, withServer: boolean): string => `
id ${user} >/dev/null 2>&1 || useradd --create-home --shell /bin/bash ${user}
home=$(getent passwd ${user} | cut -d: -f6)
install -d -m 700 -o ${user} $home/.ssh
install -m 600 -o ${user} /authorized_keys $home/.ssh/authorized_keys
mkdir -p /run/sshd
rm -f ${STARTED}
${withServer ? `(service mariadb start && touch ${STARTED}) >/dev/null 2>&1 </dev/null &` : ""}
exec /usr/sbin/sshd -D -E ${SSH_LOG}
`;
