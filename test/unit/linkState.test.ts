import fc from "fast-check";
import { type LinkFacts, linkState, REPLICATING, remedy } from "../../provider/src/recipe/linkState";

const refused = { errno: 1045, text: "Access denied for user 'replication_user'" };
const duplicate = { errno: 1062, text: "Duplicate entry '1' for key 'PRIMARY'" };

test.each<[LinkFacts | undefined, string]>([
  [undefined, "not configured"],
  [{ ioThread: "Yes", sqlThread: "Yes" }, REPLICATING],
  [{ ioThread: "No", sqlThread: "No" }, "stopped"],
  [{ ioThread: "Yes", sqlThread: "No" }, "SQL thread stopped"],
  [{ ioThread: "No", sqlThread: "Yes" }, "IO thread stopped"],
  [{ ioThread: "Preparing", sqlThread: "Yes" }, "connecting"],
  [{ ioThread: "Connecting", sqlThread: "Yes" }, "connecting"],
  [{ ioThread: "Connecting", sqlThread: "Yes", ioError: refused }, `can't connect, error 1045: ${refused.text}`],
  [{ ioThread: "No", sqlThread: "Yes", ioError: refused }, `stopped by error 1045: ${refused.text}`],
  [{ ioThread: "Yes", sqlThread: "No", sqlError: duplicate }, `stopped by error 1062: ${duplicate.text}`],
  [
    { ioThread: "No", sqlThread: "No", sqlError: duplicate, ioError: refused },
    `stopped by error 1062: ${duplicate.text}`,
  ],
])("%j is: %s", (facts, state) => {
  expect(linkState(facts)).toBe(state);
});

test("a link is said to replicate exactly when both threads run, whatever else is said of it", () => {
  const thread = fc.constantFrom("Yes", "No", "Connecting", "Preparing");
  const error = fc.option(fc.constantFrom(refused, duplicate), { nil: undefined });
  fc.assert(
    fc.property(thread, thread, error, error, (ioThread, sqlThread, ioError, sqlError) => {
      const state = linkState({ ioThread, sqlThread, ioError, sqlError });
      expect(state === REPLICATING).toBe(ioThread === "Yes" && sqlThread === "Yes");
    }),
  );
});

test("a fault that lasts reads the same at every look, though the server counts its retries", () => {
  const text = (tries: number) =>
    `error connecting to master 'replication_user@127.0.0.1:3307' - retry-time: 10  maximum-retries: 100000  message: Can't connect (111) ${tries}`;
  const state = (tries: number) =>
    linkState({ ioThread: "Connecting", sqlThread: "Yes", ioError: { errno: 2003, text: text(tries) } });
  expect(state(1)).toBe(state(2));
  expect(state(1)).toContain("replication_user@127.0.0.1:3307");
});

test("each error that a pair is known to meet has a remedy of its own", () => {
  const known = [1045, 1049, 1236, 1593, 1677, 2003, 2026].map(remedy);
  expect(new Set(known).size).toBe(known.length);
  expect(known).not.toContain(remedy(9999));
});
