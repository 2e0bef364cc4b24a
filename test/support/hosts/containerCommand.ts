import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import type Docker from "dockerode";

/** Runs a command in a container, with `input` on its standard input. Rejects when it ends with another code than 0. */
export async function runInContainer(
  docker: Docker,
  container: Docker.Container,
  { command, user = "root", input = "" }: { command: readonly string[]; user?: string; input?: string },
): Promise<string> {
  const exec = await container.exec({
    Cmd: [...command],
    User: user,
    AttachStdin: input !== "",
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({ hijack: true, stdin: input !== "" });
  const [out, err] = [new PassThrough(), new PassThrough()];
  docker.modem.demuxStream(stream, out, err);
  stream.once("close", () => [out, err].map((end) => end.end()));
  if (input !== "") stream.end(input);
  const [output, errors] = (await Promise.all([buffer(out), buffer(err)])).map(String);
  const { ExitCode } = await exec.inspect();
  if (ExitCode !== 0) throw new Error(`${command.join(" ")} ended with ${ExitCode}: ${output}${errors}`);
  return String(output);
}
