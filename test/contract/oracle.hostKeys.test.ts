import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { fingerprint, parseHostKeys } from "../../provider/src/hosts/ssh/hostKeys";
import { BARE, type HostKeyCase, hostKeyCases, hostKeyText, OTHER_TEXTS, STRANGER } from "../support/hostKeyCases";
import { oracleTest } from "../support/oracle";

/** ssh-keygen is the judge of host keys: a text is taken with the fingerprints that it prints, or refused where it leaves a line out. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "session-store-host-keys-"));
});
afterAll(() => rm(folder, { recursive: true }));

const ours = (text: string): string => {
  try {
    return parseHostKeys(text)
      .map(({ blob }) => fingerprint(blob))
      .join(" ");
  } catch {
    return "refused";
  }
};

/** ssh-keygen reads a file line by line, so one process takes a whole batch, with a key between the cases that none of them has. */
async function judged(texts: readonly string[]): Promise<string[]> {
  const file = path.join(folder, "keys");
  await writeFile(file, texts.map((text) => `${text}\nssh-ed25519 ${STRANGER.toString("base64")}\n`).join(""));
  const printed = await new Promise<string>((resolve) => {
    execFile("ssh-keygen", ["-l", "-f", file], (_error, stdout) => resolve(stdout));
  });
  // For a key without a comment it prints what happens to lie in its memory, line breaks too.
  const found = [...printed.matchAll(/^\d+ (SHA256:\S+)/gm)].map(([, print]) => print);
  return texts.map((text) => {
    const prints = found.splice(0, found.indexOf(fingerprint(STRANGER)) + 1).slice(0, -1);
    const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== "" && !line.trim().startsWith("#"));
    return prints.length === lines.length ? prints.join(" ") : "refused";
  });
}

oracleTest<HostKeyCase, string>("host keys are taken as ssh-keygen reads them", {
  cases: hostKeyCases,
  oracle: (cases) => judged(cases.map(hostKeyText)),
  ours: (one) => ours(hostKeyText(one)),
});

test("a key alone is taken, without its type", () => {
  for (const [text, print] of BARE) expect(ours(text)).toBe(print);
});

test.each(Object.entries(OTHER_TEXTS))(
  "what is no key is refused with what it is, and how to get one: %s",
  (_, [text, reason]) => {
    expect(() => parseHostKeys(text)).toThrow(reason);
  },
);
