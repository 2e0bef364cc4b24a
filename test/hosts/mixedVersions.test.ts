import { HostPair } from "../support/hosts/hostPair";

/** A pair in the middle of an upgrade: 10.11 on the one node, 11.8 on the other. */

jest.setTimeout(120_000);

it("a pair of MariaDB 10.11 and 11.8 is linked both ways, and is as wanted afterwards", async () => {
  await using pair = await HostPair.planned({}, [{ suite: "bookworm" }, { suite: "trixie" }]);
  await pair.up();
  const [older, newer] = pair.hosts;
  expect(await older.sql("SELECT VERSION()")).toMatch(/^10\.11\./);
  expect(await newer.sql("SELECT VERSION()")).toMatch(/^11\.8\./);
  await older.sql("CREATE TABLE replicated_session_store.a_session (id VARCHAR(20) PRIMARY KEY)");
  await pair.catchUp();
  await older.sql("INSERT INTO replicated_session_store.a_session VALUES ('from the older')");
  await newer.sql("INSERT INTO replicated_session_store.a_session VALUES ('from the newer')");
  await pair.catchUp();
  for (const host of pair.hosts) {
    expect(await host.sql("SELECT id FROM replicated_session_store.a_session ORDER BY 1")).toBe(
      "from the newer\nfrom the older",
    );
  }
  expect(await pair.drift()).toEqual({});
  expect(await pair.up()).toEqual([]);
});
