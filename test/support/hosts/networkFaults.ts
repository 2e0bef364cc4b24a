import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import * as path from "node:path";
import { sleep } from "../../../provider/src/waiting";
import type { ContainerHost } from "./containerHost";

/** Faults of the network, made in the network namespace of a machine of the tests. They heal when they are disposed of. */

/** The connections concerned: those from a peer to a port of the machine. */
export interface Reach {
  /** The machine whose port it is. */
  readonly to: ContainerHost;
  readonly port: number;
  /** Address of the peer. */
  readonly from: string;
}

export class NetworkFault implements AsyncDisposable {
  private constructor(
    private readonly pid: number,
    private readonly helper?: ChildProcess,
  ) {}

  /** Nothing gets through in either direction, and nothing says so, as behind a firewall. */
  static unreachable = (reach: Reach): Promise<NetworkFault> => NetworkFault.filter(reach, () => "drop");

  /** The peer hears at once that nobody listens. */
  static refused = (reach: Reach): Promise<NetworkFault> =>
    NetworkFault.filter(reach, (fromPeer) => (fromPeer ? "reject with tcp reset" : "accept"));

  /** As a router says that it knows no way, to each packet: by default the kernel says it once a second at most. */
  static async noRoute(reach: Reach): Promise<NetworkFault> {
    enter(await reach.to.pid(), "tee", ["/proc/sys/net/ipv4/icmp_ratelimit"], "0");
    return NetworkFault.filter(reach, (fromPeer) => (fromPeer ? "reject with icmpx type host-unreachable" : "accept"));
  }

  /**
   * That many of a hundred packets from the peer are lost on their way in. What the machine itself sends is left alone: a rule that drops
   * it there is seen by its own TCP, as no loss on the way is.
   */
  static lossy = (reach: Reach, percent: number): Promise<NetworkFault> =>
    NetworkFault.filter(reach, (fromPeer) => (fromPeer ? `numgen random mod 100 < ${percent} drop` : "accept"));

  /** Connections are made, and then nothing comes through them: the one side's end is gone without the other knowing. */
  static halfOpen = (reach: Reach): Promise<NetworkFault> =>
    NetworkFault.filter(reach, () => "tcp flags & syn == 0 drop");

  /**
   * All that is sent arrives that many milliseconds later, in each direction; this kernel has no netem. A relay in the namespace holds the
   * data back, so the TCP handshake itself is not delayed, and the machine sees its own loopback address as the peer's.
   */
  static async slow({ to, port, from }: Reach, milliseconds: number): Promise<NetworkFault> {
    const pid = await to.pid();
    const relayPort = 40_000 + (port % 10_000);
    const relay = spawn(
      "nsenter",
      [
        "-t",
        `${pid}`,
        "-n",
        process.execPath,
        path.join(__dirname, "slowRelay.cjs"),
        `${relayPort}`,
        `${port}`,
        `${milliseconds}`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    await new Promise((resolve, reject) => {
      relay.stdout.once("data", resolve);
      relay.once("exit", (code) => reject(new Error(`the relay ended with ${code}`)));
    });
    rules(
      pid,
      `chain nat { type nat hook prerouting priority -100; ip saddr ${from} tcp dport ${port} redirect to :${relayPort}; }`,
    );
    return new NetworkFault(pid, relay);
  }

  /** `verdict` by direction: true for packets from the peer. */
  private static async filter(
    { to, port, from }: Reach,
    verdict: (fromPeer: boolean) => string,
  ): Promise<NetworkFault> {
    const pid = await to.pid();
    rules(
      pid,
      `chain in { type filter hook input priority 0; tcp flags & rst == rst accept; ip saddr ${from} tcp dport ${port} ${verdict(true)}; }
       chain out { type filter hook output priority 0; tcp flags & rst == rst accept; ip daddr ${from} tcp sport ${port} ${verdict(false)}; }`,
    );
    return new NetworkFault(pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    enter(this.pid, "nft", ["delete", "table", "inet", "fault"]);
    this.helper?.kill("SIGKILL");
  }
}

/** Cuts the connections that there are, so that both sides hear of it at once, whatever fault there is. Returns how many there were. */
export async function cut({ to, port, from }: Reach): Promise<number> {
  const out = enter(await to.pid(), "ss", ["-HtnK", "state", "established", "src", `:${port}`, "dst", from]);
  // Until this process has heard of it too.
  await sleep(50);
  return out.split("\n").filter((line) => line.trim() !== "").length;
}

function rules(pid: number, chains: string): void {
  enter(pid, "nft", ["-f", "-"], `table inet fault {\n${chains}\n}\n`);
}

function enter(pid: number, program: string, args: readonly string[], input = ""): string {
  const all = ["-t", String(pid), "-n", program, ...args];
  return execFileSync("nsenter", all, {
    input,
    encoding: "utf8",
    env: { PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` },
  });
}
