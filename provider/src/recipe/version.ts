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

  /** True from `wanted` on: `version.atLeast("10.6.1")`. Missing parts count as 0. */
  atLeast(wanted: string): boolean {
    const other = wanted.split(".").map(Number);
    for (let i = 0; i < 3; i++) {
      const difference = (this.parts[i] ?? 0) - (other[i] ?? 0);
      if (difference !== 0) return difference > 0;
    }
    return true;
  }

  /** True for versions in `[from, to)`. */
  between(from: string, to: string): boolean {
    return this.atLeast(from) && !this.atLeast(to);
  }
}
