import * as path from "node:path";
import { pack } from "tar-stream";
import { hostImage, type Suite, testEngine } from "./dockerEngine";

const CONTEXT = path.join(__dirname, "mariadbImage");

/**
 * An image with a server as its main process, in the way of the official one, which can't be had everywhere. Another release is another
 * image with the same in it. Returns its name.
 */
export async function serverImage(suite: Suite = "bookworm", release = 1): Promise<string> {
  const name = `session-store-server:${suite}-${release}`;
  const buildargs = { BASE: hostImage(suite), RELEASE: String(release) };
  await built(
    name,
    await testEngine().buildImage({ context: CONTEXT, src: ["Dockerfile", "entrypoint.sh"] }, { t: name, buildargs }),
  );
  return name;
}

/** An image whose server does not start. Returns its name. */
export async function brokenServerImage(suite: Suite): Promise<string> {
  const name = `session-store-server:${suite}-broken`;
  const archive = pack();
  archive.entry({ name: "Dockerfile" }, `FROM ${await serverImage(suite)}\nCMD ["mariadbd", "--no-such-option"]\n`);
  archive.finalize();
  await built(name, await testEngine().buildImage(archive, { t: name }));
  return name;
}

/** Waits until the engine has made an image. */
const built = (name: string, progress: NodeJS.ReadableStream): Promise<void> =>
  new Promise((resolve, reject) => {
    testEngine().modem.followProgress(progress, (error, lines) => {
      const failure = error?.message ?? lines.find((line) => line.error)?.error;
      if (failure) reject(new Error(`${name}: ${failure}`));
      else resolve();
    });
  });
