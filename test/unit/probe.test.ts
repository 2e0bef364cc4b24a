import fc from "fast-check";
import { matchesFilter, RECIPE_DATABASE, RECIPE_PATTERNS, validatePattern } from "../../provider/src/recipe/filters";
import { isExact, literal, PROBE, partsOf, probeName } from "../../provider/src/recipe/probe";
import { otherOptions, REPLICA_COLUMNS, SOURCE_COLUMNS } from "../../provider/src/recipe/replicationColumns";

test.each([
  ["%session", `${PROBE}1_session`],
  ["app_%", `app_${PROBE}1_`],
  ["app\\_%\\%x%", `app_${PROBE}1_%x`],
  ["%", `${PROBE}1_`],
  [`%${"x".repeat(50)}`, undefined],
])("the table that proves %s is %s", (pattern, name) => {
  expect(probeName(`store.${pattern}`, "store", "1")).toBe(name);
});

test("a name is in the pattern that it proves, says what it is, and differs by direction", () => {
  const character = fc.constantFrom("a", "B", "_", "%", "\\_", "\\%", "1", "$");
  fc.assert(
    fc.property(fc.array(character, { minLength: 1, maxLength: 12 }), (parts) => {
      const pattern = `${RECIPE_DATABASE}.${parts.join("")}`;
      fc.pre(validatePattern(pattern) === undefined && !isExact(partsOf(pattern).table));
      const [one, two] = ["1", "2"].map((number) => probeName(pattern, RECIPE_DATABASE, number));
      expect(one).toContain(`${PROBE}1_`);
      expect(one).not.toBe(two);
      expect(matchesFilter(pattern, RECIPE_DATABASE, String(one))).toBe(true);
    }),
  );
});

test("a name without a percent sign is exact, also with an underscore", () => {
  expect(["key_id_map", "a\\%b", "session", "%session"].map(isExact)).toEqual([true, true, true, false]);
  expect(literal("replicated\\_session_store")).toBe("replicated_session_store");
  for (const pattern of RECIPE_PATTERNS) expect(isExact(pattern)).toBe(false);
});

test("each column says what is made of it, and a link names each option that it does not have", () => {
  for (const [column, { is, how, only }] of Object.entries({ ...REPLICA_COLUMNS, ...SOURCE_COLUMNS })) {
    expect([column, how.length > 5, only === undefined || is === "compared"]).toEqual([column, true, true]);
  }
  const healthy = (column: string) => REPLICA_COLUMNS[column]?.only?.value ?? "";
  expect(otherOptions(healthy)).toEqual([]);
  const seen: Record<string, string> = { SQL_Delay: "60", Replicate_Ignore_Server_Ids: "5, 7", Master_SSL_Key: "/k" };
  expect(otherOptions((column) => seen[column] ?? healthy(column))).toEqual([
    "IGNORE_SERVER_IDS=(5, 7)",
    "MASTER_DELAY=60",
    "MASTER_SSL_KEY=/k",
  ]);
});
