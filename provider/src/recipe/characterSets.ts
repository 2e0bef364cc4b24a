import { didYouMean } from "./nearest";

/** Character sets and their collations, as far as they can be told without a server. */

/** Those of every MariaDB since 10.5 (information_schema.CHARACTER_SETS). */
export const CHARACTER_SETS: readonly string[] = (
  "armscii8 ascii big5 binary cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 cp932 dec8 eucjpms euckr gb2312 gbk geostd8 greek hebrew hp8 " +
  "keybcs2 koi8r koi8u latin1 latin2 latin5 latin7 macce macroman sjis swe7 tis620 ucs2 ujis utf16 utf16le utf32 utf8 utf8mb3 utf8mb4"
).split(" ");

/** Collations of these have a name without a character set. */
const UNICODE = ["ucs2", "utf16", "utf32", "utf8", "utf8mb3", "utf8mb4"];

/** Why a database can't have both, and which of the two is wrong. */
export function encodingProblem(
  characterSet: string,
  collation: string,
): { property: "characterSet" | "collation"; reason: string } | undefined {
  const [set, order] = [characterSet.toLowerCase(), collation.toLowerCase()];
  if (!CHARACTER_SETS.includes(set)) {
    const reason = `"${characterSet}" is not a character set of MariaDB${didYouMean(set, CHARACTER_SETS)}`;
    return { property: "characterSet", reason };
  }
  // Which of the two utf8 is, a variable of the server decides.
  const names = set.startsWith("utf8")
    ? UTF8.filter((each) => each === set || set === "utf8" || each === "utf8")
    : [set];
  const fits =
    order === set
      ? set === "binary"
      : names.some((name) => order.startsWith(`${name}_`)) || (order.startsWith("uca1400_") && UNICODE.includes(set));
  if (fits) return undefined;
  return {
    property: "collation",
    reason: `"${collation}" does not belong to the character set ${characterSet}: give one that does (SHOW COLLATION LIKE '${characterSet}%' lists them)`,
  };
}

const UTF8 = ["utf8", "utf8mb3", "utf8mb4"];
