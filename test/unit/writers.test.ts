import { actsAs, writers } from "../../provider/src/recipe/accounts/writers";

const account = (user: string) => ({ user, host: "%" });

test("an account that may write everywhere comes before those with rights on single tables, roles included", () => {
  const [narrow, wide, byRole, reader] = ["narrow", "wide", "member", "reader"].map(account) as [
    ReturnType<typeof account>,
    ReturnType<typeof account>,
    ReturnType<typeof account>,
    ReturnType<typeof account>,
  ];
  const rights = [
    { who: narrow, on: "d.t", privileges: ["DELETE", "INSERT"] },
    { who: wide, on: "*.*", privileges: ["INSERT", "UPDATE", "DELETE"] },
    { who: { user: "editors", host: "" }, on: "*.*", privileges: ["DELETE"] },
    { who: reader, on: "*.*", privileges: [] },
  ];
  const found = writers([narrow, wide, byRole, reader], rights, [{ who: byRole, role: "editors" }]);
  expect(found.map(({ account: { user }, by }) => `${user}: ${by}`)).toEqual([
    "wide: INSERT, UPDATE, DELETE ON *.*",
    "member: DELETE ON *.* by the role editors",
    "narrow: DELETE, INSERT ON d.t",
  ]);
});

test("who acts as another one may write where that one may, however often it goes round, and everywhere as anybody", () => {
  const [a, b, c, d, e] = ["a", "b", "c", "d", "e"].map(account) as [
    ReturnType<typeof account>,
    ReturnType<typeof account>,
    ReturnType<typeof account>,
    ReturnType<typeof account>,
    ReturnType<typeof account>,
  ];
  const rights = [
    { who: a, ...actsAs(b) },
    { who: b, ...actsAs(a) },
    { who: b, on: "d.t", privileges: ["INSERT", "GRANT OPTION"] },
    { who: c, ...actsAs(e) },
    { who: c, ...actsAs(account("nobody")) },
    { who: d, ...actsAs({ user: "", host: "%" }) },
    { who: e, on: "PROCEDURE d.p", privileges: ["EXECUTE"], as: c },
  ];
  expect(writers([a, b, c, d, e], rights, []).map(({ account: { user }, by }) => `${user}: ${by}`)).toEqual([
    "d: PROXY ON ``@`%`",
    "a: PROXY ON `b`@`%`",
    expect.stringContaining("b: INSERT ON d.t WITH GRANT OPTION"),
  ]);
});
