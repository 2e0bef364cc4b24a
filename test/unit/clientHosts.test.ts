import fc from "fast-check";
import { inPlaceOf, takenAccount } from "../../provider/src/recipe/accounts/clientHosts";
import type { Client } from "../../provider/src/recipe/accounts/hostPatterns";

/** The order itself is compared with a server's in `contract/oracle.clientHosts`. */

const HOSTS = [
  "%",
  "localhost",
  "local%",
  "127.0.0.1",
  "127.%",
  "10.%",
  "10.1.%",
  "10._.0.1",
  "1%",
  "10.0.0.0/255.0.0.0",
  "10.1.0.0/255.255.0.0",
  "10.0.0.1/255.0.0.255",
];
const NAMES = ["db2", "db_", "db%.example.com", "db2.example.com", "%.com", "1%.com", "::1", "fe80::%"];
const host = fc.constantFrom(...HOSTS, ...NAMES);
const user = fc.constantFrom("u", "");
const client: fc.Arbitrary<Client> = fc.oneof(
  fc.constantFrom<Client>(
    { host: "localhost" },
    { host: "localhost", ip: "127.0.0.1" },
    { host: "localhost", ip: "::1" },
  ),
  fc.record(
    {
      host: fc.constantFrom("db2", "db2.example.com", "dbx.example.com"),
      ip: fc.constantFrom("10.1.0.1", "10.2.0.1", "10.1.2.3", "11.1.0.1", "127.0.0.2", "fe80::1"),
    },
    { requiredKeys: ["ip"] },
  ),
);

test("an account that is taken in place of another one is found for every client", () => {
  fc.assert(
    fc.property(
      host,
      host,
      user,
      host,
      user,
      client,
      (wantedHost, otherHost, otherUser, thirdHost, thirdUser, from) => {
        const [wanted, other, third] = [
          { user: "u", host: wantedHost },
          { user: otherUser, host: otherHost },
          { user: thirdUser, host: thirdHost },
        ] as const;
        fc.pre(takenAccount([wanted], "u", from) === wanted);
        fc.pre(takenAccount([wanted, other, third], "u", from) === other);
        expect(inPlaceOf(wanted, [other], [wanted, third])).toEqual([other]);
      },
    ),
    { numRuns: 5000 },
  );
});

test.each([
  ["%", "localhost"],
  ["10.%", "10.1.%"],
  ["10.%", "10.1.0.0/255.255.0.0"],
  ["10.0.0.0/255.0.0.0", "10.0.0.1/255.0.0.255"],
  ["10.%", "db2"],
  ["127.%", "localhost"],
])("of %s some are taken for %s", (wanted, other) => {
  expect(inPlaceOf({ user: "u", host: wanted }, [{ user: "u", host: other }])).toHaveLength(1);
});

test.each([
  ["localhost", "%"],
  ["localhost", "10.%"],
  ["localhost", "db2"],
  ["10.%", "192.168.%"],
  ["10.%", "192.168.0.0/255.255.0.0"],
  ["10.%", "localhost"],
  ["10.1.0.0/255.255.0.0", "10.2.0.0/255.255.0.0"],
  ["db_.example.com", "db2.example.org"],
])("of %s none is taken for %s", (wanted, other) => {
  expect(inPlaceOf({ user: "u", host: wanted }, [{ user: "u", host: other }])).toEqual([]);
});

test("nor is an account of another name, and of equally narrow ones the one with a name is taken", () => {
  expect(
    inPlaceOf({ user: "u", host: "%" }, [
      { user: "v", host: "localhost" },
      { user: "", host: "%" },
    ]),
  ).toEqual([]);
});

test.each([
  ["localhost", "localhost"],
  ["10.1.%", "10.1.%"],
  ["10.1.0.0/255.255.0.0", "10.1.%"],
  ["db2.example.com", "DB2.example.com"],
])("an account of the name at %s comes before one without a name at %s, which nobody gets then", (first, other) => {
  const [wanted, nameless] = [
    { user: "u", host: "%" },
    { user: "", host: other },
  ];
  expect(inPlaceOf(wanted, [nameless])).toEqual([nameless]);
  expect(inPlaceOf(wanted, [nameless], [wanted, { user: "u", host: first }])).toEqual([]);
  expect(inPlaceOf({ ...wanted, user: "v" }, [nameless], [wanted, { user: "u", host: first }])).toEqual([nameless]);
});

test.each(["0.0.0.0/0.0.0.0", "10.0.0.0/8", "10.0.0.1/255.0.0.0", "10.0.0.256", "2001:0db8::1"])(
  "nobody is taken for an account at %s, which matches no client",
  (other) => {
    expect(inPlaceOf({ user: "u", host: "%" }, [{ user: "u", host: other }])).toEqual([]);
  },
);
