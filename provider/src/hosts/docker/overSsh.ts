import { spawn } from "node:child_process";
import * as http from "node:http";
import { Duplex, PassThrough } from "node:stream";

/**
 * Connections to an engine by the ssh program, as the docker command makes them: with the user's own keys, agent, jump hosts, known
 * hosts and, where `~/.ssh/config` has ControlMaster, one login for all. (docker-modem's own way takes any host key.)
 */
export class SshAgent extends http.Agent {
  constructor(private readonly url: URL) {
    super({ keepAlive: true });
  }

  override createConnection(): Duplex {
    const ssh = spawn("ssh", commandLine(this.url), { stdio: ["pipe", "pipe", "pipe"] });
    // Why ssh ended is known a moment after its input and output did: the stream ends only then.
    const received = ssh.stdout.pipe(new PassThrough(), { end: false });
    const sent = new PassThrough();
    sent.pipe(ssh.stdin).on("error", () => undefined);
    const stream = Duplex.from({ writable: sent, readable: received });
    let complaint = "";
    ssh.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint = `${complaint}${text}`.slice(-500);
    });
    const failed = (reason: string) => stream.destroy(new Error(`ssh ${this.url.host}: ${complaint.trim() || reason}`));
    ssh.once("error", ({ message }) => failed(message));
    ssh.once("close", (code) => (code === 0 ? received.end() : failed(`ended with ${code}`)));
    stream.once("close", () => ssh.kill());
    // What is asked of a socket that is kept for the next request.
    return Object.assign(stream, {
      setKeepAlive: () => stream,
      setNoDelay: () => stream,
      setTimeout: () => stream,
      ref: () => ssh.ref(),
      unref: () => ssh.unref(),
    });
  }
}

function commandLine({ username, hostname, port, pathname }: URL): string[] {
  const login = [...(username ? ["-l", decodeURIComponent(username)] : []), ...(port ? ["-p", port] : [])];
  const engine = pathname.length > 1 ? ["--host", `unix://${pathname}`] : [];
  // It must not ask a question that nobody sees.
  const options = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-T"];
  return [...options, ...login, "--", hostname, "docker", ...engine, "system", "dial-stdio"];
}
