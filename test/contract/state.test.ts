import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { LocalMariaDb, type PairNodeArgs, ReplicatedSessionStore } from "../../provider/src";
import { remove } from "../../provider/src/hosts/local/data";
import * as operations from "../../provider/src/operations";
import type { Operations } from "../../provider/src/operations/contract";
import { PASSWORDS } from "../support/cli/pairProgram";
import type { Values } from "../support/engine/providerProcess";
import { inClear, RESOURCES, type Registration, run } from "../support/engine/registrations";
import { FIXTURE_SCRIPT, type StoredResource, storedReleases, storedState } from "../support/engine/storedState";
import { freePorts } from "../support/local/ports";

/**
 * A user upgrades this library with a pair in use: what an earlier release has written into the state is what the operations of
 * today get. They must find every object by it, see nothing changed, and be able to take all of it away.
 */

test("there is the state of a release", () => {
  expect(storedReleases()).toContain("0.1.0");
});

describe.each(storedReleases())("the state of release %s", (release) => {
  let folder: string;
  let ports: [number, number];
  /** In the order in which the engine made them. */
  let stored: StoredResource[];
  /** The same program with today's library. */
  let today: Registration[];
  /** What the engine keeps of each resource after its first update, by name. */
  const kept = new Map<string, Values>();

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "session-store-state-"));
    ports = await freePorts();
    stored = storedState(release, { folder, ports });
    ({ registered: today } = await run(program));
  }, 60_000);

  afterAll(async () => {
    await Promise.all(["db1", "db2"].map((name) => remove(path.join(folder, name))));
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  function program(): void {
    const [one, two] = ports.map((port, i) => {
      const name = `db${i + 1}`;
      return { server: new LocalMariaDb(name, { directory: path.join(folder, name), port }) };
    }) as [PairNodeArgs, PairNodeArgs];
    new ReplicatedSessionStore("sessions", {
      nodes: [one, two],
      admin: { password: PASSWORDS.adminPassword },
      proxy: { password: PASSWORDS.proxyPassword, from: ["%", "localhost"] },
      replication: { password: PASSWORDS.replicationPassword },
      binaryLog: { password: PASSWORDS.binaryLogPassword },
      monitor: { password: PASSWORDS.monitorPassword },
      schema: { script: FIXTURE_SCRIPT },
    });
  }

  const ofOurs = () => stored.filter(({ type }) => type.startsWith(RESOURCES));

  const registrationOf = ({ name, type }: StoredResource): Registration => {
    const registration = today.find((one) => one.name === name && one.type === type);
    if (!registration) throw new Error(`today's program has no ${type} "${name}"`);
    return registration;
  };

  /** What today's program and check make of a stored resource. */
  async function wanted(resource: StoredResource): Promise<Values> {
    const { inputs: registered, owner } = registrationOf(resource);
    const { type, outs } = resource;
    const given = { ...(inClear(registered) as Values), __provider: outs["__provider"], __owner: owner };
    const { inputs, failures } = await of(type).check({}, given);
    expect(failures).toEqual([]);
    return inputs;
  }

  test("names and types are still those of today's program, so that nothing is made anew", () => {
    const key = ({ name, type, parent }: { name: string; type: string; parent: string }) =>
      `${parent.replace("sessions-test", "")}/${name} ${type}`;
    const expected = today.map((one) => key(one)).sort();
    expect(stored.map((one) => key(one)).sort()).toEqual(expected);
    expect(expected.length).toBeGreaterThan(10);
  });

  test("what is wanted today has no difference to it: an upgrade shows no line in its preview", async () => {
    for (const resource of ofOurs()) {
      const news = await wanted(resource);
      const different = Object.keys(news).filter((key) => key !== "__owner" && !equal(news[key], resource.outs[key]));
      expect([resource.name, different]).toEqual([resource.name, []]);
      // What nothing shows the owner of yet is noted by the first `up`.
      const { changes, replaces } = await of(resource.type).diff(resource.id, resource.outs, news);
      expect([resource.name, changes, replaces]).toEqual([resource.name, isOwned(resource), []]);
    }
  });

  test("without a note of its owner nothing is taken away: a delete leaves the servers", async () => {
    for (const { type, id, outs } of ofOurs().reverse()) await of(type).delete(id, outs);
    expect(ofOurs().length).toBeGreaterThan(5);
  });

  test("read while nothing runs, it fails no refresh", async () => {
    for (const { name, type, id, outs } of ofOurs()) {
      const seen = await of(type).read(id, outs);
      expect([name, "id" in seen && seen.inputs["__provider"]]).toEqual([name, outs["__provider"]]);
    }
  });

  test("an update from it brings the pair up", async () => {
    for (const resource of ofOurs()) {
      const { name, type, id, outs } = resource;
      const news = await wanted(resource);
      const updated = (await of(type).update(id, outs, news)).outs;
      expect(updated).toMatchObject(news);
      kept.set(name, updated);
    }
  }, 120_000);

  test("read on the pair, every object is found as it was left", async () => {
    for (const resource of ofOurs()) {
      const { name, type, id } = resource;
      const seen = await of(type).read(id, kept.get(name) ?? {});
      if (!("id" in seen)) throw new Error(`${name} is said to be gone`);
      expect([name, seen.id]).toEqual([name, id]);
      const { changes } = await of(type).diff(id, seen.props as Values, await wanted(resource));
      expect([name, changes]).toEqual([name, false]);
    }
  }, 60_000);

  test("servers with tables stay, until the program says that they go with them", async () => {
    const servers = ofOurs().filter(({ type }) => type.endsWith("LocalMariaDb"));
    for (const { name, type, id } of servers) {
      const outs = kept.get(name) ?? {};
      await expect(of(type).delete(id, outs)).rejects.toThrow(/replicated_session_store\.session.*forceDestroy: true/);
      expect(existsSync(path.join(folder, name))).toBe(true);
      kept.set(name, (await of(type).update(id, outs, { ...outs, forceDestroy: true })).outs);
    }
    expect(servers.length).toBe(2);
  }, 60_000);

  test("all of it is deleted by it, and nothing is left", async () => {
    for (const { name, type, id } of ofOurs().reverse()) await of(type).delete(id, kept.get(name) ?? {});
    for (const name of ["db1", "db2"]) expect(existsSync(path.join(folder, name))).toBe(false);
  }, 60_000);
});

const OWNED = ["LocalMariaDb", "MariaDbNode", "ReplicationLink", "SessionStoreUsers"];
const isOwned = ({ type }: StoredResource): boolean => OWNED.includes(type.slice(RESOURCES.length));
const equal = (one: unknown, other: unknown): boolean => isDeepStrictEqual(plain(one), plain(other));
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

const byName: Record<string, unknown> = { ...operations };
const of = (type: string) => byName[type.slice(RESOURCES.length)] as Operations<Values, Values>;
