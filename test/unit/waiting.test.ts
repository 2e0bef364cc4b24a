import { Run } from "../../provider/src/run";
import { during, until, within } from "../../provider/src/waiting";

let printed: string[];

beforeEach(() => {
  printed = [];
  jest.spyOn(Run.current, "sink").mockImplementation((line) => void printed.push(line));
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

/** Lets all the time pass that `work` waits for. */
async function allTheTime<T>(work: Promise<T>): Promise<T> {
  const settled = work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  await jest.runAllTimersAsync();
  const outcome = await settled;
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
}

test("a wait ends with the value of the first look that is done", async () => {
  let looks = 0;
  const wait = until({ what: "db1", deadline: 1000 }, async () => {
    looks += 1;
    return looks === 3 ? { done: "up" } : { seen: "down" };
  });
  expect(await allTheTime(wait)).toBe("up");
  expect(looks).toBe(3);
});

test("a wait that is over says for what it waited, how long, and what it saw last", async () => {
  let looks = 0;
  const wait = until({ what: "db2 to take connections", deadline: 2000 }, async () => ({ seen: `look ${++looks}` }));
  await expect(allTheTime(wait)).rejects.toThrow(/^waited 2\.\d s for db2 to take connections; last seen: look \d+$/);
  expect(looks).toBeGreaterThan(5);
});

test("the last look is taken at the deadline, not a pause before it", async () => {
  const start = Date.now();
  const wait = until({ what: "x", deadline: 1000 }, async () =>
    Date.now() - start >= 1000 ? { done: "just in time" } : { seen: "no" },
  );
  expect(await allTheTime(wait)).toBe("just in time");
});

test("a wait ends at most a tenth later than what it waits for", async () => {
  const start = Date.now();
  const wait = until({ what: "a restart", deadline: 60_000 }, async () => {
    const waited = Date.now() - start;
    return waited >= 700 ? { done: waited } : { seen: "no" };
  });
  expect(await allTheTime(wait)).toBeLessThanOrEqual(770);
});

test("a look that throws ends the wait at once, with its own error", async () => {
  const wait = until({ what: "x", deadline: 60_000 }, async () => {
    throw new Error("no retry mends that");
  });
  await expect(allTheTime(wait)).rejects.toThrow("no retry mends that");
});

test("a wait shows that it lives after a second, then every five, and stays silent when it is shorter", async () => {
  let end = 900;
  const start = Date.now();
  const look = async () => (Date.now() - start >= end ? { done: 1 } : { seen: "not yet" });
  await allTheTime(until({ what: "a short one", deadline: 60_000 }, look));
  expect(printed).toEqual([]);
  end += 12_000;
  await allTheTime(until({ what: "a long one", deadline: 60_000 }, look));
  expect(printed.length).toBe(3);
  expect(printed[0]).toMatch(/^waiting for a long one \(1\.\d s; not yet\) \.\.\.$/);
});

test("work that takes longer than a second is announced once, and shorter work is not", async () => {
  const work = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds, "result"));
  expect(await allTheTime(during("quick", work(500)))).toBe("result");
  expect(printed).toEqual([]);
  expect(await allTheTime(during("slow", work(30_000)))).toBe("result");
  expect(printed).toEqual(["slow ..."]);
});

test("work that misses its deadline fails with the given error, and work that ends in time keeps its own outcome", async () => {
  const late = () => new Error("too late");
  await expect(allTheTime(within(100, late, new Promise(() => undefined)))).rejects.toThrow("too late");
  await expect(allTheTime(within(100, late, Promise.reject(new Error("its own"))))).rejects.toThrow("its own");
  expect(await allTheTime(within(100, late, Promise.resolve(5)))).toBe(5);
  expect(jest.getTimerCount()).toBe(0);
});
