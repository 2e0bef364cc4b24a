import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

/** Disks that are full or read-only. */

/** Puts a mount over a folder for as long as it is held. Its files stay visible in it. */
export class Mounted implements Disposable {
  private constructor(readonly folder: string) {}

  /** A small file system of its own, with copies of the files. */
  static small(folder: string, kilobytes: number): Mounted {
    const copy = execFileSync("tar", ["-C", folder, "-cf", "-", "."]);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k,mode=700`, "tmpfs", folder], { stdio: "pipe" });
    const mounted = new Mounted(folder);
    execFileSync("tar", ["-C", folder, "-xf", "-"], { input: copy });
    return mounted;
  }

  /** The folder itself, but read-only. */
  static readOnly(folder: string): Mounted {
    execFileSync("mount", ["--bind", folder, folder], { stdio: "pipe" });
    const mounted = new Mounted(folder);
    execFileSync("mount", ["-o", "remount,ro,bind", folder], { stdio: "pipe" });
    return mounted;
  }

  resize(kilobytes: number): void {
    execFileSync("mount", ["-o", `remount,size=${kilobytes}k`, this.folder], { stdio: "pipe" });
  }

  [Symbol.dispose](): void {
    execFileSync("umount", ["--lazy", this.folder], { stdio: "pipe" });
  }
}

/** A test that mounts. It is skipped where that is not allowed: on other systems than Linux, for others than root. */
export const testWithMounts = mayMount() ? test : test.skip;

function mayMount(): boolean {
  const folder = mkdtempSync(path.join(tmpdir(), "session-store-mount-"));
  try {
    Mounted.small(folder, 4)[Symbol.dispose]();
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
}
