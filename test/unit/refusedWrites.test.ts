import { refusalOf } from "../../provider/src/recipe/refusedWrites";

/** What an error of a login or a write as the proxy's account means. */

test.each([
  ["the account, which its own property shows", 1045],
  ["a locked account", 4151],
  ["a table that is not there yet", 1146],
  ["a database that is not there yet", 1049],
  ["a server that stops", 1053],
  ["no answer", undefined],
])("%s is not told as a refusal of writes", (_what, errno) => {
  expect(refusalOf(errno)).toBeUndefined();
});

test("an error of the table has its cause, and what to do", () => {
  expect(refusalOf(1290)).toMatchObject({ errno: 1290, word: "refused, error 1290: read_only is on" });
  expect(refusalOf(1290)?.remedy).toContain("pulumi up");
  expect(refusalOf(1290)?.mayPass).toBeUndefined();
});

test("what proxies or their statements hold may be over in a moment", () => {
  expect([1040, 1203, 1205, 1226].map((errno) => refusalOf(errno)?.mayPass)).toEqual([true, true, true, true]);
});

test("an error that is not in the table is a refusal all the same, with its number", () => {
  expect(refusalOf(1712)).toMatchObject({ word: "refused, error 1712: cause not known", errno: 1712 });
});
