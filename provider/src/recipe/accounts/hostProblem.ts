import { isIPv6 } from "node:net";
import { charactersOf, numberOf, rangeOf } from "./hostPatterns";

/** Why a host in an account's name matches no client at all, with what to write. Undefined: it may match some. */
export function hostProblem(host: string): string | undefined {
  if (host.includes("/")) return netmaskProblem(host);
  const characters = charactersOf(host);
  const text = characters.map((each) => each.text).join("");
  const hasWildcards = characters.some(({ wild }) => wild);
  if (/^\d+\./.test(text)) return hasWildcards ? patternProblem(host) : addressProblem(text);
  return text.includes(":") && !hasWildcards ? longAddressProblem(text) : undefined;
}

const NOBODY = "matches nobody";

function netmaskProblem(host: string): string | undefined {
  const [address = "", mask = "", ...rest] = host.split("/");
  const number = numberOf(address);
  if (isIPv6(address))
    return `${NOBODY}: MariaDB knows netmasks of IPv4 only; write the address, or a pattern of it as MariaDB shows it, such as "2001:db8:%"`;
  const wanted = rest.length === 0 ? maskOf(mask) : undefined;
  if (number === undefined || wanted === undefined) return "must be address/netmask: 10.1.0.0/255.255.0.0";
  if (wanted === 0) return `${NOBODY}: a netmask without a bit is none; write "%" for all hosts`;
  const instead = `write "${dotted(number & wanted)}/${dotted(wanted)}"`;
  if (/^\d+$/.test(mask)) return `${NOBODY}: MariaDB knows no prefix lengths; ${instead}`;
  const isRange = rangeOf(host)?.address === (number & wanted) >>> 0;
  return isRange ? undefined : `${NOBODY}: the address has bits that its netmask leaves out; ${instead}`;
}

/** Of a netmask, or a number of bits. */
function maskOf(text: string): number | undefined {
  if (!/^\d+$/.test(text)) return numberOf(text);
  const bits = Number(text);
  if (bits > 32) return undefined;
  return bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0;
}

const dotted = (number: number): string => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");

function addressProblem(text: string): string | undefined {
  const number = numberOf(text);
  if (number === undefined)
    return `${NOBODY}: "${text}" is not an IP address, and MariaDB believes no host name that begins like one`;
  return text === dotted(number) ? undefined : shownAs(dotted(number));
}

const shownAs = (address: string): string =>
  `${NOBODY}: MariaDB compares addresses in the form in which it shows them; write "${address}"`;

function longAddressProblem(text: string): string | undefined {
  if (!isIPv6(text)) return `${NOBODY}: "${text}" is not an IP address, and a host name has no colon`;
  const shown = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(shown)?.slice(1);
  if (mapped) {
    const [high = 0, low = 0] = mapped.map((part) => Number.parseInt(part, 16));
    return shownAs(dotted((high << 16) | low));
  }
  // An address that has one of IPv4 at its end is shown in another form.
  return text.includes(".") || text.toLowerCase() === shown ? undefined : shownAs(shown);
}

const DIGIT = "0123456789";
/** The parts of an address, as characters that may follow each other. */
const PARTS = [
  [DIGIT],
  [DIGIT.slice(1), DIGIT],
  ["1", DIGIT, DIGIT],
  ["2", DIGIT.slice(0, 5), DIGIT],
  ["2", "5", DIGIT.slice(0, 6)],
];

/** Such a pattern has to be one of an IPv4 address: all of these are held against it at once. */
function patternProblem(host: string): string | undefined {
  const pattern = charactersOf(host);
  /** A `%` may also be nothing. */
  const withSkipped = (positions: Iterable<number>): Set<number> => {
    const all = new Set(positions);
    for (const at of all) if (pattern[at]?.wild === "%") all.add(at + 1);
    return all;
  };
  /** Where in the pattern one is after one of these characters. */
  const after = (positions: ReadonlySet<number>, characters: string): Set<number> =>
    withSkipped(
      [...positions].flatMap((at) => {
        const { wild, text = "" } = pattern[at] ?? {};
        if (wild === "%") return [at];
        return wild || (text !== "" && characters.includes(text)) ? [at + 1] : [];
      }),
    );
  let positions = withSkipped([0]);
  for (const dot of [[], ["."], ["."], ["."]]) {
    const begun = positions;
    positions = new Set(PARTS.flatMap((part) => [...[...dot, ...part].reduce(after, begun)]));
  }
  if (positions.has(pattern.length)) return undefined;
  return `${NOBODY}: no IPv4 address is like it, and MariaDB believes no host name that begins like one; write a pattern such as "10.1.%"`;
}
