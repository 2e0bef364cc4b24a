import { execFileSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import { encodingProblem } from "../../provider/src/recipe/schema/encoding";

const SCRIPT = "CREATE TABLE IF NOT EXISTS conf (id INT PRIMARY KEY);\n".repeat(20);
const reason = (bytes: Buffer) => encodingProblem(bytes.toString("utf8"))?.reason;

test.each([
  ["UTF-16", "UTF-16"],
  ["UTF-16LE", "UTF-16"],
  ["UTF-32", "UTF-32"],
  ["UTF-32BE", "UTF-32"],
])("a script in %s is told to be %s, as iconv writes it", (encoding, told) => {
  const bytes = execFileSync("iconv", ["-f", "UTF-8", "-t", encoding], { input: SCRIPT });
  expect(reason(bytes)).toMatch(new RegExp(`^the file is ${told}.*iconv -f ${told} -t UTF-8`));
});

test("a compressed script is told with the command that unpacks it", () => {
  expect(reason(gzipSync(SCRIPT))).toBe("the file is compressed by gzip. Unpack it: gunzip < FILE > NEW-FILE");
  expect(reason(Buffer.from("fd377a585a0000", "hex"))).toMatch(/compressed by xz/);
  expect(reason(Buffer.from("28b52ffd2410", "hex"))).toMatch(/compressed by zstd/);
  expect(reason(Buffer.from("504b03041400", "hex"))).toMatch(/compressed by zip/);
  expect(reason(Buffer.from("425a683931415926", "hex"))).toMatch(/compressed by bzip2/);
  expect(reason(Buffer.from(SCRIPT))).toBeUndefined();
});
