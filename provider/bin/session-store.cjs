#!/usr/bin/env node
/**
 * The command line of the package:
 *
 *   session-store reaches-peer [--pattern P ...] [--database D] <table or statement>
 *   session-store check-script [--pattern P ...] [--database D] <file.sql>
 *
 * It asks no server. Exit code 0: yes, or nothing found; 1: no, or something found; 2: it can't be told, or wrong usage.
 */
const { run } = require("../dist/commands/program.js");

run(process.argv.slice(2), {
  write: (text) => process.stdout.write(text),
  warn: (text) => process.stderr.write(text),
}).then((code) => {
  process.exitCode = code;
});
