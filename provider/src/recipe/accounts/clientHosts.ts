import type { Account } from "./accounts";

/** Which of several accounts MariaDB takes for a client: the order of their hosts, and what a host matches. */

/** Where a client comes from, as the server sees it. */
export interface Client {
  /** Its name. Absent: the server does not look for one, or finds none. */
  readonly host?: string;
  /** Its address. Absent: it comes through the socket. */
  readonly ip?: string;
}

/** The account that the server takes for a login under this name; undefined: it refuses it. */
export function takenAccount<A extends Account>(accounts: readonly A[], user: string, client: Client): A | undefined {
  const candidates = accounts.filter((each) => each.user === user || each.user === "");
  return candidates.filter(({ host }) => matches(host, client)).sort(inServersOrder)[0];
}

/**
 * Accounts that the server takes for clients that a wanted one is there for: they have a narrower host, and its name or none.
 * @param others accounts that nobody declared
 */
export const inPlaceOf = <A extends Account>(wanted: Account, others: readonly A[]): A[] =>
  others
    .filter(({ user }) => user === wanted.user || user === "")
    .filter((other) => inServersOrder(other, wanted) < 0 && mayMeet(other.host, wanted.host));

/** The narrowest host first; of equally narrow ones a name before none. */
function inServersOrder(one: Account, other: Account): number {
  const [mine, its] = [breadth(one.host), breadth(other.host)];
  const differs = mine.findIndex((part, index) => part !== its[index]);
  if (differs >= 0) return (mine[differs] ?? 0) - (its[differs] ?? 0);
  if ((one.user === "") !== (other.user === "")) return one.user === "" ? 1 : -1;
  return one.host === other.host ? 0 : Buffer.compare(Buffer.from(other.host), Buffer.from(one.host));
}

/** The longest host that the server keeps, and the most wildcards of one kind that it counts. */
const LONGEST = 255;
const MOST = 31;

/** How many clients a host may match, as the server estimates it from its wildcards: numbers to be compared one after the other. */
function breadth(host: string): readonly [number, number, number, number] {
  let [literal, ones, many, prefix] = [0, 0, 0, 0];
  let isMany = false;
  for (const { wild } of charactersOf(host)) {
    if (wild !== undefined && ones + many === 0) prefix = literal;
    if (wild === undefined) literal++;
    if (wild === "_") ones++;
    // Several in a row are one.
    if (wild === "%" && !isMany) many++;
    isMany = wild === "%";
  }
  [ones, many] = [Math.min(ones, MOST), Math.min(many, MOST)];
  const free = many > 0 ? LONGEST - literal - ones : 0;
  return free > ones ? [free * 2 + 1, many, ones, prefix] : [ones * 2, free, many, prefix];
}

interface Character {
  readonly text: string;
  readonly wild?: "%" | "_";
}

function charactersOf(pattern: string): Character[] {
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

function matches(pattern: string, { host, ip }: Client): boolean {
  const range = rangeOf(pattern);
  const address = ip === undefined ? undefined : numberOf(ip);
  if (range && address !== undefined) return (address & range.mask) >>> 0 === range.address;
  const isLike = expression(pattern);
  return pattern === "" || (host !== undefined && isLike.test(host)) || (ip !== undefined && isLike.test(ip));
}

/** Whether both may match one client. Which name an address has is not known here: any host name except `localhost` may have any address. */
function mayMeet(one: string, other: string): boolean {
  const loopback: readonly Client[] = [
    { host: "localhost" },
    { host: "localhost", ip: "127.0.0.1" },
    { host: "localhost", ip: "::1" },
  ];
  if ([one, other].some((host) => host.toLowerCase() === "localhost"))
    return loopback.some((client) => matches(one, client) && matches(other, client));
  const [first, second] = [rangeOf(one), rangeOf(other)];
  if (first && second) {
    const common = first.mask & second.mask;
    return (first.address & common) === (second.address & common);
  }
  if (first || second) return mayBeName(first ? other : one) || meetsRange(first ? other : one, first ?? second);
  const isNameOf = (name: string, address: string) => mayBeName(name) && mayBeAddress(address);
  return isNameOf(one, other) || isNameOf(other, one) || haveCommon(charactersOf(one), charactersOf(other));
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
function haveCommon(one: readonly Character[], other: readonly Character[]): boolean {
  const known = new Map<string, boolean>();
  const from = (i: number, j: number): boolean => {
    const key = `${i} ${j}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    known.set(key, false);
    const [a, b] = [one[i], other[j]];
    const answer = Boolean(
      (!a && !b) ||
        (a?.wild === "%" && (from(i + 1, j) || (b && from(i, j + 1)))) ||
        (b?.wild === "%" && (from(i, j + 1) || (a && from(i + 1, j)))) ||
        (a && b && (a.wild || b.wild || a.text.toLowerCase() === b.text.toLowerCase()) && from(i + 1, j + 1)),
    );
    known.set(key, answer);
    return answer;
  };
  return from(0, 0);
}

interface Range {
  readonly address: number;
  readonly mask: number;
}

/** `address/netmask`. */
function rangeOf(host: string): Range | undefined {
  const [text = "", ...masks] = host.split("/");
  const [address, mask] = [numberOf(text), masks.length === 1 ? numberOf(masks[0] ?? "") : undefined];
  // Without a bit it is a name like any other.
  return address === undefined || !mask ? undefined : { address, mask };
}

function numberOf(ip: string): number | undefined {
  const parts = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(ip)?.slice(1).map(Number);
  if (!parts || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((sum, part) => ((sum << 8) | part) >>> 0, 0);
}
