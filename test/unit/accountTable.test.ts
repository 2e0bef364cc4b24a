import { SessionStoreUsers } from "../../provider/src/operations/SessionStoreUsers";
import { grantProblem } from "../../provider/src/recipe/accounts/grants";
import { ACCOUNTS, byRole, pickRoles, ROLES, type Role, rowOf } from "../../provider/src/recipe/accounts/table";
import { accountAdvice } from "../../provider/src/recipe/advice";
import { inProfile, PROFILES } from "../../provider/src/recipe/names";

/** A row of the table is all that a kind of account takes: its argument, check, grants and advice follow. */

const PASSWORD = "p";
const node = {
  host: { kind: "local", directory: "/nowhere" },
  address: "db1",
  admin: { password: PASSWORD },
};
const check = (accounts: object) => SessionStoreUsers.check({}, { node, ...accounts });
const all = byRole(() => ({ password: PASSWORD }));

test("the names of the accounts are those of users' states", () => {
  expect(ROLES).toEqual(["proxy", "replication", "binaryLog", "monitor"]);
  expect(ROLES.map((role) => rowOf(role).user)).toEqual([
    "nevisproxy_user",
    "replication_user",
    "binarylog_user",
    "session_store_monitor",
  ]);
});

test("what a program gives besides the recipe's accounts is left out", () => {
  const accounts = { proxy: 1, replication: 2, binaryLog: 3, monitor: 4 };
  expect(pickRoles({ ...accounts, extraAccounts: 5, admin: 6 })).toEqual(accounts);
});

describe.each(ROLES)("the row of %s", (role: Role) => {
  const row = rowOf(role);

  test("has a source, and grants that MariaDB takes in each profile", () => {
    expect(row.source).not.toBe("");
    for (const profile of PROFILES) {
      const grants = inProfile(profile, row)?.(["a_b"]) ?? [];
      expect(grants.length).toBeGreaterThan(0);
      expect(grants.map(grantProblem)).toEqual(grants.map(() => undefined));
    }
  });

  test("makes an account of its default name", async () => {
    const { inputs, failures } = await check(all);
    expect(failures).toEqual([]);
    expect(inputs.accounts[`${row.user}@%`]?.grants).toEqual(row.vendor(["replicated_session_store"]));
  });

  test("says whether a program may do without it", async () => {
    const { [role]: _left, ...others } = all;
    const { failures } = await check(others);
    expect(failures.map(({ reason }) => reason.split(":")[0])).toEqual(row.optional ? [] : [role]);
  });

  test("says whether a former password may be given, or the link keeps it", async () => {
    const rotated = { ...all, [role]: { password: PASSWORD, previousPassword: "q" } };
    const { failures } = await check(rotated);
    expect(failures.length).toBe(row.rotation === "link" ? 1 : 0);
  });

  test("says how long a password may be", async () => {
    const { bytes } = row.longestPassword ?? { bytes: 1000 };
    const reasonsFor = async (length: number) =>
      (await check({ ...all, [role]: { password: "p".repeat(length) } })).failures.length;
    expect(await reasonsFor(bytes)).toBe(0);
    expect(await reasonsFor(bytes + 1)).toBe(row.longestPassword ? 1 : 0);
  });

  test("gives the account its name in advice", () => {
    const [advice] = accountAdvice({ [role]: { password: "nevisproxypassword" } });
    expect(advice?.about).toBe(`account ${row.user}`);
  });
});

test("only the link's account keeps its former password by itself: its user is the peer", () => {
  expect(ROLES.filter((role) => ACCOUNTS[role].rotation === "link")).toEqual(["replication"]);
});
