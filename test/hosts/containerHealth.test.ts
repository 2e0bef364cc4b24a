import { ContainerHealth } from "../../provider/src/operations/ContainerHealth";
import { Run } from "../../provider/src/run";
import { until } from "../../provider/src/waiting";
import { ServerContainer, type ServerContainerOptions } from "../support/hosts/serverContainer";
import { TestNetwork } from "../support/hosts/testNetwork";

/** What waits for containers, and what it waits for, on a real engine. */

jest.setTimeout(120_000);

const FAILS = "echo not yet: no such thing >&2; exit 1";

let network: TestNetwork;
const made: ServerContainer[] = [];
let count = 0;

beforeAll(async () => {
  network = await TestNetwork.create();
});
afterAll(async () => {
  for (const container of made) await container[Symbol.asyncDispose]();
  await network?.[Symbol.asyncDispose]();
});

async function start(options: ServerContainerOptions = {}): Promise<ServerContainer> {
  count += 1;
  const container = await ServerContainer.start(network, { name: `c${count}`, ...options });
  made.push(container);
  return container;
}

const checked = async (container: ServerContainer, more: object = {}) => {
  const { inputs, failures } = await ContainerHealth.check({}, { host: container.inputs, ...more });
  expect(failures).toEqual([]);
  return inputs;
};

/** The resource is made, as the first `up` does it, with what it says meanwhile. */
async function make(container: ServerContainer, more: object = {}) {
  const lines: string[] = [];
  const inputs = await checked(container, more);
  const run = new Run((line) => void lines.push(line));
  const begun = Date.now();
  const result = await run
    .within(() => ContainerHealth.create(inputs))
    .then(
      () => undefined,
      (error: Error) => error.message,
    );
  return { error: result, lines, seconds: (Date.now() - begun) / 1000 };
}

/** What a refresh sees of one that was healthy, and whether `up` would do something. */
async function seen(container: ServerContainer, host: object = container.inputs) {
  const inputs = { ...(await checked(container)), host } as Awaited<ReturnType<typeof checked>>;
  const lines: string[] = [];
  const run = new Run((line) => void lines.push(line));
  const answer = await run.within(() => ContainerHealth.read(container.address, inputs));
  if (!("id" in answer)) throw new Error("the resource is gone");
  const { changes } = await ContainerHealth.diff(container.address, answer.props, inputs);
  return { state: answer.props.state, changes, lines };
}

describe("one container after the other:", () => {
  let container: ServerContainer;
  beforeAll(async () => {
    container = await start();
  });

  it("waits until the engine calls it healthy, and is healthy at once when it is looked at then", async () => {
    expect((await make(container)).error).toBeUndefined();
    expect((await container.container.inspect()).State.Health?.Status).toBe("healthy");
    expect(await seen(container)).toEqual({ state: "healthy", changes: false, lines: [] });
  });

  it("one that does not run is shown as stopped, and started", async () => {
    await container.stop();
    expect(await seen(container)).toMatchObject({ state: "stopped", changes: true });
    expect((await make(container)).error).toBeUndefined();
    expect((await container.container.inspect()).State).toMatchObject({ Running: true });
  });

  it("one that was restarted a moment ago is waited for when it is looked at", async () => {
    await container.container.restart({ t: 10 });
    expect(await seen(container)).toMatchObject({ state: "healthy", changes: false });
  });

  it("a paused one is shown as that; the wait ends at once, and says what to do", async () => {
    await container.container.pause();
    expect(await seen(container)).toMatchObject({ state: "paused", changes: true });
    const { error, seconds } = await make(container);
    expect(error).toContain(`is paused; end that with: docker unpause ${container.address}`);
    expect(seconds).toBeLessThan(5);
    await container.container.unpause();
  });

  it("a look at an engine that does not answer, or at a container that is gone, is an answer", async () => {
    const elsewhere = { ...container.inputs, engine: "unix:///no/such/docker.sock" };
    expect(await seen(container, elsewhere)).toMatchObject({ state: "unreachable", changes: true });
    const gone = { ...container.inputs, container: `${container.address}-gone` };
    expect(await seen(container, gone)).toMatchObject({ state: "missing", changes: true });
  });
});

it("one that does not get healthy ends the wait at its deadline, with what the healthcheck says, and runs on", async () => {
  const container = await start({ healthcheck: FAILS });
  const { error, lines, seconds } = await make(container, { deadline: 8 });
  expect(error).toMatch(
    /waited 8\.\d s for the container ".*" to be healthy.*not yet: no such thing.* was not touched/s,
  );
  expect(lines.join("\n")).toMatch(
    /waiting for the container ".*" to be healthy \(\d+\.\d s; .*not yet: no such thing/s,
  );
  expect(seconds).toBeLessThan(20);
  expect((await container.container.inspect()).State.Running).toBe(true);
  const look = await seen(container);
  expect(look).toMatchObject({ state: "starting", changes: true });
  expect(look.lines.join()).toContain("not yet: no such thing");
});

it("while the container of the peer does not run it is enough that the server takes connections; with the peer it is not", async () => {
  const container = await start({ healthcheck: FAILS });
  const other = await start();
  expect((await make(container, { peer: other.inputs, deadline: 5 })).error).toMatch(/waited 5\.\d s/);
  await other.stop();
  const stopped = await make(container, { peer: other.inputs, deadline: 30 });
  expect(stopped.error).toBeUndefined();
  expect(stopped.lines.join("\n")).toContain(`which is enough while ${other.address} does not run`);
  const gone = { ...other.inputs, container: `${other.address}-gone` };
  expect((await make(container, { peer: gone, deadline: 30 })).error).toBeUndefined();
});

it("a server that ends while it starts ends the wait soon, with its log; its container is stopped and not started for ever", async () => {
  const container = await start();
  await container.healthy();
  await container.exec(["tee", "/etc/mysql/conf.d/zz-by-hand.cnf"], { input: "[mariadbd]\nno-such-option\n" });
  await container.container.restart({ t: 10 });
  const { error, seconds } = await make(container);
  expect(error).toMatch(/ended while it started.*unknown option '--no-such-option'.*take those back now/s);
  expect(seconds).toBeLessThan(60);
  expect((await container.container.inspect()).State).toMatchObject({ Running: false, Restarting: false });
  expect(await seen(container)).toMatchObject({ state: "stopped", changes: true });
});

it("a container without a healthcheck is refused at once", async () => {
  const container = await start({ healthcheck: "none" });
  const { error, seconds } = await make(container);
  expect(error).toContain("has no healthcheck");
  expect(seconds).toBeLessThan(5);
  await until({ what: "its server", deadline: 30_000 }, async () =>
    (await container.sql("SELECT 1").catch(() => "")) ? { done: undefined } : { seen: "none" },
  );
  expect(await seen(container)).toMatchObject({ state: "no healthcheck", changes: true });
});

it("another container in its place is waited for; a container that is its own peer is refused", async () => {
  const [container] = made as [ServerContainer];
  const former = await checked(container, { revision: "a" });
  const inputs = await checked(container, { revision: "b" });
  expect(await ContainerHealth.diff(container.address, former, inputs)).toMatchObject({ changes: true, replaces: [] });
  const { failures } = await ContainerHealth.check({}, { host: container.inputs, peer: container.inputs });
  expect(failures.map(({ reason }) => reason)).toEqual([
    `peer: is the same container as "host" (${container.address})`,
  ]);
});
