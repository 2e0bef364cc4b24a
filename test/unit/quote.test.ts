import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { quote, quoteAll } from "../../provider/src/hosts/ssh/commands";

/** Words that go through a shell, tried on real ones. */

/** What a shell makes of a line: its words, each ended by a zero byte. */
const wordsOf = (shell: string, line: string): string[] =>
  execFileSync(shell, ["-c", `printf '%s\\0' ${line}`], { encoding: "utf8" })
    .split("\0")
    .slice(0, -1);

/** Text that is made of what shells take for something else, and of anything. */
const nasty = fc.string({
  unit: fc.oneof(
    fc.constantFrom(..." \t\n\r'\"\\`$(){}[]<>|&;*?~#!-=%^,@:/"),
    fc.constantFrom("$(id)", "`id`", "$HOME", "&&", "||", "'\\''", "--", "-rf", "ä", "日"),
    fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 3 }),
  ),
  maxLength: 12,
});
const word = nasty.filter((text) => !text.includes("\0"));

test.each(["sh", "bash"])("%s gets each word as it was, whatever is in it", (shell) => {
  const words = fc.array(word, { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(words, (given) => expect(wordsOf(shell, quoteAll(given))).toEqual(given)),
    { numRuns: 200 },
  );
});

test("a word with a zero byte, which no command can take, is refused", () => {
  expect(() => quote("a\0b")).toThrow("zero byte");
});

test("no word is left bare that a shell would expand: patterns, home directories, variables, assignments, comments", () => {
  for (const text of ["*", "?", "[a]", "~", "~root", "$HOME", "#", "!", "{a,b}", "", " ", "a b", "a\nb"]) {
    expect(quote(text)).toBe(`'${text}'`);
  }
});
