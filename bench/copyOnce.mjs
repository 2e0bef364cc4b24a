// @ts-check
/** One copy by the library, in a process of its own as the plugin's is: prints seconds and the most memory that it took. */
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
/** @type {typeof import("../provider/dist/run.js")} */
const { Run } = require("../provider/dist/run.js");
/** @type {typeof import("../provider/dist/mariadb/open.js")} */
const { openAsSuperuser } = require("../provider/dist/mariadb/open.js");
/** @type {typeof import("../provider/dist/pair/copy.js")} */
const { copyDatabases } = require("../provider/dist/pair/copy.js");

new Run().enter();

const [source = "", target = "", database = ""] = process.argv.slice(2);
/** @param {string} name @param {string} directory */
const open = (name, directory) =>
  openAsSuperuser({
    name,
    host: { kind: "local", directory },
    address: "127.0.0.1",
    port: 1,
    admin: { user: "unused", password: "unused" },
  });
const [from, to] = await Promise.all([open("db1", source), open("db2", target)]);
const began = performance.now();
await copyDatabases(from, to, [database], []);
const seconds = (performance.now() - began) / 1000;
console.log(JSON.stringify({ seconds, megabytes: process.resourceUsage().maxRSS / 1024 }));
process.exit(0);
