import { execFile } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import type { Journey } from "../../conformance/src/journey.ts";
import { waitUntil } from "../../conformance/src/wait-until.ts";

const BUILD_MS = 300_000;

/** Makes an app and returns its id. */
export async function makeApp(journey: Pick<Journey, "api">): Promise<string> {
  return (await journey.api("POST", "/apps", {})).body.id;
}

/** Milliseconds from asking for a build of the folder until it has succeeded. */
export async function buildFolder(
  journey: Pick<Journey, "api">,
  app: string,
  folder: string,
  longestMs = BUILD_MS,
): Promise<number> {
  // Not waited for as a whole: the caller may be measuring something else meanwhile.
  const { stdout: archive } = await promisify(execFile)("tar", ["-C", folder, "-cz", "."], {
    ...{ encoding: "buffer", maxBuffer: 64 * 1024 * 1024 },
  });
  const { source_blob: blob } = (await journey.api("POST", "/sources")).body;
  await fetch(blob.put_url, { method: "PUT", body: new Uint8Array(archive) });
  const began = performance.now();
  const begun = await journey.api("POST", `/apps/${app}/builds`, { source_blob: { url: blob.get_url } });
  const path = `/apps/${app}/builds/${begun.body.id}`;
  // It ends with the build; looking is only for what comes after.
  const output = await readOutput(begun.body.output_stream_url, longestMs);
  let answer = "nothing";
  const ended = await waitUntil(
    "the build to end",
    async () => {
      const { status, body } = await journey.api("GET", path);
      answer = JSON.stringify(body);
      return status === 200 && body.status !== "pending" && body;
    },
    { ms: longestMs, instead: () => answer },
  );
  const took = performance.now() - began;
  if (ended.status === "succeeded") return took;
  throw new Error(`the build has ${ended.status}:\n${output}`);
}

/** Of a build that waits there is none yet. */
async function readOutput(address: string, longestMs: number): Promise<string> {
  const signal = AbortSignal.timeout(longestMs);
  try {
    let answer = await fetch(address, { signal });
    while (answer.status === 404) {
      await wait(100, undefined, { signal });
      answer = await fetch(address, { signal });
    }
    return await answer.text();
  } catch (thrown) {
    return `its output cannot be read: ${(thrown as Error).message}`;
  }
}
