/** Recognises a text that was read in another encoding than its own. */

const SHOWN = "\uFFFD";

/** What compressed files begin with, as it is shown where it is no UTF-8. */
const PACKED = [
  { begins: `\x1f${SHOWN}`, by: "gzip", unpack: "gunzip < FILE" },
  { begins: `${SHOWN}7zXZ`, by: "xz", unpack: "xz -dc FILE" },
  { begins: "BZh", by: "bzip2", unpack: "bunzip2 < FILE" },
  { begins: `(${SHOWN}/${SHOWN}`, by: "zstd", unpack: "zstd -dc FILE" },
  { begins: "PK\x03\x04", by: "zip", unpack: "unzip -p FILE" },
];

/** What is wrong with it, where, and what repairs the file. */
export function encodingProblem(text: string): { readonly line: number; readonly reason: string } | undefined {
  const packed = PACKED.find(({ begins }) => text.startsWith(begins));
  if (packed)
    return { line: 1, reason: `the file is compressed by ${packed.by}. Unpack it: ${packed.unpack} > NEW-FILE` };
  if (/^(\uFFFD\uFFFD\0\0|\0\0\uFFFD\uFFFD|[^\0]\0\0\0|\0\0\0[^\0])/.test(text))
    return { line: 1, reason: "the file is UTF-32. Convert it: iconv -f UTF-32 -t UTF-8 FILE > NEW-FILE" };
  // Its byte order mark is no UTF-8, and every other byte of Latin letters is zero.
  if (/^(\uFFFD\uFFFD|[^\0]\0[^\0]\0|\0[^\0]\0[^\0])/.test(text)) {
    return {
      line: 1,
      reason:
        "the file is UTF-16, as PowerShell's > and some editors write it, and was read as UTF-8. Convert it: " +
        "iconv -f UTF-16 -t UTF-8 FILE > NEW-FILE; mysqldump --result-file writes UTF-8",
    };
  }
  const at = text.indexOf(SHOWN);
  if (at < 0) return undefined;
  return {
    line: text.slice(0, at).split("\n").length,
    reason:
      "bytes that are not UTF-8. Convert the file from the encoding that it is in, such as: iconv -f WINDOWS-1252 -t UTF-8 " +
      "FILE > NEW-FILE; mariadb-dump writes it so with --default-character-set=utf8mb4. If they are values of BINARY or BLOB, write them as hexadecimal; " +
      "mariadb-dump writes it so with --hex-blob",
  };
}
