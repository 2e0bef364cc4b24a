import { execFileSync } from "node:child_process";
import { PASSWORDS } from "./declaredPair";

/** Faults of a machine, and what is asked of an error. */

/** Puts a mount over a folder for as long as it is held. Its files stay visible in it. */
export class Mounted implements Disposable {
  private constructor(readonly folder: string) {}

  /** A small file system of its own, with copies of the files. Undefined, with a printed reason, where that is not allowed. */
  static small(folder: string, kilobytes: number): Mounted | undefined {
    return Mounted.over(folder, () => {
      const copy = execFileSync("tar", ["-C", folder, "-cf", "-", "."]);
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k,mode=700`, "tmpfs", folder], { stdio: "pipe" });
      execFileSync("tar", ["-C", folder, "-xf", "-"], { input: copy });
    });
  }

  /** The folder itself, but read-only. */
  static readOnly(folder: string): Mounted | undefined {
    return Mounted.over(folder, () => {
      execFileSync("mount", ["--bind", folder, folder], { stdio: "pipe" });
      execFileSync("mount", ["-o", "remount,ro,bind", folder], { stdio: "pipe" });
    });
  }

  private static over(folder: string, mount: () => void): Mounted | undefined {
    try {
      mount();
      return new Mounted(folder);
    } catch (error) {
      process.stderr.write(`not tried, because this machine allows no mount: ${(error as Error).message}\n`);
      return undefined;
    }
  }

  resize(kilobytes: number): void {
    execFileSync("mount", ["-o", `remount,size=${kilobytes}k`, this.folder], { stdio: "pipe" });
  }

  [Symbol.dispose](): void {
    execFileSync("umount", ["--lazy", this.folder], { stdio: "pipe" });
  }
}

/** Stops a process as a hang does, for as long as it is held. */
export class Hung implements Disposable {
  constructor(private readonly pid: number) {
    process.kill(pid, "SIGSTOP");
  }

  [Symbol.dispose](): void {
    process.kill(this.pid, "SIGCONT");
  }
}

/** The error that work ends with, and after how many seconds. Fails when it has none, shows a secret, or a stack. */
export async function failureOf(work: Promise<unknown>): Promise<{ message: string; seconds: number }> {
  const start = Date.now();
  const error = await work.then(
    () => undefined,
    (reason: Error) => reason,
  );
  const seconds = (Date.now() - start) / 1000;
  if (!error) throw new Error("it did not fail");
  const { message } = error;
  for (const secret of Object.values(PASSWORDS)) expect(message).not.toContain(secret);
  expect(message).not.toMatch(/\n\s+at /);
  expect(message).not.toMatch(/\*[0-9A-F]{40}/);
  return { message, seconds };
}
