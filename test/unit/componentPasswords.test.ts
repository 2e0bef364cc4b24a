import { passwordRefusal } from "../../provider/src/components/passwords";
import { accounts } from "../support/componentPair";

/** What the component refuses of passwords before the first node is made. */

test.each([
  [{ replication: { password: "x".repeat(97) } }, "replication.password: must have at most 96 bytes"],
  [{ proxy: { password: "" } }, "proxy.password: must not be empty"],
  [
    { proxy: { password: "new", previousPassword: "of\na file" } },
    "proxy.previousPassword: must not have a line break",
  ],
  [{ monitor: { password: "from a file\n" } }, "monitor.password: must not have a line break"],
  [{ extraAccounts: [{ user: "backup", password: "", grants: [] }] }, "extraAccounts.0.password: must not be empty"],
])("one that is none is named: %j", (given, reason) => {
  expect(passwordRefusal({ ...accounts, ...given })?.startsWith(reason)).toBe(true);
});

test("those that can be given pass, also the longest", () => {
  expect(passwordRefusal({ ...accounts, replication: { password: "x".repeat(96) } })).toBeUndefined();
});
