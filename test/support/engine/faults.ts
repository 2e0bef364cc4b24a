import { PASSWORDS } from "./declaredPair";

/** Faults of a process, and what is asked of an error. */

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
