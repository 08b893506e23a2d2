import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type ImageStore, isDigest } from "../../../delivery/image/index.ts";
import type { RunImageBuild, RunImages } from "../../../delivery/rebase/index.ts";
import { errorText, invalidParams } from "../../../kernel/index.ts";
import { describeRunImage, intoStore } from "../../cnb/builds/index.ts";
import {
  type ImageOrigin,
  parseShortReference,
  pullImage,
  type RegistryAccess,
  withRegistryImage,
} from "../../registry/client/index.ts";
import { readImageLayout } from "../images/index.ts";

export interface MachineRunImagesOptions extends RegistryAccess {
  readonly store: ImageStore;
  readonly architecture: "amd64" | "arm64";
  /** CONIFER_RUN_IMAGE: the folder of an OCI layout, or `<repository>@<digest>`; undefined when builds stand on the machine. */
  readonly runImage: string | undefined;
  /** The folder of the builder shelf, which notes what it has pulled. */
  readonly shelf: string;
}

const LIMIT_BYTES = 16 * 1024 ** 3;
const PULL_MS = 20 * 60 * 1_000;

/** The run images in the store of this disk: the installation's own, and what builders of others stand on. */
export function openMachineRunImages(options: MachineRunImagesOptions): RunImages {
  const { store, runImage, shelf } = options;
  return {
    async list() {
      const own = runImage === undefined ? undefined : await digestOfOwn(runImage);
      const noted = [
        ...(own === undefined ? [] : [{ digest: own, name: undefined }]),
        ...(await pulledBefore(shelf)),
      ];
      const found = new Map<string, RunImageBuild>();
      for (const { digest, name } of noted) {
        const build = await describeRunImage(store, digest, name).catch(() => undefined);
        if (build && !found.has(build.name)) found.set(build.name, build);
      }
      return [...found.values()];
    },
    async bring(reference, as) {
      const named: unknown = reference;
      if (isDigest(named)) return await describeRunImage(store, named, as);
      const isPath = reference.startsWith("/");
      const digest = await pull(reference, options).catch((thrown: unknown) => {
        throw invalidParams(`The run image ${reference} cannot be had: ${errorText(thrown)}`);
      });
      return await describeRunImage(store, digest, as ?? (isPath ? undefined : reference));
    },
  };
}

/** Undefined for a folder that is not there any more: what stands on it is not touched. */
async function digestOfOwn(runImage: string): Promise<string | undefined> {
  const [, named] = runImage.split("@");
  if (named !== undefined) return named;
  const layout = await readImageLayout(runImage).catch(() => undefined);
  return (await layout?.first.document().catch(() => undefined))?.digest;
}

/** What the builder shelf has pulled from registries, the newest first. Builders are among it, on which no app stands. */
async function pulledBefore(
  shelf: string,
): Promise<readonly { readonly name: string; readonly digest: string }[]> {
  const folder = join(shelf, "known");
  const names = await readdir(folder).catch(() => []);
  const read = names.map(async (name) => {
    const path = join(folder, name);
    const {
      name: image,
      digest,
      architecture,
    } = JSON.parse(await readFile(path, "utf8")) as { name: string; digest: string; architecture?: string };
    return { name: image, digest, architecture, at: (await stat(path)).mtimeMs };
  });
  const found = (await Promise.all(read.map((one) => one.catch(() => undefined)))).filter(
    (one) => one !== undefined,
  );
  // What was pulled for other processors is nothing that an app of this machine could stand on.
  const ours = found.filter(({ architecture }) => architecture === undefined);
  return ours.sort((a, b) => b.at - a.at);
}

/** An image of a folder or of a registry, in the store with all of its layers. */
async function pull(reference: string, options: MachineRunImagesOptions): Promise<string> {
  const { store, architecture } = options;
  const take = (origin: ImageOrigin) =>
    pullImage(origin, { to: intoStore(store), architecture, limitBytes: LIMIT_BYTES });
  const access = { ...options, trusted: true, signal: AbortSignal.timeout(PULL_MS) };
  const image = reference.startsWith("/")
    ? await take((await readImageLayout(reference)).first)
    : await withRegistryImage(parseShortReference(reference), access, take);
  if (!image) throw new Error("there is none of that name for this machine's processors.");
  return image.digest;
}
