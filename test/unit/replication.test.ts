import { isMerelyStopped } from "../../provider/src/mariadb/replication";

test("a refused login of a replica, for whatever reason, is retried and no reason to leave it alone", () => {
  const stopped = (errno: number) =>
    isMerelyStopped({ ioThread: "No", sqlThread: "No", ioError: { errno, text: "" }, sqlError: undefined } as never);
  expect([1045, 1597, 4151, 2003].map(stopped)).toEqual([true, true, true, true]);
  expect([1236, 1593].map(stopped)).toEqual([false, false]);
});
