#!/usr/bin/env node
/**
 * The command line of the package:
 *
 *   session-store reaches-peer [--pattern P ...] [--database D] <table or statement>
 *   session-store check-script [--pattern P ...] [--database D] <file.sql>
 *   session-store history [--json] [--run ID] [--node NAME] [--since TIME] [--failed] [<record> ...]
 *
 * It asks no server. Exit code 0: yes, or nothing found; 1: no, or something found, or a record that can't be read; 2: it can't be told, or wrong
 * usage.
 */
const { run } = require("../dist/commands/program.js");

// Who reads the output may have enough of it, as `head` has.
process.stdout.on("error", (error) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

run(process.argv.slice(2), {
  write: (text) => process.stdout.write(text),
  warn: (text) => process.stderr.write(text),
}).then((code) => {
  process.exitCode = code;
});
