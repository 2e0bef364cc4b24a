import * as pulumi from "@pulumi/pulumi";

/** The engine's floor: one dynamic resource that does nothing, on no server. */
const nothing: pulumi.dynamic.ResourceProvider = {
  check: async (_olds, news) => ({ inputs: news, failures: [] }),
  diff: async (_id, olds, news) => ({ changes: olds.value !== news.value }),
  create: async (inputs) => ({ id: "nothing", outs: inputs }),
  read: async (id, props) => ({ id, props, inputs: props }),
  update: async (_id, _olds, news) => ({ outs: news }),
  delete: async () => {},
};

class Nothing extends pulumi.dynamic.Resource {
  constructor(name: string, args: { value: pulumi.Input<string> }) {
    super(nothing, name, args);
  }
}

new Nothing("nothing", { value: new pulumi.Config().require("value") });
