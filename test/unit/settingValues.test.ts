import fc from "fast-check";
import {
  canonical,
  refusal,
  type SettingInput,
  type SettingKind,
  sameValue,
  toNumber,
  toSql,
  toValue,
} from "../../provider/src/recipe/settings/values";

const NUMBER: SettingKind = { is: "number" };
const BOOLEAN: SettingKind = { is: "boolean" };
const SET: SettingKind = { is: "set" };
const PATTERNS: SettingKind = { is: "patterns" };
const TEXT: SettingKind = { is: "text" };
const CHOICE: SettingKind = { is: "choice", of: ["MIXED", "ROW", "STATEMENT"] };

const same = (kind: SettingKind, one: SettingInput, other: SettingInput) =>
  sameValue(kind, toValue(kind, one), toValue(kind, other));

describe("values that mean the same compare the same:", () => {
  test.each<[SettingKind, SettingInput, SettingInput]>([
    [NUMBER, "500M", "524288000"],
    [NUMBER, "500m", 524288000],
    [NUMBER, "1.000000", "1"],
    [NUMBER, "007", 7],
    [NUMBER, "1G", "1024M"],
    [NUMBER, "0", "0.000000"],
    [NUMBER, "18446744073709551615", "18446744073709551615"],
    [BOOLEAN, "ON", "1"],
    [BOOLEAN, true, "on"],
    [BOOLEAN, "yes", "TRUE"],
    [BOOLEAN, 0, "OFF"],
    [{ is: "log" }, true, "ON"],
    [{ is: "log" }, "/var/log//mysql/bin.log", "/var/log/mysql/bin"],
    [CHOICE, "mixed", "MIXED"],
    [SET, "1452,1062", "1062,1452"],
    [SET, ["1452", "1062"], " 1062 , 1452"],
    [SET, "strict_trans_tables", "STRICT_TRANS_TABLES"],
    [SET, "ANSI", "REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,ANSI"],
    [PATTERNS, ["d.%a", "d.%b"], "d.%b,d.%a"],
    [PATTERNS, ["d.%a", "d.%b"], "d.%a,d.%b,d.%a,d.%b"],
    [TEXT, " a ", "a"],
    [TEXT, "/tmp", "/tmp/"],
    [{ is: "name" }, "innodb", "InnoDB"],
    [{ is: "switches" }, "mrr=on", "index_merge=on,mrr=on,mrr_cost_based=off"],
    [{ is: "number", step: 1024 }, "1000000", "999424"],
    [{ is: "number", step: 128 }, "1000", 896],
  ])("%j: %j and %j", (kind, one, other) => {
    expect(same(kind, one, other)).toBe(true);
  });
});

describe("values that mean something else compare as different:", () => {
  test.each<[SettingKind, SettingInput, SettingInput]>([
    [NUMBER, "500M", "500000000"],
    [NUMBER, "1", "10"],
    [NUMBER, "18446744073709551615", "18446744073709551614"],
    [BOOLEAN, "ON", "OFF"],
    [CHOICE, "ROW", "MIXED"],
    [SET, "1062", "1062,1452"],
    [SET, "ANSI", "ANSI_QUOTES"],
    [{ is: "switches" }, "mrr=on", "index_merge=on,mrr=off,mrr_cost_based=off"],
    [{ is: "number", step: 1024 }, "1000000", "1000448"],
    [PATTERNS, ["d.%a"], ["d.%A"]],
    [TEXT, "a", "A"],
  ])("%j: %j and %j", (kind, one, other) => {
    expect(same(kind, one, other)).toBe(false);
  });
});

test("each unit of a number stands for 1024 of the next smaller one", () => {
  fc.assert(
    fc.property(fc.nat({ max: 4096 }), fc.constantFrom("", "K", "M", "G", "T"), (number, unit) => {
      const factor = 1024 ** ["", "K", "M", "G", "T"].indexOf(unit);
      expect(same(NUMBER, `${number}${unit}`, String(number * factor))).toBe(true);
      expect(same(NUMBER, `${number}${unit.toLowerCase()}`, `${number}${unit}`)).toBe(true);
      expect(toNumber(`${number}${unit}`)).toBe(number * factor);
    }),
  );
});

