import fc from "fast-check";
import {
  accountObject,
  accountsAmong,
  type Declaration,
  type Entry,
  judge,
  release,
} from "../../provider/src/recipe/claims";

/** Who declares an object, and when it goes. */

const OBJECT = "the replication";
const entry = (token: string, resource: string, stack = "s"): Entry => ({ object: OBJECT, token, resource, stack });
const declaring = (token: string, resource: string, more: Partial<Declaration> = {}): Declaration => ({
  token,
  resource,
  stack: "s",
  adopt: false,
  isInProgram: () => false,
  ...more,
});

describe("a declaration", () => {
  test("of what nobody declares is free", () => {
    expect(judge([], declaring("1", "a"), "db1")).toEqual({ outdated: [], former: [] });
  });

  test("ends the claim of the same resource, which is replaced, and not its own", () => {
    const [former, own] = [entry("1", "a"), entry("2", "a")];
    expect(judge([former, own], declaring("2", "a"), "db1")).toEqual({ outdated: [former], former: [] });
  });

  test("under a new name takes over, and leaves the claim of the former name to its own delete", () => {
    const former = entry("1", "old");
    expect(judge([former], declaring("2", "new"), "db1")).toEqual({ outdated: [], former: [former] });
  });

  test("of what another resource of the program declares is refused, with both names", () => {
    const { refusal } = judge([entry("1", "a")], declaring("2", "b", { isInProgram: (name) => name === "a" }), "db1");
    expect(refusal).toMatch(/^db1 is declared twice in this program: b and a both declare the replication\. Nothing/);
  });

  test("of what another stack declares is refused, unless it adopts", () => {
    const foreign = entry("1", "a", "other");
    const { refusal } = judge([foreign], declaring("2", "a"), "db1");
    expect(refusal).toMatch(/^db1 belongs to another stack: the replication \(a of the stack other\)\. .*adopt: true/);
    const adopted = judge([foreign], declaring("2", "a", { adopt: true }), "db1");
    expect(adopted).toEqual({ outdated: [foreign], former: [] });
  });
});

describe("whatever was declared and given up, in whatever order", () => {
  /** A resource declares an object, or gives up all that it has. */
  const step = fc.record({
    name: fc.constantFrom("a", "b", "c"),
    object: fc.constantFrom("x", "y"),
    gives: fc.boolean(),
  });

  test("an object goes with its last claim, and never before", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let entries: Entry[] = [];
        const declared = new Map<string, Set<string>>();
        for (const { name, object, gives } of steps) {
          if (!gives) {
            const mine = declaring(name, name);
            const { outdated } = judge(
              entries.filter((one) => one.object === object),
              mine,
              "db1",
            );
            entries = [...entries.filter((one) => !outdated.includes(one)), { ...mine, object }];
            declared.set(object, (declared.get(object) ?? new Set()).add(name));
            continue;
          }
          const { free, kept } = release(entries, name);
          const alone = ["x", "y"].filter((one) => declared.get(one)?.has(name) && declared.get(one)?.size === 1);
          expect([...free].sort()).toEqual(alone);
          for (const one of kept) expect([one.token === name, free.includes(one.object)]).toEqual([false, false]);
          entries = entries.filter((one) => one.token !== name);
          for (const owners of declared.values()) owners.delete(name);
        }
      }),
    );
  });
});

test("accounts are found again among objects, whatever their names", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.stringMatching(/^[a-z0-9.%:_/-]+$/), (user, host) => {
      expect(accountsAmong([OBJECT, accountObject({ user, host })])).toEqual([{ user, host }]);
    }),
  );
});

test("MariaDB's own accounts are none of ours to drop, whoever declared them", () => {
  const own = ["root", "ROOT", "mariadb.sys"].map((user) => accountObject({ user, host: "localhost" }));
  const admin = { user: "session_store_admin", host: "localhost" };
  expect(accountsAmong([...own, accountObject(admin)])).toEqual([admin]);
});
