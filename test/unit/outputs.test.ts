import type { Host } from "../../provider/src/hosts/Host";
import { localHost } from "../../provider/src/hosts/local/host";
import { Complaint, Result } from "../../provider/src/hosts/outputs";
import { headOf, pieceOf, relayLogs, tailOf } from "../../provider/src/mariadb/logFiles";
import type { Server } from "../../provider/src/mariadb/server";
import { printable } from "../../provider/src/run";

test("a result is taken in up to 16 MiB; then its command is ended", () => {
  const ended: string[] = [];
  const result = new Result("cat", ({ message }) => ended.push(message));
  for (let megabyte = 0; megabyte < 16; megabyte++) result.add(Buffer.alloc(1 << 20, "x"));
  expect(ended).toEqual([]);
  expect(`${result}`).toHaveLength(16 << 20);
  result.add(Buffer.from("x"));
  expect(ended).toEqual(['"cat" was ended, because it wrote more than 16 MiB']);
});

test.each([
  ["head", (server: Server) => headOf(server, "/dev/zero", 100), "100 bytes"],
  ["tail", (server: Server) => tailOf(server, "/dev/zero", 2 << 20), "2 MiB"],
  ["dd", (server: Server) => pieceOf(server, "/dev/zero", 0, 5000), "8192 bytes"],
  ["ls", (server: Server) => relayLogs(server), "16 MiB"],
])("a machine whose %s writes more than it was asked for is not listened to", async (program, ask, limit) => {
  const here = localHost({ kind: "local", directory: "/nowhere" });
  const run: Host["run"] = (_command, options) => here.run(["yes"], options);
  const server = { host: { ...here, run }, value: async () => "/relay" } as unknown as Server;
  await expect(ask(server)).rejects.toThrow(`"${program}" was ended, because it wrote more than ${limit}`);
});

test("of a complaint the end is kept", () => {
  const complaint = new Complaint();
  for (let number = 0; number < 10_000; number++) complaint.add(Buffer.from(`line ${number}\n`));
  expect(`${complaint}`).toHaveLength(4096);
  expect(`${complaint}`).toMatch(/line 9999\n$/);
});

test("a command of this machine that never stops writing is ended", async () => {
  const { run } = localHost({ kind: "local", directory: "/nowhere" });
  await expect(run(["yes"])).rejects.toThrow('"yes" was ended, because it wrote more than 16 MiB');
  await expect(run(["sh", "-c", "yes error | head -c 90000000 >&2; exit 3"])).rejects.toThrow(
    /^sh ended with 3: .{1,5000}$/s,
  );
});

test("what steers a terminal is taken out of what machines say, and long texts are cut", () => {
  expect(printable("a\u001b[2Jb\u001b]0;title\u0007c\rd\be\tf\ng\u009b31m")).toBe("abcde\tf\ng");
  // What turns the direction of writing, is not seen, or begins a line.
  expect(printable("a\u202eb\u2066c\u200bd\ufeffe\u2028f\u{e0041}g ä漢😀")).toBe("abcdefg ä漢😀");
  expect(printable("x".repeat(10_000))).toHaveLength(8004);
});