test("no two different whole numbers are taken for the same, up to the server's largest", () => {
  const number = fc.bigInt({ min: 0n, max: 18446744073709551615n });
  fc.assert(
    fc.property(number, number, (one, other) => {
      expect(same(NUMBER, String(one), String(other))).toBe(one === other);
      expect(same(NUMBER, String(one), String(one + 1n))).toBe(false);
      expect(String(toSql(NUMBER, String(one)))).toBe(String(one));
    }),
  );
});

test("a list is the same in any order and with blanks, and another list isn't", () => {
  const items = fc.uniqueArray(fc.stringMatching(/^[a-z0-9_]{1,6}$/), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(items, fc.constantFrom(SET, PATTERNS), (list, kind) => {
      const turned = [...list].reverse();
      expect(same(kind, list, turned.join(" , "))).toBe(true);
      expect(same(kind, list, [...list, "zzzzzzz"])).toBe(false);
    }),
  );
});

test("the one spelling of a value is stable: it is its own spelling, and that of all that are the same", () => {
  const value = fc.oneof(fc.string({ unit: "binary-ascii" }), fc.nat().map(String), fc.constantFrom("on", "500M"));
  fc.assert(
    fc.property(
      fc.constantFrom(NUMBER, BOOLEAN, SET, PATTERNS, TEXT, CHOICE, { is: "name" } as const),
      value,
      (kind, text) => {
        const once = canonical(kind, toValue(kind, text));
        expect(canonical(kind, once)).toBe(once);
      },
    ),
  );
});

test("a value is shown as its user wrote it, where that is as good", () => {
  expect(toValue(NUMBER, "500M")).toBe("500M");
  expect(toValue(NUMBER, 5)).toBe("5");
  expect(toValue(BOOLEAN, "1")).toBe("ON");
  expect(toValue(BOOLEAN, false)).toBe("OFF");
  expect(toValue(CHOICE, "row")).toBe("ROW");
  expect(toValue(PATTERNS, "a.%x, a.%y")).toEqual(["a.%x", "a.%y"]);
});

test("SET GLOBAL gets bytes for a number, for it takes no units, and text for the rest", () => {
  expect(toSql(NUMBER, "500M")).toBe(524288000n);
  expect(toSql(NUMBER, "0.5")).toBe(0.5);
  expect(toSql(BOOLEAN, "yes")).toBe("ON");
  expect(toSql(PATTERNS, ["a.%x", "a.%y"])).toBe("a.%x,a.%y");
});

describe("refused:", () => {
  test.each<[SettingKind, string | string[], RegExp]>([
    [{ is: "number", min: 10 }, "9", /9 is below the smallest value, 10/],
    [{ is: "number", max: 100 }, "1K", /1K is above the largest value, 100/],
    [NUMBER, "many", /"many" is not a number/],
    [NUMBER, "5X", /"5X" is not a number/],
    [NUMBER, "512.0", /"512.0" is not a whole number/],
    [{ is: "number", isDecimal: true }, "1K", /"1K" has a unit/],
    [NUMBER, "", /is not a number/],
    [BOOLEAN, "2", /"2" is neither ON nor OFF/],
    [BOOLEAN, "yes", /"yes" is neither ON nor OFF/],
    [CHOICE, "ROWS", /"ROWS" is not one of MIXED, ROW, STATEMENT/],
    [TEXT, "a\nlog_bin=other", /line breaks are not allowed/],
    [PATTERNS, ["a.b", "c.d\r[client]"], /line breaks are not allowed/],
    [TEXT, "a\u0000", /control characters/],
  ])("%j: %j", (kind, value, reason) => {
    expect(refusal(kind, value)).toMatch(reason);
  });

  test("and nothing else: the limits themselves, and every spelling that is understood", () => {
    const limited: SettingKind = { is: "number", min: 10, max: 1024 };
    for (const value of ["10", "1024", "1k", "0512"]) expect(refusal(limited, value)).toBeUndefined();
    for (const value of ["on", "OFF", "1", "True"]) expect(refusal(BOOLEAN, value)).toBeUndefined();
    expect(refusal(CHOICE, "mixed")).toBeUndefined();
    expect(refusal(TEXT, 'a "b" #c \\')).toBeUndefined();
  });
});
