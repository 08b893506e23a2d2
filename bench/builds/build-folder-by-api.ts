import { spawnSync } from "node:child_process";
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
): Promise<number> {
  const archive = spawnSync("tar", ["-C", folder, "-cz", "."], { maxBuffer: 64 * 1024 * 1024 }).stdout;
  const { source_blob: blob } = (await journey.api("POST", "/sources")).body;
  await fetch(blob.put_url, { method: "PUT", body: new Uint8Array(archive) });
  const began = performance.now();
  const begun = await journey.api("POST", `/apps/${app}/builds`, { source_blob: { url: blob.get_url } });
  const path = `/apps/${app}/builds/${begun.body.id}`;
  const ended = await waitUntil(
    "the build to end",
    async () => {
      const { body } = await journey.api("GET", path);
      return body.status !== "pending" && body;
    },
    { ms: BUILD_MS },
  );
  const took = performance.now() - began;
  if (ended.status === "succeeded") return took;
  const output = await (await fetch(ended.output_stream_url)).text();
  throw new Error(`the build has ${ended.status}:\n${output}`);
}
