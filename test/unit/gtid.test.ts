import fc from "fast-check";
import { inDomain, parsePosition, reaches } from "../../provider/src/mariadb/gtid";

const gtid = fc.record({
  domain: fc.nat({ max: 4294967295 }),
  server: fc.nat({ max: 4294967295 }),
  sequence: fc.bigInt({ min: 0n, max: 18446744073709551615n }),
});
const position = fc.uniqueArray(gtid, { selector: ({ domain }) => domain, maxLength: 4 });
type Gtid = { domain: number; server: number; sequence: bigint };
const text = (gtids: Gtid[]) =>
  gtids.map(({ domain, server, sequence }) => `${domain}-${server}-${sequence}`).join(",");

test("a position is read whole and exact, with sequences beyond what a number holds", () => {
  fc.assert(
    fc.property(position, (gtids) => {
      const parsed = parsePosition(text(gtids));
      expect(parsed.size).toBe(gtids.length);
      for (const one of gtids) {
        expect(parsed.get(one.domain)).toEqual({ server: one.server, sequence: one.sequence });
        expect(inDomain(parsed, one.domain)).toBe(text([one]));
      }
    }),
  );
});

test("as the server shows it: with line breaks, or with nothing in it", () => {
  expect([...parsePosition("1-1-5,\n2-2-7").keys()]).toEqual([1, 2]);
  expect(parsePosition("").size).toBe(0);
  expect(inDomain(parsePosition("1-1-5"), 2)).toBe("");
});

test("what is no GTID is refused: a MySQL one, and one cut off", () => {
  for (const wrong of ["3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5", "1-1", "1-1-x"]) {
    expect(() => parsePosition(wrong)).toThrow("is not a MariaDB GTID");
  }
});

test("a position reaches a target when it has at least the target's sequence in each of the target's domains", () => {
  fc.assert(
    fc.property(position, (gtids) => {
      const at = parsePosition(text(gtids));
      expect(reaches(at, at)).toBe(true);
      expect(reaches(at, new Map())).toBe(true);
      for (const one of gtids) {
        const further = parsePosition(text([{ ...one, sequence: one.sequence + 1n }]));
        expect(reaches(at, further)).toBe(false);
        expect(reaches(further, parsePosition(text([one])))).toBe(true);
      }
    }),
  );
});

test("a domain that is not there at all is not reached, not even its transaction 0", () => {
  expect(reaches(parsePosition("1-1-5"), parsePosition("2-2-0"))).toBe(false);
});

test("a transaction counts whichever server of the domain wrote it", () => {
  expect(reaches(parsePosition("1-2-5"), parsePosition("1-1-5"))).toBe(true);
});
