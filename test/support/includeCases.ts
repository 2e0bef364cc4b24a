import { printDefaultsCommand } from "./optionFileOracle";

/**
 * Option files that include others, as shell commands that make them in an empty folder. `my.cnf` there is read first, and begins and ends with
 * an option around `!includedir d`. `file NAME LINE...` writes one.
 */
export const INCLUDE_CASES: Readonly<Record<string, string>> = {
  "a file that includes its own folder": `file d/1.cnf '[mysqld]' x=1 "!includedir $PWD/d" y=2`,
  "two that do, beside one that does not": `
    for i in 1 2; do file d/$i.cnf '[mysqld]' x=$i "!includedir $PWD/d" y=$i; done; file d/3.cnf '[mysqld]' z=1`,
  "a file that includes itself": `file d/1.cnf '[mysqld]' x=1 "!include $PWD/d/1.cnf" "!include $PWD/d/1.cnf" y=2`,
  "two files that include each other": `
    file d/1.cnf '[mysqld]' x=1 "!include $PWD/e/2.cnf" y=1; file e/2.cnf '[mysqld]' x=2 "!include $PWD/d/1.cnf" y=2`,
  ...Object.fromEntries(
    [9, 10, 11].map((depth) => [
      `${depth} files below each other`,
      `for i in $(seq ${depth}); do file e/$i.inc '[mysqld]' x=$i "!include $PWD/e/$((i+1)).inc" y=$i; done
       file d/0.cnf '[mysqld]' "!include $PWD/e/1.inc"`,
    ]),
  ),
  "a file that is included twice": `file e/1.inc '[mysqld]' x=1; file d/1.cnf "!include $PWD/e/1.inc" "!include $PWD/e/1.inc"`,
  "a file that is not there": `file d/1.cnf '[mysqld]' x=1 "!include $PWD/e/none" y=1`,
  "a folder that is not there": `file d/1.cnf '[mysqld]' x=1 "!includedir $PWD/none" y=1; file d/2.cnf '[mysqld]' z=1`,
  "a folder for a file, and a file for a folder": `
    file e/1.inc '[mysqld]' x=1; file d/1.cnf '[mysqld]' "!include $PWD/e" y=1 "!includedir $PWD/e/1.inc" z=1`,
  "links to folders and files, some of which lead nowhere": `
    file e/1.cnf '[mysqld]' x=1; ln -s e link; ln -s ../e/1.cnf d/2.cnf; ln -s none d/3.cnf; ln -s 4.cnf d/4.cnf
    file d/1.cnf "!includedir $PWD/link" "!include $PWD/link/1.cnf" "!include $PWD/d/3.cnf"`,
  "paths with detours": `
    file e/1.cnf '[mysqld]' x=1; file d/1.cnf "!include $PWD/d/../e//1.cnf" "!includedir $PWD/./e/" "!includedir $PWD/e/../e"`,
  "names that end otherwise": `
    for n in 1.ini 2.a.cnf 3.CNF 4.cnf~ 5 .cnf .6.cnf; do file d/$n '[mysqld]' x=$n; done; mkdir d/7.cnf`,
  "blanks and other words in directives": `
    file e/1.inc '[mysqld]' x=1
    file d/1.cnf "! include $PWD/e/1.inc  " "  !include	$PWD/e/1.inc" "!include $PWD/e/1.inc # not a comment" '!foo bar' '!includefile x' '[mysqld]' y=1`,
  "a directive that names nothing": `file d/1.cnf '[mysqld]' x=1 '!include ' y=1; file d/2.cnf '[mysqld]' z=1`,
  "files without a line break at their ends": `
    file e/1.inc '[mysqld]' x=1; cp e/1.inc e/1.in; printf '[mysqld]\\ny=1' >d/1.cnf; printf '[mysqld]\\ny' >d/2.cnf
    printf '!include %s/e/1.inc' "$PWD" >d/3.cnf; printf '!includedir %s/e ' "$PWD" >d/4.cnf; printf '!include' >d/5.cnf`,
  "an option before any group": `file d/1.cnf x=1 '[mysqld]' y=1; file d/2.cnf '[mysqld]' z=1`,
  "groups that are written oddly": `
    file d/1.cnf '[MySQLd ]' x=1 '[ mysqld]' y=1 '[]' z=1 '[mysqld]x' w=1; file d/2.cnf '[mysqld]' x=2 '[mysqld' y=2`,
  "a file begins in no group, whoever includes it": `
    file e/1.inc x=1; file e/2.inc '[client]' y=1; file d/1.cnf '[mysqld]' "!include $PWD/e/1.inc" "!include $PWD/e/2.inc" z=1`,
  "a file that everybody may write": `file d/1.cnf '[mysqld]' x=1; file d/2.cnf '[mysqld]' x=2; chmod 666 d/1.cnf`,
  "lines that are longer than the server takes": `
    { echo '[mysqld]'; printf 'x='; head -c 4092 /dev/zero | tr '\\0' a; echo; printf '#'; head -c 5000 /dev/zero | tr '\\0' b; echo; echo y=1; } >d/1.cnf`,
  "a byte order mark, and other characters that look like blanks": `
    printf '\\357\\273\\277[mysqld]\\nx=1\\n' >d/1.cnf; printf '[mysqld]\\r\\ny=1\\t\\r\\n\\302\\240z=1\\n' >d/2.cnf`,
  "nothing where there may be a file": `file d/1.cnf '[mysqld]' x=1 '!include /dev/null' y=1; ln -s /dev/null d/2.cnf`,
};

/** Makes the files of a case in this folder, which is emptied first. */
export const makeCase = (folder: string, commands: string): string =>
  `set -e; rm -rf ${folder}; mkdir -p ${folder}/d ${folder}/e; cd ${folder}
   file() { f=$1; shift; printf '%s\\n' "$@" >$f; }
   file my.cnf '[mysqld]' first=1 "!includedir $PWD/d" last=1
   ${commands}`;

/** Prints what the server reads that begins with that folder's `my.cnf`: an option a line. */
export const printDefaults = (folder: string, version: string): string =>
  `cd ${folder}; f=${folder}/my.cnf; ${printDefaultsCommand(version)}`;
