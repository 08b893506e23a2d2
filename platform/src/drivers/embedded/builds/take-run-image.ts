import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ImageStore, parseIndex } from "../../../delivery/image/index.ts";
import { errorText } from "../../../kernel/index.ts";
import { collectImage, intoStore, type RunImage, readRunImage } from "../../cnb/builds/index.ts";
import type { HostRelease } from "../images/index.ts";

/** What an operator has named as run image cannot be one; the message says why and what to do. */
export class RunImageError extends Error {}

const LIMIT_BYTES = 8 * 1024 ** 3;

/**
 * Takes the run image in an OCI layout into the store, which keeps it under its name; what is there already is not read
 * again. Images of the same or an older version that stand in the store are not touched. `kept` is put behind the name, where
 * several images are called the same.
 * @throws RunImageError when the folder holds no run image of this machine's release
 */
export async function takeRunImage(
  layout: string,
  store: ImageStore,
  host: HostRelease,
  kept = "",
): Promise<RunImage> {
  try {
    const digest = await collectMissing(layout, store);
    const image = await readRunImage(store, digest, host);
    await store.tag(image.name + kept, digest);
    return image;
  } catch (cause) {
    const why = errorText(cause).replace(/\.$/, "");
    throw new RunImageError(
      `The run image ${layout} cannot be used: ${why}. \`npm run -s images\` makes one and prints its folder.`,
      { cause },
    );
  }
}

/** The manifest comes into the store last, so an image whose manifest is there is whole. */
async function collectMissing(layout: string, store: ImageStore): Promise<string> {
  const named = parseIndex(await readFile(join(layout, "index.json"))).manifests[0];
  if (named && (await store.has(named.digest))) return named.digest;
  const left = { root: layout, layout: ".", known: new Map<string, string>(), limitBytes: LIMIT_BYTES };
  return await collectImage(left, intoStore(store));
}
