/**
 * What servers can do, and since which version, as far as the order of our steps depends on it. What a setting or privilege depends on is in
 * its own table; what is advised against a release, in releases.ts.
 */
const SINCE = {
  /** Semi-sync is part of the server, not two plug-ins. */
  "built-in semi-sync": "10.3.3",
  /** `server_uid` tells servers apart. */
  "server uid": "10.10",
  /** A server that listens at `::` takes no connections of IPv4. */
  "addresses of one kind": "10.11",
  /** SUPER alone neither purges nor lists binary logs. */
  "SUPER without binary logs": "11.0.1",
  /** The variable is named as the option is: `transaction_isolation`, before `tx_isolation`. */
  transaction_isolation: "11.1.1",
  /** The binary log may be tables of InnoDB. */
  "binary log in InnoDB": "12.3",
  /** A server without certificates makes one, and replicas verify it by the account's password. */
  "own certificate": "11.4",
} as const;

/** A MariaDB server's version, from `SELECT VERSION()`, such as `10.11.19-MariaDB-0+deb12u1`. */
export class Version {
  private constructor(
    readonly text: string,
    private readonly parts: readonly [number, number, number],
  ) {}

  static parse(text: string): Version {
    const match = /(\d+)\.(\d+)\.(\d+)/.exec(text);
    if (!match) throw new Error(`"${text}" is not a MariaDB version`);
    return new Version(text, [Number(match[1]), Number(match[2]), Number(match[3])]);
  }

  /** `10.11.19`, without the distribution's suffix. */
  get number(): string {
    return this.parts.join(".");
  }

  /** `10.11`: what gets fixes together. */
  get series(): string {
    return this.parts.slice(0, 2).join(".");
  }

  /** True from `wanted` on: `version.atLeast("10.6.1")`. Missing parts count as 0. */
  atLeast(wanted: string): boolean {
    const other = wanted.split(".").map(Number);
    for (let i = 0; i < 3; i++) {
      const difference = (this.parts[i] ?? 0) - (other[i] ?? 0);
      if (difference !== 0) return difference > 0;
    }
    return true;
  }

  has(feature: keyof typeof SINCE): boolean {
    return this.atLeast(SINCE[feature]);
  }

  /** True for versions in `[from, to)`. */
  between(from: string, to: string): boolean {
    return this.atLeast(from) && !this.atLeast(to);
  }
}
