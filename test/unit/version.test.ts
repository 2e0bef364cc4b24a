import fc from "fast-check";
import { Version } from "../../provider/src/recipe/version";

const part = fc.nat({ max: 99 });
const triple = fc.tuple(part, part, part);

test.each([
  ["10.11.19-MariaDB-0+deb12u1", "10.11.19"],
  ["5.5.5-10.4.2-MariaDB", "5.5.5"],
  ["11.8.6-MariaDB-log", "11.8.6"],
  ["10.6.0", "10.6.0"],
])("%s is version %s", (text, number) => {
  expect(Version.parse(text).number).toBe(number);
});

test("what is no version is refused with the text that was seen", () => {
  expect(() => Version.parse("PostgreSQL")).toThrow('"PostgreSQL" is not a MariaDB version');
});

test("versions are ordered by number, part by part, not as text", () => {
  const order = (one: number[], other: number[]) =>
    (one[0] ?? 0) - (other[0] ?? 0) || (one[1] ?? 0) - (other[1] ?? 0) || (one[2] ?? 0) - (other[2] ?? 0);
  fc.assert(
    fc.property(triple, triple, (one, other) => {
      expect(Version.parse(one.join(".")).atLeast(other.join("."))).toBe(order(one, other) >= 0);
    }),
  );
  expect(Version.parse("10.11.2").atLeast("10.9.8")).toBe(true);
});

test("parts that are left out count as 0", () => {
  expect(Version.parse("11.4.0").atLeast("11.4")).toBe(true);
  expect(Version.parse("11.3.9").atLeast("11.4")).toBe(false);
});

test("a range takes its first version in and leaves its last one out", () => {
  const inside = (text: string) => Version.parse(text).between("10.6.1", "10.6.19");
  expect(["10.6.0", "10.6.1", "10.6.18", "10.6.19", "10.11.1"].map(inside)).toEqual([false, true, true, false, false]);
});
