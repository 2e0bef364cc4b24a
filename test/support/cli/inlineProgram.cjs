/**
 * `node inlineProgram.cjs COMMAND WHAT`: a program within another one (Automation API), in the stack that the environment says. Prints what its
 * caller is told.
 */
const pulumi = require("@pulumi/pulumi");
const { LocalWorkspace } = require("@pulumi/pulumi/automation");
const { ReplicatedSessionStore } = require("pulumi-replicated-session-store");

const later = (value) => pulumi.output(new Promise((resolve) => setTimeout(() => resolve(value), 200)));
const other = () => new pulumi.ComponentResource("test:index:Other", "other");
const pair = (proxyPassword) =>
  new ReplicatedSessionStore("sessions", {
    nodes: [1, 2].map((n) => ({ host: { kind: "local", directory: `/nowhere${n}` }, address: "127.0.0.1", port: n })),
    admin: { password: "marker-1" },
    proxy: { password: proxyPassword },
    replication: { password: "marker-2" },
    binaryLog: { password: "marker-3" },
  });

const PROGRAMS = {
  other,
  async emptyLater() {
    pair(later(""));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    other();
  },
  emptyAtOnce: () => pair(""),
};

async function main([command, what]) {
  const program = async () => {
    await PROGRAMS[what]();
  };
  const stack = await LocalWorkspace.createOrSelectStack({ stackName: "test", projectName: "sessions", program });
  const text = await stack[command]().then(
    () => "it did not fail",
    (error) => error.message,
  );
  const { deployment } = await stack.exportStack();
  console.log(JSON.stringify({ text, types: (deployment.resources ?? []).map(({ type }) => type) }));
  // What the SDK still waits for keeps no caller.
  process.exit(0);
}

void main(process.argv.slice(2));
