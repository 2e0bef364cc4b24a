import { describeLine, type OptionLine, parseOptionFile } from "../recipe/settings/optionFile";
import type { Server } from "./server";
import { UNTOLD_OPTIONS } from "./settings";

/** What a server has against its option files, as it will read them at its next start. Its data are not touched: they are another process's. */

const ASK = `PATH=$PATH:/usr/sbin:/usr/local/sbin
b=$(command -v mariadbd || command -v mysqld) || exit 0
timeout 20 "$b" "$@" "--user=$(id -un)" --datadir=/nonexistent --help --verbose 2>&1 >/dev/null | sed -n 's/.*\\[ERROR\\] //p' | sed 's/^Buffered error: //'`;

/**
 * Lines of its own about options that keep it from starting.
 * @param replaced the text of an option file that is about to be rewritten: errors in its options are ignored. @default none
 */
export async function startProblems(server: Server, replaced = ""): Promise<string[]> {
  const answer = await server.host.run(["sh", "-c", ASK, "sh", ...server.host.serverArguments], { looks: true });
  const lines = answer.split("\n").filter((line) => line !== "");
  if (lines.length === 0) return [];
  const ours = parseOptionFile("", replaced).flatMap((item) => ("option" in item ? [item] : []));
  // Without its data it does not find the plugins that were installed by a statement, whose options it knows then.
  const known = await knownNames(server);
  return lines.filter((line) => {
    const [, unknown = "", option = unknown] =
      /unknown (?:variable|option) '(?:--)?([\w-]+)|(?:value '.*' to|for variable) '([\w-]+)'/.exec(line) ?? [];
    const [, value] = /\bvalue '(.*?)'/.exec(line) ?? [];
    const isOurs = ours.some((own) => own.option === plain(option) && (value === undefined || own.value === value));
    return !isOurs && !known.includes(plain(unknown));
  });
}

const plain = (name: string): string => name.replaceAll("-", "_").toLowerCase();

/** Such a line after the place of what it speaks of, where its option or its value tells. */
export function withPlace(problem: string, lines: readonly OptionLine[]): string {
  const words = new Set(plain(problem).match(/[^\s'":;,=]+/g));
  const said = (text: string | undefined) => text !== undefined && words.has(plain(text).replace(/^loose_/, ""));
  const line = lines.findLast(({ option }) => said(option)) ?? lines.findLast(({ value }) => said(value));
  return line ? `${describeLine(line)} (${problem})` : problem;
}

/** Names of the running server's options that have variables, and of its plugins. */
export async function knownNames(server: Server): Promise<string[]> {
  const rows = await server.query(
    "SELECT VARIABLE_NAME AS name FROM information_schema.SYSTEM_VARIABLES WHERE COMMAND_LINE_ARGUMENT IS NOT NULL UNION SELECT PLUGIN_NAME FROM information_schema.PLUGINS",
  );
  return [...rows.map(({ name }) => String(name).toLowerCase()), ...UNTOLD_OPTIONS];
}
