/** What the host in an account's name matches: a name or address, a pattern of one, or `address/netmask`. */

/** Where a client comes from, as the server sees it. */
export interface Client {
  /** Its name. Absent: the server does not look for one, or finds none. */
  readonly host?: string;
  /** Its address. Absent: it comes through the socket. */
  readonly ip?: string;
}

export interface Character {
  readonly text: string;
  readonly wild?: "%" | "_";
}

export function charactersOf(pattern: string): Character[] {
  const parts = pattern.match(/\\.|./gs) ?? [];
  return parts.map((part) => (part === "%" || part === "_" ? { text: part, wild: part } : { text: part.slice(-1) }));
}

const expression = (pattern: string): RegExp =>
  new RegExp(
    `^${charactersOf(pattern)
      .map(({ text, wild }) => (wild === "%" ? "[^]*" : wild ? "[^]" : text.replace(/[^\w]/, "\\$&")))
      .join("")}$`,
    "i",
  );

export function matches(pattern: string, { host, ip }: Client): boolean {
  const range = rangeOf(pattern);
  const address = ip === undefined ? undefined : numberOf(ip);
  if (range && address !== undefined) return (address & range.mask) >>> 0 === range.address;
  const isLike = expression(pattern);
  return pattern === "" || (host !== undefined && isLike.test(host)) || (ip !== undefined && isLike.test(ip));
}

/** Whether both may match one client. Which name an address has is not known here: any host name except `localhost` may have any address. */
export function mayMeet(one: string, other: string): boolean {
  if ([one, other].some((host) => host.toLowerCase() === "localhost"))
    return LOOPBACK.some((client) => matches(one, client) && matches(other, client));
  const [first, second] = [rangeOf(one), rangeOf(other)];
  if (first && second) {
    const common = first.mask & second.mask;
    return (first.address & common) === (second.address & common);
  }
  if (first || second) return mayBeName(first ? other : one) || meetsRange(first ? other : one, first ?? second);
  const isNameOf = (name: string, address: string) => mayBeName(name) && mayBeAddress(address);
  return isNameOf(one, other) || isNameOf(other, one) || haveCommon(charactersOf(one), charactersOf(other));
}

const LOOPBACK: readonly Client[] = [
  { host: "localhost" },
  { host: "localhost", ip: "127.0.0.1" },
  { host: "localhost", ip: "::1" },
];

/** Whether one matches all clients that the other one does. False also where that can't be told from the texts. */
export function covers(one: string, other: string): boolean {
  const [first, second] = [widened(one), widened(other)];
  if (first && second)
    return (first.mask & ~second.mask) === 0 && (second.address & first.mask) >>> 0 === first.address;
  return first === undefined && second === undefined && includes(charactersOf(one), charactersOf(other));
}

/** `10.1.%` as a range: no name begins like an address. */
function widened(host: string): Range | undefined {
  const parts = /^((\d+\.){1,3})%$/.exec(host)?.[1]?.split(".").slice(0, -1);
  if (!parts) return rangeOf(host);
  const filled = (fill: readonly string[]) => [...fill, "0", "0", "0", "0"].slice(0, 4).join(".");
  return rangeOf(`${filled(parts)}/${filled(parts.map(() => "255"))}`);
}

/** The server believes no name that begins like an address. */
const mayBeName = (host: string): boolean => /[a-z%_]/i.test(host) && !/^\d+\./.test(host) && !host.includes(":");

const mayBeAddress = (host: string): boolean => /^[\d.%_]*$/.test(host) || /^[\da-f.%_]*:[\da-f:.%_]*$/i.test(host);

/** Whether the parts of an address before its first wildcard are in a range. */
function meetsRange(pattern: string, range: Range | undefined): boolean {
  const known = pattern.slice(0, pattern.search(/[%_]|$/)).split(".");
  const isWhole = !/[%_]/.test(pattern);
  const parts = isWhole ? known : known.slice(0, -1);
  if (parts.length > 4 || (isWhole && parts.length < 4)) return false;
  const numbers = parts.map(Number);
  const address = numberOf([...numbers, 0, 0, 0, 0].slice(0, 4).join("."));
  const mask = numberOf([...numbers.map(() => 255), 0, 0, 0, 0].slice(0, 4).join("."));
  if (!range || address === undefined || mask === undefined) return false;
  return (address & mask & range.mask) === (range.address & mask & range.mask);
}

/** Whether a text matches both patterns. */
const haveCommon = (one: readonly Character[], other: readonly Character[]): boolean =>
  walk(one, other, (a, b, from) =>
    Boolean(
      (!a && !b) ||
        (a?.wild === "%" && (from(1, 0) || (b && from(0, 1)))) ||
        (b?.wild === "%" && (from(0, 1) || (a && from(1, 0)))) ||
        (a && b && (a.wild || b.wild || isSame(a, b)) && from(1, 1)),
    ),
  );

/** Whether one pattern takes the other as it stands, wildcards by wildcards: then it matches whatever that does. */
const includes = (one: readonly Character[], other: readonly Character[]): boolean =>
  walk(one, other, (a, b, from) =>
    Boolean(
      (!a && !b) ||
        (a?.wild === "%" && (from(1, 0) || (b && from(0, 1)))) ||
        (a && b && b.wild !== "%" && (a.wild === "_" || (!b.wild && !a.wild && isSame(a, b))) && from(1, 1)),
    ),
  );

const isSame = (a: Character, b: Character): boolean => a.text.toLowerCase() === b.text.toLowerCase();

type Step = (
  a: Character | undefined,
  b: Character | undefined,
  from: (ofOne: number, ofOther: number) => boolean,
) => boolean;

/** Goes through both side by side. What was found out of two ends of them is not asked again. */
function walk(one: readonly Character[], other: readonly Character[], step: Step): boolean {
  const known = new Map<string, boolean>();
  const at = (i: number, j: number): boolean => {
    const key = `${i} ${j}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    known.set(key, false);
    const answer = step(one[i], other[j], (ofOne, ofOther) => at(i + ofOne, j + ofOther));
    known.set(key, answer);
    return answer;
  };
  return at(0, 0);
}

export interface Range {
  readonly address: number;
  readonly mask: number;
}

/** `address/netmask`. */
export function rangeOf(host: string): Range | undefined {
  const [text = "", ...masks] = host.split("/");
  const [address, mask] = [numberOf(text), masks.length === 1 ? numberOf(masks[0] ?? "") : undefined];
  // Without a bit it is a name like any other.
  return address === undefined || !mask ? undefined : { address, mask };
}

export function numberOf(ip: string): number | undefined {
  // The server reads each part as a number, blanks and sign included.
  const parts = /^\s*([+-]?\d+)\.\s*([+-]?\d+)\.\s*([+-]?\d+)\.\s*([+-]?\d+)$/.exec(ip)?.slice(1).map(Number);
  if (!parts || parts.some((part) => part < 0 || part > 255)) return undefined;
  return parts.reduce((sum, part) => ((sum << 8) | part) >>> 0, 0);
}
