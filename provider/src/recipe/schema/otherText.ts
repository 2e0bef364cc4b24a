/** Recognises what is given in the place of a script's text: its name, another form of it, or what a program makes of something else. */

interface Kind {
  readonly is: (text: string) => boolean;
  readonly reason: string;
}

const READ_IT = 'In a program: readFileSync(FILE, "utf8")';
const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
const isBase64 = (text: string): boolean =>
  text.length > 40 &&
  /^[A-Za-z0-9+/\s]+={0,2}$/.test(text) &&
  /\bCREATE\b/i.test(Buffer.from(text, "base64").toString("latin1"));

const KINDS: readonly Kind[] = [
  { is: (text) => text === "", reason: `the text is empty. ${READ_IT}` },
  {
    is: (text) => /^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(text),
    reason: "this is an address, not the text of the script. Fetch the file, and give its text",
  },
  {
    is: (text) =>
      !/[\n;]/.test(text) && (/\.(sql|ddl|txt|gz)$/i.test(text) || /^(~|\.{0,2})\/\S*$|^[A-Za-z]:\\/.test(text)),
    reason: `this is the name of a file, not the text in it. ${READ_IT}`,
  },
  {
    is: (text) => /^\[object \w+\]$|^(undefined|null|true|false)$/.test(text),
    reason: `this is what a program makes of a value that is no text. ${READ_IT}`,
  },
  {
    is: (text) => text.startsWith("Calling [toString] on an [Output"),
    reason:
      "this is what Pulumi makes of an output within a text. Give the output itself, or put the text together with pulumi.interpolate",
  },
  {
    is: isJson,
    reason: "this is JSON, not SQL. Where the script is a text in it, JSON.parse takes it out",
  },
  {
    is: (text) => text.startsWith("<"),
    reason: "this is XML or a web page, not SQL; mariadb-dump writes XML with --xml: leave that out",
  },
  { is: isBase64, reason: "this is Base64. Decode it: base64 -d FILE > NEW-FILE" },
];

/** Of a program, in the file along with what it wrote. */
const MESSAGE = /^(mysqldump|mariadb-dump): (\[|Got |Error|Couldn't|Unknown|unknown )/m;

/** What is given in the place of SQL, and what to give. */
export function otherText(script: string): { readonly line: number; readonly reason: string } | undefined {
  const message = MESSAGE.exec(script);
  if (message) {
    return {
      line: script.slice(0, message.index).split("\n").length,
      reason:
        "this is a message of the program that wrote the file. If it tells of an error, the dump is not whole. Keep messages out of the file: > FILE, " +
        "without 2>&1",
    };
  }
  const text = script.replace(/^\uFEFF/, "").trim();
  const kind = KINDS.find(({ is }) => is(text));
  return kind && { line: 1, reason: kind.reason };
}
