import { run } from "../../provider/src/commands/program";

/** What the package's command line answers. */
export async function sessionStore(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const code = await run(args, {
    write(text) {
      out += text;
    },
    warn(text) {
      err += text;
    },
  });
  return { code, out, err };
}
