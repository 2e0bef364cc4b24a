/** The commands of the `mariadb` client, which it carries out itself where they stand in a script, and never sends to the server. */

export interface ClientCommand {
  readonly name: string;
  /** As in `\g`. */
  readonly short: string;
  readonly takesArgument: boolean;
  /** Why a script with it can't be run as the client would. Undefined: we do what it does, or it only concerns what is shown. */
  readonly refusal?: string;
}

const row = (name: string, short: string, takesArgument: boolean, refusal?: string): ClientCommand => ({
  name,
  short,
  takesArgument,
  ...(refusal !== undefined && { refusal }),
});

const ELSEWHERE = "Take it out, and run the scripts in one resource each, or put their text together";
const STOPS = "ends the client: what stands behind it is not run. Take it out, with all that is not to be run";

/** In the order in which the client looks for them. */
const COMMANDS: readonly ClientCommand[] = [
  row("?", "?", true),
  row("clear", "c", false, "throws away the statement before it. Take both out"),
  row("connect", "r", true, "lets the client log in to another place. Take it out"),
  row("delimiter", "d", true),
  row("edit", "e", false, "opens an editor. Take it out"),
  row("ego", "G", false),
  row("exit", "q", false, STOPS),
  row("go", "g", false),
  row("help", "h", true),
  row("nopager", "n", false),
  row("notee", "t", false),
  row("pager", "P", true, "starts a program on the machine of the client. Take it out"),
  row("print", "p", false),
  row("prompt", "R", true),
  row("quit", "q", false, STOPS),
  row("rehash", "#", false),
  row("source", ".", true, `reads another file. ${ELSEWHERE}`),
  row("status", "s", false),
  row("system", "!", true, "starts a program on the machine of the client. Take it out"),
  row("tee", "T", true, "writes a file on the machine of the client. Take it out"),
  row("use", "u", true),
  row(
    "charset",
    "C",
    true,
    "says in what encoding the text is; here it is UTF-8. Take it out, and give the text in that",
  ),
  row("warnings", "W", false),
  row("nowarning", "w", false),
  // mariadb-dump begins with it, so that an older client stops at the first line.
  row("sandbox", "-", false),
];

export const shortCommand = (letter: string): ClientCommand | undefined =>
  COMMANDS.find(({ short }) => short === letter);

/** The command that the text begins with, which is a whole line, or what stands before a delimiter. */
export function namedCommand(source: string, delimiter: string): ClientCommand | undefined {
  const text = source.replace(/^[ \t\n\v\f\r]+/, "");
  if (text.includes("\\g") || (text.includes(delimiter) && !beginsWithDelimiter(text))) return undefined;
  const word = /^[^ \t]*/.exec(text)?.[0] ?? "";
  const hasArgument = /[^ \t\n\v\f\r]/.test(text.slice(word.length));
  return COMMANDS.find(
    ({ name, takesArgument }) =>
      word.toLowerCase() === name && (!hasArgument || (takesArgument && argumentOf(text) !== undefined)),
  );
}

/** Also of longer words, such as `delimiters`. */
export const beginsWithDelimiter = (text: string): boolean => /^delimiter/i.test(text);

/** What stands behind a command: up to a blank, or in quotes. Undefined: nothing, or a quote that never closes. */
export function argumentOf(source: string): string | undefined {
  const text = source.replace(/^[ \t\n\v\f\r]+/, "");
  const isShort = text.startsWith("\\");
  const behind = (isShort ? text.slice(2) : text.replace(/^[^ \t\n\v\f\r]+/, "")).replace(/^[ \t\n\v\f\r]+/, "");
  const quote = /^['"`]/.exec(behind)?.[0];
  let argument = "";
  for (let i = quote ? 1 : 0; i < behind.length; i++) {
    const [character = "", next] = [behind[i], behind[i + 1]];
    const isDoubled = !isShort && quote !== undefined && character === quote && next === quote;
    const isEscaped = character === "\\" && next !== undefined && (isShort || quote !== "`");
    if (isEscaped || isDoubled) argument += behind[++i];
    else if (character === (quote ?? " ")) return argument || undefined;
    else argument += character;
  }
  return quote ? undefined : argument || undefined;
}
