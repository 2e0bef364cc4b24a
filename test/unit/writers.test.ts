import { writers } from "../../provider/src/recipe/accounts/writers";

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
