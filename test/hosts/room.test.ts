import { openHost } from "../../provider/src/hosts";
import { roomIn } from "../../provider/src/hosts/room";
import type { HostInputs } from "../../provider/src/inputs";
import { wantOfRoom } from "../../provider/src/mariadb/fullDisk";
import { ContainerHost } from "../support/hosts/containerHost";
import { ServerContainer } from "../support/hosts/serverContainer";
import { TestNetwork } from "../support/hosts/testNetwork";

/** How much room a server's disk has is told of every kind of machine, with no right but to log in. */

jest.setTimeout(120_000);

let network: TestNetwork;
let plainUser: ContainerHost;
let container: ServerContainer;

beforeAll(async () => {
  network = await TestNetwork.create();
  [plainUser, container] = await Promise.all([
    ContainerHost.start(network, { name: "db1", user: "deploy", sudoers: "" }),
    ServerContainer.start(network, { name: "db2" }),
  ]);
});
afterAll(async () => {
  await plainUser?.[Symbol.asyncDispose]();
  await container?.[Symbol.asyncDispose]();
  await network?.[Symbol.asyncDispose]();
});

it.each([
  ["over SSH", () => plainUser],
  ["in a container", () => container],
] as const)("%s, as df has it there", async (_kind, machine) => {
  const host = openHost(machine().inputs as HostInputs);
  const folder = await host.dataDirectory();
  expect(folder.replace(/\/$/, "")).toBe("/var/lib/mysql");
  const there = (await machine().sh(`df -Pk ${folder} | tail -n 1`)).trim().split(/\s+/);
  const rooms = await roomIn(host, [folder, "/not there", "/proc"]);
  expect(rooms).toMatchObject([{ folder, mountedOn: there[5] }, { folder: "/proc" }]);
  // Others write to that disk too.
  expect(rooms[0]?.free).toBeGreaterThan(Number(there[3]) * 1024 * 0.9);
  expect(await wantOfRoom(host)).toBeUndefined();
});
