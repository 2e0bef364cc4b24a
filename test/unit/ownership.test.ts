import { declaredTwice } from "../../provider/src/operations/ownership";
import { Run } from "../../provider/src/run";

/** What two resources of a program may not have in common. */

const host = (directory: string) => ({ kind: "local" as const, directory });
const users = (name: string) => ({ stack: "s", resource: `SessionStoreUsers ${name}` });

test.each([
  ["127.0.0.1:3306/users", "localhost:3306/users"],
  ["127.0.0.1:3306/sessions", "127.0.0.1:3306/sessions"],
])("%s and %s on one machine are one, whatever address is given", (one, other) =>
  new Run().within(() => {
    expect(declaredTwice(one, [host("/db1")], users("a"))).toBeUndefined();
    expect(declaredTwice(other, [host("/db1")], users("b"))).toMatch(/is declared twice .* SessionStoreUsers a and by/);
    // The same resource is checked again and again.
    expect(declaredTwice(one, [host("/db1")], users("a"))).toBeUndefined();
  }),
);

test.each([
  ["127.0.0.1:3306/users", "127.0.0.1:3306/users", "/db2"],
  ["127.0.0.1:3306/sessions", "127.0.0.1:3306/more", "/db1"],
])("%s and %s in %s are two", (one, other, directory) =>
  new Run().within(() => {
    expect(declaredTwice(one, [host("/db1")], users("a"))).toBeUndefined();
    expect(declaredTwice(other, [host(directory)], users("b"))).toBeUndefined();
  }),
);
