import type { ReplicaStatus } from "../../provider/src/mariadb/replication";
import type { Server } from "../../provider/src/mariadb/server";
import { withRemedy } from "../../provider/src/pair/link";
import { failIfStopped } from "../../provider/src/pair/proof";
import { remedy, repairFirst } from "../../provider/src/recipe/linkState";
import { until } from "../../provider/src/waiting";

/** The remedy follows from the number of the error, whatever other numbers the sentence has in front of it. */

const named = (name: string) => ({ name }) as Server;
const noTable = { errno: 1146, text: "Table 'store.session' doesn't exist" };
const unreachable = { errno: 2003, text: "error connecting, 1045 times" };
const connecting = { ioThread: "Connecting", sqlThread: "Yes", ioError: unreachable } as ReplicaStatus;

const stopping = async (source: string, status: object) =>
  failIfStopped(named("db1"), named(source), status as ReplicaStatus);

test.each<[string, () => Promise<unknown>, number]>([
  [
    "the error that stopped a thread, not a number in a name",
    () => stopping("db2, 1236 of them", { ioThread: "Yes", sqlThread: "No", sqlError: noTable }),
    1146,
  ],
  [
    "the error that stopped a thread, not the one of a try to connect, which stands before it",
    () => stopping("db2", { ...connecting, sqlThread: "No", sqlError: noTable }),
    1146,
  ],
  [
    "what a wait saw last, not a number in what it waits for",
    () => until({ what: "db1 to apply 0-1-7, 1236 of them", deadline: 0 }, async () => ({ seen: "x", errno: 2003 })),
    2003,
  ],
])("a remedy is that for %s", async (_what, fails, errno) => {
  await expect(withRemedy(fails())).rejects.toThrow(new RegExp(`${literally(remedy(errno))}$`));
});

test("an error that is not the replica's own gets no remedy of one, whatever numbers it has", async () => {
  const refused = Object.assign(new Error("db1: Table 'x' doesn't exist, 1146 of them"), { errno: 1045 });
  await expect(withRemedy(Promise.reject(refused))).rejects.toThrow(`${refused.message}. ${remedy(undefined)}`);
});

test("a link that is not there has no number, and its wait fails with what it saw", async () => {
  const wait = until({ what: "x", deadline: 0 }, async () => ({ seen: "not configured" }));
  await expect(withRemedy(wait)).rejects.toThrow(`last seen: not configured. ${remedy(undefined)}`);
});

const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

test.each([1045, 1698, 4151])(
  "a link whose account is refused (%d) is repaired after the accounts of its source",
  (errno) => {
    expect(repairFirst(errno, "db2")).toMatch(/accounts of db2, then the link/);
    expect(remedy(errno)).toMatch(/^The replication account is refused/);
  },
);

test("any other link that is in the way is repaired itself", () => {
  for (const errno of [undefined, 2003, 1236]) expect(repairFirst(errno, "db2")).not.toMatch(/accounts/);
});
