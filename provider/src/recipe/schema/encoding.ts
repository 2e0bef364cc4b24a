/** Recognises a text that was read in another encoding than its own. */

const SHOWN = "\uFFFD";

/** What is wrong with it, where, and what repairs the file. */
export function encodingProblem(text: string): { readonly line: number; readonly reason: string } | undefined {
  if (text.startsWith(`\x1f${SHOWN}`))
    return { line: 1, reason: "the file is compressed by gzip. Unpack it: gunzip FILE" };
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
      "FILE > NEW-FILE; if they are values of BINARY or BLOB, write them as hexadecimal (mariadb-dump --hex-blob)",
  };
}
