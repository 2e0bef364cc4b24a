import { until } from "../../provider/src/waiting";
import type { PairOptions } from "../support/engine/declaredPair";
import { failureOf } from "../support/engine/faults";
import { HostPair } from "../support/hosts/hostPair";
import { cut, NetworkFault, type Reach } from "../support/hosts/networkFaults";
import { inNetworkSeries } from "../support/inWhole";
import { SessionClient } from "../support/sessionClient";

/** Faults of the network: what a preview shows, what `up` says, that no acknowledged session is missing, and that `up` mends the rest. */

jest.setTimeout(180_000);

let pair: HostPair;

beforeAll(async () => {
  pair = await HostPair.planned({ inputs: { bootDeadline: 3 } }, [{ user: "deploy" }, {}]);
  await pair.up();
  await pair.host(1).sql(SessionClient.TABLE);
  await pair.catchUp();
});
afterAll(async () => {
  await pair?.[Symbol.asyncDispose]();
});

/** One run of the engine. */
const up = (options?: PairOptions): Promise<string[]> => pair.up(options);

afterEach(async () => {
  // Whatever a test did to it, `up` has repaired it all.
  expect(await pair.drift()).toEqual({});
});

const seen = (resource: string) => pair.kept.get(resource)?.outs as Record<string, unknown>;

const timed = async <T>(work: Promise<T>): Promise<{ value: T; seconds: number }> => {
  const start = Date.now();
  return { value: await work, seconds: (Date.now() - start) / 1000 };
};

describe("between the operator and db2", () => {
  const ssh = (): Reach => ({ to: pair.host(2), port: 22, from: pair.network.gateway });
  const last = () =>
    JSON.stringify(
      ["sessions-db2-users", "sessions-db2-database-replicated_session_store"].map((name) => pair.kept.get(name)?.outs),
    );

  it.each([
    ["nothing gets through", NetworkFault.unreachable, /waited \d+\.\d s .*no answer within 10 s/],
    ["the connection is refused", NetworkFault.refused, /waited \d+\.\d s .*ECONNREFUSED/],
    ["there is no route", NetworkFault.noRoute, /waited \d+\.\d s .*EHOSTUNREACH/],
  ])(
    "%s: preview shows the node as unreachable and the rest as last known; up mends db1 and names db2",
    async (_, make, words) => {
      const before = last();
      await pair.host(1).sql("SET GLOBAL max_connections=500");
      {
        await using _fault = await make(ssh());
        const { value: drift, seconds } = await timed(pair.drift());
        expect(drift).toMatchObject({ "sessions-db1": ["settings"], "sessions-db2": ["state"] });
        expect(seen("sessions-db2")["state"]).toBe("unreachable");
        expect(last()).toBe(before);
        expect(seconds).toBeLessThan(25);
        const failure = await failureOf(up());
        expect(failure.message).toMatch(words);
        expect(failure.seconds).toBeLessThan(60);
      }
      await up();
      expect(await pair.host(1).sql("SELECT @@GLOBAL.max_connections")).toBe("1000");
    },
  );

  const repairedThrough = async (fault: Promise<NetworkFault>) => {
    await pair.host(2).sql("SET sql_log_bin=0; DROP USER IF EXISTS binarylog_user");
    {
      await using _fault = await fault;
      const { value: drift, seconds } = await timed(pair.drift());
      expect(drift).toEqual({ "sessions-db2-users": ["accounts"] });
      const repair = await timed(up({ only: ["sessions-db2-users"] }));
      expect(seconds + repair.seconds).toBeLessThan(60);
    }
  };
  inNetworkSeries("one packet of twenty lost: drift is seen and repaired all the same", () =>
    repairedThrough(NetworkFault.lossy(ssh(), 5)),
  );
  inNetworkSeries("300 ms from there and back: drift is seen and repaired all the same", () =>
    repairedThrough(NetworkFault.slow(ssh(), 150)),
  );

  it("a connection that is cut in the middle of a statement is an error that says so, and the next up repairs the rest", async () => {
    const host = pair.host(2);
    await host.sql("SET sql_log_bin=0; DROP USER IF EXISTS binarylog_user");
    // Connections of runs before this one.
    await cut(ssh());
    // Our statement waits behind it.
    const locked = host.sql("FLUSH TABLES WITH READ LOCK; SELECT SLEEP(600)").catch(() => "killed");
    try {
      const repair = failureOf(up());
      await until({ what: "our statement to wait", deadline: 20_000 }, async () => {
        const waits = await host.sql(
          "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'session_store_admin' AND STATE LIKE 'Waiting%'",
        );
        return waits === "1" ? { done: undefined } : { seen: waits };
      });
      expect(await cut(ssh())).toBe(1);
      const { message, seconds } = await repair;
      expect(message).toMatch(/db2.*(lost|hung up|closed|ECONNRESET)/is);
      expect(seconds).toBeLessThan(30);
    } finally {
      await host.sql(
        `KILL ${await host.sql("SELECT ID FROM information_schema.PROCESSLIST WHERE STATE = 'User sleep'")}`,
      );
      await locked;
    }
    await up();
    expect(await host.sql("SELECT COUNT(*) FROM mysql.user WHERE User = 'binarylog_user'")).toBe("1");
  });

  it("a connection that is made and through which nothing comes is given up, and the node shown as unreachable", async () => {
    {
      await using _fault = await NetworkFault.halfOpen(ssh());
      const { value: drift, seconds } = await timed(pair.drift());
      expect(drift).toEqual({ "sessions-db2": ["state"] });
      expect(seen("sessions-db2")["state"]).toBe("unreachable");
      expect(seconds).toBeLessThan(25);
    }
  });
});

