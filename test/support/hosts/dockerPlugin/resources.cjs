/** The four resources of the stand-in, on the engine that DOCKER_HOST names. */
const Docker = require("dockerode");
const { pack } = require("tar-stream");

const docker = new Docker();
/** What the tests' engine removes after a run that was killed. */
const Labels = JSON.parse(process.env.STAND_IN_LABELS ?? "{}");
const NANOSECONDS = 1e9;

/** @param {string} text such as `3s` or `5m0s` */
function seconds(text) {
  const [, minutes = 0, rest] = /^(?:(\d+)m)?(\d+)s$/.exec(text) ?? [];
  return Number(minutes) * 60 + Number(rest);
}

/** As the real plugin reads durations back: other spellings of the same show as a change. @param {number} nanoseconds */
function inWords(nanoseconds) {
  const all = nanoseconds / NANOSECONDS;
  return all < 60 ? `${all}s` : `${Math.floor(all / 60)}m${all % 60}s`;
}

exports.Network = {
  /** Properties of which a change needs no other resource. */
  atOnce: [],
  /** Outputs that are no inputs. */
  computed: [],
  create: async ({ name }) => ({ id: (await docker.createNetwork({ Name: name, Labels })).id }),
  read: async (id) => ({ name: (await docker.getNetwork(id).inspect()).Name }),
  delete: (id) => docker.getNetwork(id).remove(),
};

exports.Volume = {
  atOnce: [],
  computed: [],
  // As in the real one, a volume that is there already is taken.
  async create({ name }) {
    await docker.createVolume({ Name: name, Labels });
    return { id: name };
  },
  read: async (id) => ({ name: (await docker.getVolume(id).inspect()).Name }),
  delete: (id) => docker.getVolume(id).remove(),
};

exports.RemoteImage = {
  atOnce: ["keepLocally"],
  computed: ["imageId"],
  async create({ name }) {
    const { Id } = await docker.getImage(name).inspect();
    return { id: `${Id}${name}`, computed: { imageId: Id } };
  },
  read: async (_id, { name }) => (await docker.getImage(name).inspect()) && {},
  async delete(_id, { name, keepLocally }) {
    if (!keepLocally) await docker.getImage(name).remove();
  },
};

exports.Container = {
  // Of a changed healthcheck it says that it is updated; the container keeps the former one.
  atOnce: ["destroyGraceSeconds", "healthcheck", "mustRun", "wait", "waitTimeout"],
  computed: [],
  async create(inputs) {
    const container = await docker.createContainer(optionsOf(inputs));
    for (const { file, content } of inputs.uploads ?? []) {
      const archive = pack();
      archive.entry({ name: file.slice(1) }, content);
      archive.finalize();
      await container.putArchive(archive, { path: "/" });
    }
    // One that does not start, or does not get healthy, is kept.
    const failure = await container.start().then(
      () => (inputs.wait ? unhealthy(container, inputs) : undefined),
      (error) => error.message,
    );
    return { id: container.id, failure };
  },
  async read(id) {
    const { Image, Config } = await docker.getContainer(id).inspect();
    const { Test, Interval, Timeout, StartPeriod, Retries } = Config.Healthcheck;
    const durations = { interval: inWords(Interval), timeout: inWords(Timeout), startPeriod: inWords(StartPeriod) };
    return { image: Image, healthcheck: { tests: Test, ...durations, retries: Retries } };
  },
  async delete(id, { destroyGraceSeconds }) {
    const container = docker.getContainer(id);
    if (destroyGraceSeconds) {
      await container.stop({ t: destroyGraceSeconds }).catch((error) => {
        if (error.statusCode !== 304) throw error;
      });
    }
    await container.remove({ force: true, v: true });
  },
};

const optionsOf = ({ name, hostname, image, envs, networksAdvanced, ports, volumes, healthcheck, restart }) => ({
  name,
  Hostname: hostname,
  Image: image,
  Env: envs,
  Labels,
  Healthcheck: {
    Test: healthcheck.tests,
    Interval: seconds(healthcheck.interval) * NANOSECONDS,
    Timeout: seconds(healthcheck.timeout) * NANOSECONDS,
    StartPeriod: seconds(healthcheck.startPeriod) * NANOSECONDS,
    Retries: healthcheck.retries,
  },
  ExposedPorts: Object.fromEntries(ports.map(({ internal }) => [`${internal}/tcp`, {}])),
  HostConfig: {
    NetworkMode: networksAdvanced[0].name,
    RestartPolicy: { Name: restart },
    Binds: volumes.map(({ volumeName, containerPath }) => `${volumeName}:${containerPath}`),
    PortBindings: Object.fromEntries(
      ports.map(({ internal, external, ip }) => [`${internal}/tcp`, [{ HostIp: ip, HostPort: String(external) }]]),
    ),
  },
});

/** Waits to its deadline, whatever it sees meanwhile. Undefined: the container got healthy. */
async function unhealthy(container, { name, waitTimeout = 60 }) {
  const end = Date.now() + waitTimeout * 1000;
  for (;;) {
    const { Health } = (await container.inspect()).State;
    if (Health?.Status === "healthy") return undefined;
    if (Date.now() > end) return `container ${name} failed to be in healthy state in time`;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
