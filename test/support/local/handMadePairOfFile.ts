import { type HandMadeNode, type HandMadePair, handMadePair } from "./handMadePair";

/** A pair that was set up by hand, one for all tests of a file. */

export let pair: HandMadePair;
export let db1: HandMadeNode;
export let db2: HandMadeNode;

export function useHandMadePair(): void {
  beforeAll(async () => {
    pair = await handMadePair();
    [db1, db2] = pair.nodes;
  }, 120_000);

  afterAll(() => pair?.[Symbol.asyncDispose](), 60_000);
}
