/** A GTID position: for each domain the last transaction, `domain-server-sequence`. */
export type GtidPosition = ReadonlyMap<number, { readonly server: number; readonly sequence: bigint }>;

export function parsePosition(text: string): GtidPosition {
  const position = new Map<number, { server: number; sequence: bigint }>();
  for (const gtid of text.split(",").filter((part) => part.trim() !== "")) {
    const match = /^\s*(\d+)-(\d+)-(\d+)\s*$/.exec(gtid);
    if (!match) throw new Error(`"${gtid}" is not a MariaDB GTID`);
    position.set(Number(match[1]), { server: Number(match[2]), sequence: BigInt(String(match[3])) });
  }
  return position;
}

/** True when `position` holds everything up to `target`, in every domain that `target` names. */
export function reaches(position: GtidPosition, target: GtidPosition): boolean {
  return [...target].every(([domain, { sequence }]) => (position.get(domain)?.sequence ?? -1n) >= sequence);
}

/** Only the parts of the position that belong to one domain, as MariaDB writes it. */
export function inDomain(position: GtidPosition, domain: number): string {
  const gtid = position.get(domain);
  return gtid ? `${domain}-${gtid.server}-${gtid.sequence}` : "";
}
