import { parseRoom } from "../../provider/src/hosts/room";
import { bytes } from "../../provider/src/mariadb/fullDisk";

/** How the room on disks is read and told. */

test("each folder is told with its file system and what users other than root can still write; one that can't be seen is left out", () => {
  const text = [
    "/var/lib/mysql\n/dev/sda 1   263174212 22020096 73400320 24% /",
    "/not/there",
    "/run/a b\ntmpfs             400      400        0 100% /run/a b",
    "/host\n//server/a share  100  101  -1  100% /host",
    "",
  ].join("\n\n");
  expect(parseRoom(text)).toEqual([
    { folder: "/var/lib/mysql", mountedOn: "/", free: 73400320 * 1024 },
    { folder: "/run/a b", mountedOn: "/run/a b", free: 0 },
    { folder: "/host", mountedOn: "/host", free: 0 },
  ]);
});

test.each([
  [0, "0 bytes"],
  [512, "512 bytes"],
  [307200, "300 KiB"],
  [69 * 1024 * 1024, "69 MiB"],
  [1.26 * 2 ** 30, "1.2 GiB"],
])("%s bytes are told as %s", (count, told) => {
  expect(bytes(count)).toBe(told);
});
