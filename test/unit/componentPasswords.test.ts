import { problemsOf } from "../../provider/src/components/argumentsFirst";

/** What the component refuses of passwords before the first node is made. */

test.each([
  [{ replication: { password: "x".repeat(97) } }, "replication.password: must have at most 96 bytes"],
  [{ proxy: { password: "" } }, "proxy.password: must not be empty"],
  [
    { proxy: { password: "new", previousPassword: "of\na file" } },
    "proxy.previousPassword: must not have a line break",
  ],
  [{ monitor: { password: "from a file\n" } }, "monitor.password: must not have a line break"],
  [{ extraAccounts: [{ user: "backup", password: "", grants: [] }] }, "extraAccounts[0].password: must not be empty"],
  [{ replication: { password: "R1 \u{1F600}" } }, "replication.password: must have no characters beyond U+FFFF"],
  [{ proxy: { password: "half a \ud83d" } }, "proxy.password: must be text that UTF-8 has"],
  // What a program in JavaScript may get from elsewhere.
  [{ monitor: { password: null } }, "monitor.password: must be given"],
  [{ binaryLog: { password: 12345678 } }, "binaryLog.password: must be given, as text"],
])("one that is none is named: %j", (given, reason) => {
  const [[place, account] = ["", {}]] = Object.entries(given);
  expect(problemsOf(place, account)).toEqual([
    expect.stringMatching(new RegExp(`^${reason.replace(/[[\]+]/g, "\\$&")}`)),
  ]);
});

test("those that can be given pass, also the longest", () => {
  expect(problemsOf("proxy", { password: "P1 \u{1F600}", previousPassword: undefined })).toEqual([]);
  expect(problemsOf("replication", { password: "x".repeat(96) })).toEqual([]);
});
