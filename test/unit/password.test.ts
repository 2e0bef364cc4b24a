import fc from "fast-check";
import { isExamplePassword, NATIVE, passwordHash, passwordState } from "../../provider/src/recipe/accounts/password";

const native = (password: string) => ({ plugin: NATIVE, hash: passwordHash(password) });
const state = (has: string[], wanted: string[]) => passwordState(has.map(native), wanted.map(native));

test("the hash of a password is the one that MariaDB's PASSWORD() makes", () => {
  expect(passwordHash("password")).toBe("*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19");
  expect(passwordHash("x")).toBe("*B69027D44F6E5EDC07F1AEAD1477967B16F28227");
});

test("a password is as configured exactly when the account takes the wanted ones and no other", () => {
  const few = fc.uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 1 });
  fc.assert(
    fc.property(few, few, (has, wanted) => {
      const same = has.length === wanted.length && has.every((each) => wanted.includes(each));
      expect(state(has, wanted) === "as configured").toBe(same);
    }),
  );
});

test.each([
  [["new"], ["new"], "as configured"],
  [["new", "old"], ["new"], "accepts another one too"],
  [["old"], ["new"], "differs"],
  [["old", "older"], ["new"], "differs"],
  [["new"], ["new", "old"], "does not accept the previous one"],
  [["old"], ["new", "old"], "differs"],
])("an account that takes %p where %p is wanted: %s", (has, wanted, words) => {
  expect(state(has, wanted)).toBe(words);
});

test("an account that lets in without a password is said to have none, whatever else it takes", () => {
  const open = { plugin: NATIVE, hash: "" };
  expect(passwordState([open], [native("new")])).toBe("none");
  expect(passwordState([native("new"), open], [native("new")])).toBe("none");
});

test("another way in than a password is named, or reported beside it", () => {
  const socket = { plugin: "unix_socket", hash: "" };
  expect(passwordState([socket], [native("new")])).toBe("checked by unix_socket");
  expect(passwordState([native("new"), socket], [native("new")])).toBe("accepts another one too");
});

test("the three passwords of the recipe are recognised", () => {
  for (const password of ["nevisproxypassword", "replicationpassword", "binarylogspassword"]) {
    expect(isExamplePassword(password)).toBe(true);
  }
  expect(isExamplePassword("Nevisproxypassword")).toBe(false);
});
