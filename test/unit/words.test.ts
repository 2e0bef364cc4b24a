import { readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { WORDS } from "../../provider/src/recipe/words";

/** The words that users' states and scripts hold. A change of one is a change of the API, and has to be meant. */

const FIRST_RELEASE = path.join(__dirname, "../contract/states/0.1.0.json");
const GOLDEN = path.join(__dirname, "golden/words.txt");
/** Set it to write the golden file. */
const WRITE = "SESSION_STORE_WRITE_GOLDEN";

const table = Object.entries(WORDS).flatMap(([property, { wanted, words }]) =>
  Object.entries(words).map(([word, meaning]) => ({ property, word, meaning, isWanted: word === wanted })),
);

test("no word has changed that states may hold, and no meaning", async () => {
  const lines = table.map(
    ({ property, word, meaning, isWanted }) => `${property}: ${word}${isWanted ? " (wanted)" : ""}\n    ${meaning}\n`,
  );
  const text = lines.join("");
  if (process.env[WRITE] === "1") await writeFile(GOLDEN, text);
  expect(text).toBe(await readFile(GOLDEN, "utf8"));
});

test("each meaning is a sentence", () => {
  expect(table.filter(({ meaning }) => !/^[A-Z`].*\.$/.test(meaning))).toEqual([]);
});

test("what the first release stored of a healthy pair are the wanted words", async () => {
  const stored: { type: string; outputs: Values }[] = JSON.parse(await readFile(FIRST_RELEASE, "utf8"));
  const seen = stored.flatMap(({ type, outputs }) => wordsIn(type.split(":").at(-1) ?? "", outputs));
  const wanted = Object.entries(WORDS).flatMap(([property, { wanted: word }]) =>
    word ? [`${property}: ${word}`] : [],
  );
  // Its pair had no certificates, and no containers.
  const stranger = (line: string) => line.includes(".tlsState:") || line.startsWith("ContainerHealth.");
  expect([...new Set(seen)].sort()).toEqual(wanted.filter((line) => !stranger(line)).sort());
});

type Values = Readonly<Record<string, unknown>>;

/** What is stored in properties that have a wanted word. `accounts` and `tables` hold many. */
function wordsIn(place: string, stored: Values): string[] {
  return Object.entries(stored).flatMap(([name, value]) => {
    const property = `${place}.${name}`;
    if (name === "accounts") return Object.values(value as Values).flatMap((each) => wordsIn(property, each as Values));
    if (!(property in WORDS) || !WORDS[property as keyof typeof WORDS].wanted) return [];
    const words = typeof value === "string" ? [value] : Object.values(value as Values);
    return words.map((word) => `${property}: ${word}`);
  });
}
