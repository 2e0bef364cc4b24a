import { openHost } from "../../provider/src/hosts";
import { openAsSuperuser } from "../../provider/src/mariadb/open";
import { Run } from "../../provider/src/run";
import { until } from "../../provider/src/waiting";
import { ContainerHost, type ContainerHostOptions } from "../support/hosts/containerHost";
import { NetworkFault } from "../support/hosts/networkFaults";
import { TestNetwork } from "../support/hosts/testNetwork";

/** The one connection to a machine over SSH: made when the machine is there, shared by all, kept alive, closed when nobody uses it. */

jest.setTimeout(120_000);

let network: TestNetwork;
const machines: ContainerHost[] = [];

/** What takes long, beside all else: what was seen. */
let idleEnds: Promise<{ atFirst: number; seconds: number }>;
let silentEnds: Promise<{ message: string; seconds: number }>;

beforeAll(async () => {
  network = await TestNetwork.create();
  [idleEnds, silentEnds] = [closesWhenIdle(), endsWhenSilent()];
  for (const work of [idleEnds, silentEnds]) work.catch(() => undefined);
});
afterAll(async () => {
  await Promise.all(machines.map((machine) => machine[Symbol.asyncDispose]()));
  await network?.[Symbol.asyncDispose]();
});

async function start(options: ContainerHostOptions = {}): Promise<ContainerHost> {
  const machine = await ContainerHost.start(network, { withServer: false, ...options });
  machines.push(machine);
  return machine;
}

/** How many connections its sshd has. */
const connections = async (machine: ContainerHost): Promise<number> =>
  Number(await machine.sh("ss -Htn state established sport = :22 | wc -l"));

/** After how many seconds a connection that nobody uses is closed. */
async function closesWhenIdle(): Promise<{ atFirst: number; seconds: number }> {
  const machine = await start();
  await openHost(machine.inputs).run(["true"]);
  const began = Date.now();
  const atFirst = await connections(machine);
  await until({ what: "the connection to be closed", deadline: 60_000, pause: 250 }, async () =>
    (await connections(machine)) === 0 ? { done: undefined } : { seen: "it is open" },
  );
  return { atFirst, seconds: (Date.now() - began) / 1000 };
}

/** What a command ends with when nothing comes through its connection any more, and after how many seconds. */
async function endsWhenSilent(): Promise<{ message: string; seconds: number }> {
  const machine = await start();
  const lost = openHost(machine.inputs)
    .run(["sleep", "600"])
    .then(
      () => "it ended well",
      (error: Error) => error.message,
    );
  await until({ what: "the command to run", deadline: 20_000 }, async () =>
    (await machine.sh("pgrep -x sleep || true")) ? { done: undefined } : { seen: "nothing" },
  );
  await using _fault = await NetworkFault.halfOpen({ to: machine, port: 22, from: network.gateway });
  const began = Date.now();
  return { message: await lost, seconds: (Date.now() - began) / 1000 };
}

const serverOf = (machine: ContainerHost) => ({
  name: "db",
  host: machine.inputs,
  address: machine.address,
  port: 3306,
  admin: { user: "session_store_admin", password: "none" },
});

/** Progress lines that are printed meanwhile. */
async function linesOf<T>(work: (lines: string[]) => Promise<T>): Promise<T> {
  const lines: string[] = [];
  const print = jest.spyOn(Run.current, "sink").mockImplementation((line) => void lines.push(line));
  try {
    return await work(lines);
  } finally {
    print.mockRestore();
  }
}

