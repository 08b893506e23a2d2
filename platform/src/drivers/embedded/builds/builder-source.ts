import { createReadStream } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { removeTree, unpackTar } from "../../files/trees/index.ts";
import { parseShortReference, referenceText } from "../../registry/client/index.ts";
import { type ImageLayout, readImageLayout } from "../images/index.ts";

/** The OCI layout that an operator has named: a folder, or a tar of one, which is unpacked into `scratch` first. */
export async function openNamedLayout(path: string, scratch: string): Promise<ImageLayout> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new Error(`${path} is not there`, { cause });
  });
  if (found.isDirectory()) return await readImageLayout(path);
  await removeTree(scratch);
  await mkdir(scratch, { recursive: true });
  const limits = { bytes: 32 * 1024 ** 3, entries: 100_000 };
  await unpackTar(createReadStream(path), scratch, { limits });
  return await readImageLayout(scratch);
}

/** The names under which a layout may hold an image: as it is written, and in full. */
export function namesOf(image: string): readonly string[] {
  return [image, referenceText(parseShortReference(image))];
}
