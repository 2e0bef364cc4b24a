/** Passes a port's connections on to another port of this machine, and holds back what is sent: node slowRelay.cjs PORT TO MILLISECONDS */
const net = require("node:net");

const [port, to, milliseconds] = process.argv.slice(2).map(Number);

net
  .createServer({ allowHalfOpen: true }, (incoming) => {
    const outgoing = net.connect({ port: to, host: "127.0.0.1", allowHalfOpen: true });
    later(incoming, outgoing);
    later(outgoing, incoming);
  })
  .listen(port, () => process.stdout.write("listening\n"));

/** In the same order, each part after the same time. */
function later(from, into) {
  const then = (action) => setTimeout(action, milliseconds);
  from.on("data", (part) => then(() => into.writable && into.write(part)));
  from.on("end", () => then(() => into.end()));
  from.on("error", () => then(() => into.destroy()));
}
