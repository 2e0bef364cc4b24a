import { ofRun, progress, Run } from "../../provider/src/run";

const counter = ofRun(() => ({ count: 0 }));
const count = () => ++counter().count;
const silent = () => new Run();

test("each run has its own of what runs keep, also two at the same time", async () => {
  const [one, other] = [silent(), silent()];
  const twice = async () => {
    count();
    await new Promise((resolve) => setImmediate(resolve));
    return count();
  };
  expect(await Promise.all([one.within(twice), other.within(twice)])).toEqual([2, 2]);
  expect(one.within(count)).toBe(3);
});

test("progress goes to the sink of the run, also out of timers that it has started", async () => {
  const lines: string[] = [];
  const watched = new Run((line) => lines.push(line));
  await watched.within(() => new Promise<void>((resolve) => void setTimeout(() => resolve(progress("later")), 5)));
  progress("another run's");
  expect(lines).toEqual(["later"]);
});

test("outside every run nothing is kept and nothing is told: that is a fault of the front end", () => {
  jest.isolateModules(() => {
    const fresh = require("../../provider/src/run") as typeof import("../../provider/src/run");
    expect(() => fresh.ofRun(() => ({}))()).toThrow(/no run is open/);
    expect(() => fresh.progress("lost")).toThrow(/no run is open/);
  });
});
