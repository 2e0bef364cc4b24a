/**
 * A stand-in for Pulumi's Docker plugin, which can't be had on every machine that runs the tests. It speaks the protocol of the real one,
 * works on a real engine (that of DOCKER_HOST), and knows what stacks/docker.ts uses of Network, RemoteImage, Volume and Container. What the
 * real one does beyond that, such as pulling images, it does not do; a test that passes with it has not been tried with the real one.
 */
const { provider } = require("@pulumi/pulumi");
const resources = require("./resources.cjs");

/** @param {string} urn such as `urn:pulumi:test::sessions::docker:index/network:Network::network` */
const resourceOf = (urn) => {
  const type = urn.split("::")[2]?.split(":").pop() ?? "";
  const found = resources[type];
  if (!found) throw new Error(`the stand-in for the Docker plugin knows no ${type}`);
  return found;
};

const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

const plugin = {
  version: require("@pulumi/docker/package.json").version,
  async diff(_id, urn, olds, news) {
    const changed = Object.keys(news).filter((name) => !isSame(olds[name], news[name]));
    const replaces = changed.filter((name) => !resourceOf(urn).atOnce.includes(name));
    if (changed.length === 0 || replaces.length > 0) return { changes: changed.length > 0, replaces };
    // The engine then compares by itself, and applies the program's `replaceOnChanges`, for which the SDK's plugins can say nothing.
    return { replaces };
  },
  async create(urn, inputs) {
    const { id, computed = {}, failure } = await resourceOf(urn).create(inputs);
    const outs = { ...inputs, ...computed };
    // There in part: the engine keeps it with the reason, and forgets that at the next look at it.
    if (failure) throw Object.assign(new Error(failure), { id, properties: outs, reasons: [failure] });
    return { id, outs };
  },
  async read(id, urn, props) {
    const seen = await resourceOf(urn)
      .read(id, props)
      .catch((error) => {
        if (error.statusCode === 404) return undefined;
        throw error;
      });
    if (!seen) return { id: "", props: {} };
    const inputs = Object.fromEntries(
      Object.entries(props).filter(([name]) => !resourceOf(urn).computed.includes(name)),
    );
    return { id, props: { ...props, ...seen }, inputs: { ...inputs, ...seen } };
  },
  // What takes effect at once is for later steps only.
  update: async (_id, _urn, olds, news) => ({ outs: { ...olds, ...news } }),
  async delete(id, urn, props) {
    await resourceOf(urn)
      .delete(id, props)
      .catch((error) => {
        if (error.statusCode !== 404) throw error;
      });
  },
};

provider.main(plugin, process.argv.slice(2));
