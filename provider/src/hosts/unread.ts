/** Longest file that is read as a whole, in bytes. Option files and certificates are far shorter. */
export const LONGEST_FILE = 1 << 20;

/** Why the text of something in a file system is not read. Undefined: it is a file of a sensible length. */
export function whyUnread(kind: "file" | string, size: number): string | undefined {
  if (kind !== "file") return `it is not a file but a ${kind}`;
  return size > LONGEST_FILE ? `it is longer than ${LONGEST_FILE >> 20} MiB` : undefined;
}
