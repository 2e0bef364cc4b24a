import { ReplicationLink } from "../../provider/src/operations/ReplicationLink";
import { LINK_DEFAULTS } from "../../provider/src/recipe/linkDefaults";
import { settingOf } from "../../provider/src/recipe/settings/table";
import { setMaster } from "../support/recipeText";

test("the vendor's values are those of the recipe's CHANGE MASTER, which says nothing of the heartbeat", () => {
  const recipe = setMaster("db2");
  const { useGtid, connectRetry, ...rest } = LINK_DEFAULTS.vendor;
  expect(recipe).toContain(`MASTER_USE_GTID=${useGtid},`);
  expect(recipe).toContain(`MASTER_CONNECT_RETRY=${connectRetry};`);
  expect([rest, recipe.includes("HEARTBEAT")]).toEqual([{}, false]);
});

test("a link of which a program says nothing gets the vendor's values", async () => {
  const end = (address: string) => ({ host: { kind: "local", directory: "/d" }, address, admin: { password: "x" } });
  const news = { replica: end("db1"), source: end("db2"), password: "x" };
  const { inputs, failures } = await ReplicationLink.check({}, news);
  expect(failures).toEqual([]);
  expect(inputs).toMatchObject(LINK_DEFAULTS.vendor);
  expect(inputs.heartbeatPeriod).toBeUndefined();
});

test("the hardened heartbeat is half of the time after which the same profile takes a source for frozen", () => {
  const timeout = settingOf("slave_net_timeout")?.hardened?.({ nodeNumber: 1, bindAddress: "", patterns: [] });
  expect(2 * Number(LINK_DEFAULTS.hardened.heartbeatPeriod)).toBe(Number(timeout));
});
