// @ts-check
/** Preloaded into every Node process of a command: lets `dieAt` kill the one in which the provider works, and none of the others. */
if (process.argv.some((arg) => arg.includes("/cmd/dynamic-provider"))) require("./dieAt.cjs");
