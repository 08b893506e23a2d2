import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseIndex } from "../../../delivery/image/index.ts";
import { collectImage } from "../../cnb/builds/index.ts";
import type { RegistryClient } from "../../registry/client/index.ts";
import { intoRepository } from "./repository-content.ts";

const MOST_BYTES = 16 * 1024 ** 3;

/**
 * Sees to it that a repository has the first image of an OCI layout, and returns the digest. What is there already is not
 * sent. Throws an Error that says what to do when the folder holds none.
 */
export async function pushLayout(
  folder: string,
  repository: string,
  client: RegistryClient,
): Promise<string> {
  const digest = await digestIn(folder);
  if (await client.pullManifest(repository, digest)) return digest;
  const left = { root: folder, layout: ".", known: new Map<string, string>(), limitBytes: MOST_BYTES };
  await collectImage(left, intoRepository(client, repository, []));
  return digest;
}

async function digestIn(folder: string): Promise<string> {
  const index = await readFile(join(folder, "index.json")).catch((cause: unknown) => {
    throw new Error(`${folder} is no OCI layout. \`npm run -s images\` makes one.`, { cause });
  });
  const first = parseIndex(index).manifests[0];
  if (!first) throw new Error(`${folder} holds no image. \`npm run -s images\` makes one.`);
  return first.digest;
}
