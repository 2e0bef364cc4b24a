import fc from "fast-check";

/** Tests in which another program is the oracle: what it makes of a case is what our code has to make of it. */

/** `npm run test:oracle` sets both: how often as many cases as in `npm test`, and with how many seeds. */
const TIMES = Number(process.env["ORACLE_TIMES"] ?? 1);
const SEEDS = Number(process.env["ORACLE_SEEDS"] ?? 1);

export interface Comparison<Case, Answer> {
  readonly cases: fc.Arbitrary<Case>;
  /** Takes many cases at once, since each question costs a process. */
  readonly oracle: (cases: readonly Case[]) => Promise<readonly Answer[]>;
  readonly ours: (one: Case) => Answer | Promise<Answer>;
  /** How many there are in `npm test`. @default 1000 */
  readonly inTest?: number;
  /** How many the oracle is asked about at once. @default 100 */
  readonly atOnce?: number;
}

export function oracleTest<Case, Answer>(name: string, comparison: Comparison<Case, Answer>): void {
  test(name, () => expectAgreement(comparison), ORACLE_TIMEOUT);
}

/** Milliseconds for a test that compares. */
export const ORACLE_TIMEOUT = (TIMES * SEEDS + 1) * 60_000;

/** Expects no difference. The shortest cases of the first batch that has some are shown. */
export async function expectAgreement<Case, Answer>(comparison: Comparison<Case, Answer>): Promise<void> {
  expect(await differences(comparison)).toEqual([]);
}

async function differences<Case, Answer>({
  cases,
  oracle,
  ours,
  inTest = 1000,
  atOnce = 100,
}: Comparison<Case, Answer>) {
  for (let seed = 1; seed <= SEEDS; seed++) {
    for (let done = 0; done < inTest * TIMES; done += atOnce) {
      const batch = fc.sample(cases, {
        numRuns: Math.min(atOnce, inTest * TIMES - done),
        seed: seed * 1_000_000_007 + done,
      });
      const wanted = await oracle(batch);
      const got = await Promise.all(batch.map(ours));
      const all = batch.map((one, index) => ({ case: one, oracle: wanted[index], ours: got[index] }));
      const different = all.filter((one) => !isSame(one.oracle, one.ours));
      if (different.length > 0) return different.sort((a, b) => lengthOf(a.case) - lengthOf(b.case)).slice(0, SHOWN);
    }
  }
  return [];
}

const SHOWN = 5;
const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
const lengthOf = (value: unknown): number => JSON.stringify(value).length;
