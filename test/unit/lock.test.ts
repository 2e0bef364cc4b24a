import fc from "fast-check";
import type { Connection } from "../../provider/src/inputs";
import { inTurn, NotYet, refuseAfterFailure } from "../../provider/src/pair/lock";
import { Run } from "../../provider/src/run";

const server = (name: string, port: number): Connection => ({
  name,
  host: { kind: "local", directory: "/none" },
  address: "127.0.0.1",
  port,
  admin: { user: "admin", password: "secret" },
});
const db1 = server("db1", 1);
const db2 = server("db2", 2);

/** Begins changes at once, each of which ends when it is told to. Returns the names of those that are under way. */
function changes(...begun: readonly (readonly [name: string, servers: readonly Connection[]])[]) {
  const underWay = new Map<string, () => void>();
  const all = begun.map(([name, servers]) =>
    inTurn(servers, () => new Promise<void>((resolve) => underWay.set(name, resolve))),
  );
  const settle = () => new Promise((resolve) => setTimeout(resolve, 5));
  return {
    all: Promise.all(all),
    names: async () => {
      await settle();
      return [...underWay.keys()];
    },
    end: (name: string) => {
      underWay.get(name)?.();
      underWay.delete(name);
    },
  };
}

const another = <T>(work: () => T): T => new Run().within(work);

test("two nodes of a first bring-up are changed side by side", async () => {
  await another(async () => {
    const { all, names, end } = changes(["one", [db1]], ["other", [db2]]);
    expect(await names()).toEqual(["one", "other"]);
    end("one");
    end("other");
    await all;
  });
});

test("changes that concern the same server come one after another, in whichever order servers are named, and all come", async () => {
  const servers = fc.uniqueArray(fc.constantFrom(db1, db2, server("db3", 3)), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(fc.array(servers, { maxLength: 6 }), (wanted) =>
      another(async () => {
        const { all, names, end } = changes(...wanted.map((each, number) => [`${number}`, each] as const));
        for (let now = await names(); now.length > 0; now = await names()) {
          const concerned = now.flatMap((name) => wanted[Number(name)] ?? []);
          expect(new Set(concerned).size).toBe(concerned.length);
          for (const name of now) end(name);
        }
        await all;
      }),
    ),
    { numRuns: 50 },
  );
});

test("a change that failed lets the next one have its turn", async () => {
  await another(async () => {
    await expect(inTurn([db1, db2], () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await inTurn([db2], async () => "done")).toBe("done");
  });
});

test("after a change that failed, nothing of its servers is stopped in this run; another pair, and another run, are free", async () => {
  await another(async () => {
    refuseAfterFailure([db1, db2]);
    await expect(inTurn([db1], () => Promise.reject(new Error("db1 burns")))).rejects.toThrow("db1 burns");
    expect(() => refuseAfterFailure([db2, db1])).toThrow(/not touched, .*: db1 burns/);
    expect(() => refuseAfterFailure([db2, server("db3", 3)])).not.toThrow();
    expect(() => another(() => refuseAfterFailure([db1, db2]))).not.toThrow();
  });
});

test("a change that lacks what another one brings ends its turn, and gets another after that one", async () => {
  const lines: string[] = [];
  await new Run((line) => lines.push(line)).within(async () => {
    let isThere = false;
    const order: string[] = [];
    const needs = inTurn([db1, db2], async () => {
      order.push(isThere ? "found" : "looked");
      if (!isThere) throw new NotYet("db1 to replicate", "it is not there");
    });
    const brings = inTurn([db1], async () => {
      order.push("brought");
      isThere = true;
    });
    await Promise.all([needs, brings]);
    expect(order).toEqual(["looked", "brought", "found"]);
    expect(lines).toEqual(["waiting for db1 to replicate ..."]);
  });
});

describe("a wait for what is not there yet", () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const pass = (seconds: number) => jest.advanceTimersByTimeAsync(seconds * 1000);

  test("ends after fifteen seconds where nobody brings it, as it would have been told at once", async () => {
    await another(async () => {
      let isTold = false;
      const lacking = inTurn([db1], () => Promise.reject(new NotYet("db1", "db1 does not replicate")));
      const told = expect(lacking).rejects.toThrow(/^db1 does not replicate$/);
      void told.then(() => {
        isTold = true;
      });
      await pass(14);
      expect(isTold).toBe(false);
      await pass(2);
      await told;
      expect(await inTurn([db1], async () => "free")).toBe("free");
      // It has stopped nothing: it keeps nothing else from being stopped.
      expect(() => refuseAfterFailure([db1])).not.toThrow();
    });
  });

  test("outlasts a change of many minutes, after which it comes", async () => {
    await another(async () => {
      let isThere = false;
      const needs = inTurn([db1, db2], async () => {
        if (!isThere) throw new NotYet("db1 to be seeded", "it is not there");
        return "found";
      });
      const brings = inTurn([db1], () => new Promise((resolve) => setTimeout(resolve, 20 * 60_000)));
      await pass(20 * 60 + 1);
      await brings;
      isThere = true;
      await pass(3);
      expect(await needs).toBe("found");
    });
  });
});
