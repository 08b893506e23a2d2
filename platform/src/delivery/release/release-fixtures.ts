import { findAppForUpdate } from "../../apps/app/index.ts";
import { newId } from "../../kernel/index.ts";
import { type ImageInfo, insertImage } from "../image/index.ts";
import { createRelease, type ReleaseDependencies } from "./create-release.ts";
import type { Release } from "./release.ts";

/** What an image of these process types would say of itself. */
export function imageInfo(processes: Readonly<Record<string, string>>, digit = "a"): ImageInfo {
  return {
    digest: `sha256:${digit.repeat(64)}`,
    architecture: "amd64",
    processes: Object.entries(processes).map(([type, command]) => ({
      type,
      command: ["sh", "-c", command],
      args: [],
      direct: true,
      default: type === "web",
    })),
    buildpacks: [{ id: "conifer/nodejs", version: "0.1.0" }],
    runImage: { name: "host", topLayer: "" },
    sizeBytes: 1_000,
  };
}

/** Releases an image as a build would, without building one. */
export async function releaseAnImage(
  context: ReleaseDependencies,
  appId: string,
  processes: Readonly<Record<string, string>>,
  digit = "a",
  secrets: readonly string[] = [],
): Promise<Release> {
  const info = { ...imageInfo(processes, digit), secrets };
  return await context.db.transaction().execute(async (trx) => {
    await findAppForUpdate(trx, appId);
    const id = newId();
    const image = {
      id,
      appId,
      digest: info.digest,
      info,
      commit: "0".repeat(40),
      commitDescription: "a commit",
      stack: "cnb",
    };
    await insertImage(trx, { ...image, createdAt: context.clock() });
    const actor = { id: newId(), email: "owner@example.com" };
    return await createRelease(
      trx,
      { appId, actor, cause: "code", description: "Deploy 00000000", imageId: id },
      context,
    );
  });
}