describe("between the nodes", () => {
  const ways = (): Reach[] => [
    { to: pair.host(1), port: 3306, from: pair.host(2).address },
    { to: pair.host(2), port: 3306, from: pair.host(1).address },
  ];

  /** Clients write to both nodes before, during and after. Every acknowledged session has to be on both in the end. */
  async function underLoad(work: () => Promise<void>): Promise<void> {
    const clients = pair.hosts.map((host, index) =>
      new SessionClient(`${Date.now()}-${index}`, 3306, undefined, host.address).start(),
    );
    try {
      await moreOf(clients);
      await work();
      await moreOf(clients);
    } finally {
      await Promise.all(clients.map((client) => client.stop()));
    }
    await pair.catchUp();
    for (const host of pair.hosts) {
      const there = new Set((await host.sql("SELECT id FROM replicated_session_store.session")).split("\n"));
      for (const { acknowledged, errors } of clients) {
        expect(errors).toEqual([]);
        expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
      }
    }
  }

  /** Waits until each client has got a few more sessions acknowledged. At a cut a commit waits as long as the profile says, 10 s. */
  const moreOf = async (clients: readonly SessionClient[]): Promise<void> => {
    const enough = clients.map(({ acknowledged }) => acknowledged.length + 5);
    await until({ what: "sessions to be acknowledged", deadline: 20_000 }, async () => {
      const counts = clients.map(({ acknowledged }) => acknowledged.length);
      return counts.every((count, index) => count >= (enough[index] ?? 0))
        ? { done: undefined }
        : { seen: counts.join() };
    });
  };

  const cutBoth = () => Promise.all(ways().map(cut));
  /** The fault in both directions. */
  async function faults(make: (reach: Reach) => Promise<NetworkFault>): Promise<AsyncDisposable> {
    const made = await Promise.all(ways().map(make));
    const heal = () => Promise.all(made.map((fault) => fault[Symbol.asyncDispose]()));
    return { [Symbol.asyncDispose]: async () => void (await heal()) };
  }

  const bothDirectionsAreNamed = async (make: (reach: Reach) => Promise<NetworkFault>, words: RegExp) => {
    await underLoad(async () => {
      {
        await using _faults = await faults(make);
        await cutBoth();
        for (const host of pair.hosts) {
          await until({ what: `${host.name} to try to connect`, deadline: 30_000 }, async () => {
            const status = await host.sql("SHOW SLAVE STATUS");
            return status.includes("Connecting") ? { done: undefined } : { seen: status };
          });
        }
        expect(Object.keys(await pair.drift()).sort()).toEqual(["sessions-db1-from-db2", "sessions-db2-from-db1"]);
        expect(seen("sessions-db1-from-db2")["state"]).toMatch(/^(connecting$|can't connect, error 2003)/);
        const { message } = await failureOf(up());
        expect(message).toMatch(/db1 does not reach db2 at .*:3306: .* db2 does not reach db1 at .*:3306: /);
        expect(message).toMatch(words);
      }
      await up();
    });
  };
  it("connections are refused: preview shows both links, up names both directions and why, and no session is lost", () =>
    bothDirectionsAreNamed(
      NetworkFault.refused,
      /the connection is refused: db\d listens there, so a firewall refuses/,
    ));
  inNetworkSeries(
    "nothing gets through: preview shows both links, up names both directions and why, and no session is lost",
    () => bothDirectionsAreNamed(NetworkFault.unreachable, /no answer within 5 s/),
  );

  const nothingIsLostThrough = async (make: (reach: Reach) => Promise<NetworkFault>) => {
    await underLoad(async () => {
      {
        await using _faults = await faults(make);
        await cutBoth();
        await up();
        expect(await pair.drift()).toEqual({});
        await up({ settings: { slave_parallel_threads: 4 } });
        expect(await pair.drift({ settings: { slave_parallel_threads: 4 } })).toEqual({});
      }
      // Where a relay made it slow, the links end with it.
      await up();
    });
  };
  inNetworkSeries(
    "one packet of twenty lost in each direction: nothing is shown as drift, a change goes through, and no session is lost",
    () => nothingIsLostThrough((reach) => NetworkFault.lossy(reach, 5)),
  );
  inNetworkSeries(
    "300 ms from one to the other and back: nothing is shown as drift, a change goes through, and no session is lost",
    () => nothingIsLostThrough((reach) => NetworkFault.slow(reach, 150)),
  );

  inNetworkSeries(
    "300 ms from one to the other and back: links that are slow to connect are waited for when both nodes restart",
    async () => {
      const options = { settings: { innodb_buffer_pool_chunk_size: "4M" } };
      {
        await using _faults = await faults((reach) => NetworkFault.slow(reach, 150));
        await cutBoth();
        await up(options);
        expect(await pair.drift(options)).toEqual({});
      }
      await up();
    },
  );

  it("a link through which nothing comes any more is noticed by what commits wait for, and is as before when it heals", async () => {
    await underLoad(async () => {
      {
        await using _faults = await faults(NetworkFault.halfOpen);
        await until({ what: "commits to wait for nobody", deadline: 30_000 }, async () => {
          const status = await pair.host(1).sql("SHOW STATUS LIKE 'Rpl_semi_sync_master_status'");
          return /OFF/.test(status) ? { done: undefined } : { seen: status };
        });
        const drift = await pair.drift();
        expect(Object.keys(drift).sort()).toEqual(["sessions-db1-from-db2", "sessions-db2-from-db1"]);
        expect(seen("sessions-db2-from-db1")["semiSync"]).toMatch(/given up|does not acknowledge/);
      }
      await up();
    });
  });
});
