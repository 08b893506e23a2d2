import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { errorText, invalidParams } from "../../../kernel/index.ts";
import { collectImage, LAYOUTS } from "../../cnb/builds/index.ts";
import { type RegistryClient, RegistryRequestError } from "../../registry/client/index.ts";
import type { BuildTask } from "./build-task.ts";
import { PREPARED_FILE, type Prepared } from "./prepare-build.ts";
import { intoRepository } from "./repository-content.ts";

/**
 * Pushes the image that the exporter has left, all of it checked by digest, and returns the manifest's digest. Throws
 * invalid_params for an image that cannot be used, and RegistryRequestError when the registry does not take it.
 */
export async function deliverImage(
  at: { readonly build: string; readonly layouts: string },
  task: BuildTask,
  client: RegistryClient,
): Promise<string> {
  const { repository, runImage, imageLimitBytes } = task;
  const { known } = JSON.parse(await readFile(join(at.build, PREPARED_FILE), "utf8")) as Prepared;
  const left = {
    root: at.layouts,
    layout: LAYOUTS.image.path,
    known: new Map(Object.entries(known)),
    limitBytes: imageLimitBytes,
  };
  try {
    return await collectImage(left, intoRepository(client, repository, [runImage.repository]));
  } catch (thrown) {
    if (thrown instanceof RegistryRequestError) throw thrown;
    throw invalidParams(`The build's image cannot be used: ${errorText(thrown)}.`);
  }
}
