import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmdirSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import * as path from "node:path";

const KIB = 1024;

/**
 * A small disk of its own over a folder, with copies of the files in it, for as long as it is held. It throws where mounts are not allowed:
 * a test that went on without it would fill the disk of the machine.
 */
export class SmallDisk implements Disposable {
  private constructor(
    readonly folder: string,
    private size: number,
  ) {}

  /** @param size in KiB. Nothing may use the folder while it is put over it. */
  static over(folder: string, size: number): SmallDisk {
    const beside = `${folder}.disk`;
    mkdirSync(beside);
    run("mount", "-t", "tmpfs", "-o", `size=${size}k,mode=700`, "tmpfs", beside);
    try {
      // Holes would take room when they are written to: servers allot their files beforehand.
      run("cp", "-a", "--sparse=never", `${folder}/.`, beside);
      run("mount", "--bind", beside, folder);
    } finally {
      run("umount", beside);
      rmdirSync(beside);
    }
    const disk = new SmallDisk(folder, size);
    disk.refuseOther();
    return disk;
  }

  /** Bytes that can still be written. */
  get free(): number {
    const { bavail, bsize } = statfsSync(this.folder);
    return bavail * bsize;
  }

  /** Takes all room but so many KiB. */
  fill(left = 0): void {
    this.refuseOther();
    const file = openSync(this.filler, "a");
    try {
      for (let excess = this.free - left * KIB; excess > 0; excess = this.free - left * KIB) {
        writeSync(file, Buffer.alloc(Math.min(excess, 1 << 20)));
      }
    } finally {
      closeSync(file);
    }
  }

  /** Gives the room back that `fill` took. */
  makeRoom(): void {
    rmSync(this.filler, { force: true });
  }

  private get filler(): string {
    return path.join(this.folder, "filler");
  }

  /** Nothing is written but to the disk that was made here: its size and device tell it from the machine's own. */
  private refuseOther(): void {
    const { blocks, bsize } = statfsSync(this.folder);
    const isOwn = statSync(this.folder).dev !== statSync(path.dirname(this.folder)).dev;
    if (isOwn && blocks * bsize <= this.size * KIB) return;
    throw new Error(`${this.folder} is not on the small disk that was mounted there`);
  }

  [Symbol.dispose](): void {
    run("umount", "--lazy", this.folder);
  }
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: "pipe" });
}
