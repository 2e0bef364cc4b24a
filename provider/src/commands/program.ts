import { readFile, stat } from "node:fs/promises";
import { Command, CommanderError } from "commander";
import { RECIPE_DATABASE, RECIPE_PATTERNS, validatePattern, wildDoTables } from "../recipe/filters";
import { type Filters, reachesPeer } from "../recipe/schema/reachesPeer";
import { checkScript, tablesOf, tooLarge } from "../recipe/schema/script";
import { printable } from "../run";
import { type HistoryOptions, history, timeOf } from "./history";

export interface Output {
  write(text: string): void;
  warn(text: string): void;
}

interface FilterOptions {
  database: string;
  pattern?: string[];
}

const YES = 0;
const NO = 1;
const CANNOT_TELL = 2;

/** Runs the command line; answers its exit code. */
export async function run(args: readonly string[], output: Output): Promise<number> {
  let code = CANNOT_TELL;
  const program = new Command("session-store")
    .description("Questions about a pair of session stores that need no server.")
    .exitOverride()
    .configureOutput({ writeOut: output.write, writeErr: output.warn });

  withFilters(program.command("reaches-peer"))
    .description("will this table, or what this statement does, reach the other node?")
    .argument("<table or statement>")
    .action((text: string, options: FilterOptions) => {
      const { reaches, because } = reachesPeer(text, filtersOf(options));
      const [word, exit] = reaches === undefined ? ["can't tell", CANNOT_TELL] : reaches ? ["yes", YES] : ["no", NO];
      output.write(`${word}: ${because}\n`);
      code = Number(exit);
    });

  withFilters(program.command("check-script"))
    .description("is this SQL script fit for SessionStoreSchema?")
    .argument("<file.sql>")
    .action(async (file: string, options: FilterOptions) => {
      const { statements, findings } = checkScript(await textOf(file), filtersOf(options));
      for (const { line, reason } of findings) output.write(`${file}:${line}: ${reason}\n`);
      if (findings.length === 0) output.write(`${file}: fit; it makes ${tablesOf(statements).join(", ")}\n`);
      code = findings.length === 0 ? YES : NO;
    });

  program
    .command("history")
    .description("what was changed, as a record that SESSION_STORE_RECORD asked for tells it; the newest last")
    .argument("[files...]", "the record, the oldest file first; - for the standard input", recordOfEnvironment())
    .option("--json", "the lines of the record as they are")
    .option("--run <id>", "only of this run; the beginning of its id will do")
    .option("--node <name>", "only on this node or machine")
    .option(
      "--since <time>",
      "only from then on, such as 2026-01-31 or 2026-01-31T12:30; in UTC unless it has a zone",
      timeOf,
    )
    .option("--failed", "only what failed, or whose outcome is not known")
    .action(async (files: readonly string[], options: HistoryOptions) => {
      if (files.length === 0) throw new Error("name the file of the record, or set SESSION_STORE_RECORD");
      code = YES;
      await history(files, options, {
        line: (text) => output.write(`${text}\n`),
        note: (text) => output.warn(`${printable(text)}\n`),
        finding: (text) => {
          code = NO;
          output.warn(`${printable(text)}\n`);
        },
      });
    });

  try {
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? YES : CANNOT_TELL;
    output.warn(`${(error as Error).message}\n`);
    return CANNOT_TELL;
  }
}

/** In bytes of UTF-8. */
const LONGEST_CHARACTER = 4;

async function textOf(file: string): Promise<string> {
  const size = tooLarge((await stat(file)).size / LONGEST_CHARACTER);
  if (size) throw new Error(`${file}: ${size}`);
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EISDIR") throw error;
    throw new Error(`${file} is a folder: name the file in it, one at a time`);
  }
}

function recordOfEnvironment(): string[] {
  const { SESSION_STORE_RECORD: file } = process.env;
  return file ? [file] : [];
}

function withFilters(command: Command): Command {
  return command
    .option("--database <name>", "the database in which names without one are meant", RECIPE_DATABASE)
    .option(
      "--pattern <pattern>",
      `a value of replicate_wild_do_table; may be given several times; without a dot, of the database (default: ${RECIPE_PATTERNS.join(" ")})`,
      (pattern: string, before: string[] = []) => [...before, pattern],
    );
}

function filtersOf({ database, pattern = [...RECIPE_PATTERNS] }: FilterOptions): Filters {
  const patterns = pattern.flatMap((one) => (one.includes(".") ? [one] : wildDoTables([database], [one])));
  for (const one of patterns) {
    const problem = validatePattern(one);
    if (problem) throw new Error(`--pattern ${problem}`);
  }
  return { database, patterns };
}