describe("a machine that is still booting", () => {
  /** Waits for the machine until `ready` makes it so, which happens when the progress lines have told what is seen. */
  const awaited = (machine: ContainerHost, seen: RegExp, ready: () => Promise<void>): Promise<void> =>
    linesOf(async (lines) => {
      const prepared = openHost(machine.inputs).prepare();
      const told = { what: "a line of progress", deadline: 20_000 };
      await until(told, async () =>
        lines.some((line) => seen.test(line)) ? { done: undefined } : { seen: lines.join("\n") },
      );
      await ready();
      await prepared;
      expect(await openHost(machine.inputs).run(["hostname"])).toBe("db1\n");
    });

  it("to which there is no way yet is awaited", async () => {
    const machine = await start();
    await machine.stop();
    await awaited(machine, /waiting for root@\S+ \(\d.* can't be reached: connect EHOSTUNREACH/, () => machine.boot());
  });

  it("whose sshd does not listen yet is awaited", async () => {
    const machine = await start();
    const fault = await NetworkFault.refused({ to: machine, port: 22, from: network.gateway });
    await awaited(machine, /waiting for root@\S+ \(\d.* can't be reached: connect ECONNREFUSED/, () =>
      fault[Symbol.asyncDispose](),
    );
  });

  it("that lets in root only until it is up is awaited", async () => {
    const machine = await start({ user: "deploy" });
    await machine.exec(["tee", "/run/nologin"], { input: "The system is booting up.\n" });
    await awaited(machine, /waiting for deploy@\S+ \(\d.*The system is booting up/, async () => {
      await machine.sh("rm /run/nologin");
    });
  });

  it("is given up after bootDeadline, with what was seen last", async () => {
    const machine = await start({ inputs: { bootDeadline: 2 } });
    await machine.stop();
    const began = Date.now();
    await linesOf(() =>
      expect(openHost(machine.inputs).prepare()).rejects.toThrow(
        /^waited [2-9]\.\d s for root@\S+; last seen: root@\S+ can't be reached: connect EHOSTUNREACH/,
      ),
    );
    expect(Date.now() - began).toBeLessThan(15_000);
  });
});

it("commands, files and SQL go through one connection, and no port of the server is needed", async () => {
  const machine = await start({ withServer: true });
  const host = openHost(machine.inputs);
  await using one = await openAsSuperuser(serverOf(machine));
  await using two = await openAsSuperuser(serverOf(machine));
  const work = Array.from({ length: 20 }, () => [
    host.run(["hostname"]),
    host.readFile("/etc/hostname").then((file) => file?.text),
    one.value("SELECT CONCAT(@@hostname, '\\n')"),
    two.value("SELECT CONCAT(@@hostname, '\\n')"),
  ]);
  expect(new Set(await Promise.all(work.flat()))).toEqual(new Set(["db1\n"]));
  expect(await machine.handshakes()).toBe(1);
  expect(await connections(machine)).toBe(1);
  expect(await machine.sh("ss -Htn state established sport = :3306")).toBe("");
});

it("an sshd that forwards nothing and takes few commands at a time will do", async () => {
  const few = "MaxSessions 2\nAllowTcpForwarding no\nAllowStreamLocalForwarding no\n";
  const machine = await start({ withServer: true, files: { "/etc/ssh/sshd_config.d/few.conf": few } });
  const host = openHost(machine.inputs);
  await using one = await openAsSuperuser(serverOf(machine));
  await using two = await openAsSuperuser(serverOf(machine));
  const work = Array.from({ length: 8 }, () => [host.run(["hostname"]), one.value("SELECT 1"), two.value("SELECT 1")]);
  expect(new Set(await Promise.all(work.flat()))).toEqual(new Set(["db1\n", "1"]));
});

it("a connection that was lost is made anew by the next command", async () => {
  const machine = await start();
  const host = openHost(machine.inputs);
  await host.run(["true"]);
  await machine.kill();
  await machine.boot();
  expect(await host.run(["hostname"])).toBe("db1\n");
});

it("one that nobody uses is closed after half a minute", async () => {
  const { atFirst, seconds } = await idleEnds;
  expect(atFirst).toBe(1);
  expect(seconds).toBeGreaterThan(25);
});

it("one through which nothing comes is given up within a minute, and the command with it", async () => {
  const { message, seconds } = await silentEnds;
  expect(message).toMatch(/the connection to \S+ was lost while a command ran there/);
  expect(seconds).toBeLessThan(60);
});
