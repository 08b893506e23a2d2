import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ARCHITECTURES, type ImageStore, isDigest, parseIndex } from "../../../delivery/image/index.ts";
import { joinBuilds, type RunImageBuild, type RunImages } from "../../../delivery/rebase/index.ts";
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
  /** CONIFER_OTHER_RUN_IMAGE: as `runImage`, for the processors that this machine has not. */
  readonly otherRunImage: string | undefined;
  /** The folder of the builder shelf, which notes what it has pulled. */
  readonly shelf: string;
}

const LIMIT_BYTES = 16 * 1024 ** 3;
const PULL_MS = 20 * 60 * 1_000;

/** The run images in the store of this disk: the installation's own, and what builders of others stand on. */
export function openMachineRunImages(options: MachineRunImagesOptions): RunImages {
  const { store, runImage, otherRunImage, shelf } = options;
  return {
    async list() {
      const own = await Promise.all([runImage, otherRunImage].map(digestOfOwn));
      const noted = [
        ...own.flatMap((digest) => (digest === undefined ? [] : [{ digest, name: undefined }])),
        ...(await pulledBefore(shelf)),
      ];
      const found = new Map<string, RunImageBuild>();
      for (const { digest, name } of noted) {
        const build = await describeRunImage(store, digest, name).catch(() => undefined);
        const before = build && found.get(build.name);
        if (build) found.set(build.name, before ? joinBuilds(before, build) : build);
      }
      return [...found.values()];
    },
    async bring(reference, as) {
      const named: unknown = reference;
      if (isDigest(named)) return await describeRunImage(store, named, as);
      const isPath = reference.startsWith("/");
      const name = as ?? (isPath ? undefined : reference);
      const digests = await pull(reference, options).catch((thrown: unknown) => {
        throw invalidParams(`The run image ${reference} cannot be had: ${errorText(thrown)}`);
      });
      const [first, ...others] = await Promise.all(
        digests.map((digest) => describeRunImage(store, digest, name)),
      );
      if (!first) throw invalidParams(`The run image ${reference} is there for none of these processors.`);
      return joinBuilds(first, ...others);
    },
  };
}

/** Undefined for a folder that is not there any more: what stands on it is not touched. */
async function digestOfOwn(runImage: string | undefined): Promise<string | undefined> {
  if (runImage === undefined) return undefined;
  const [, named] = runImage.split("@");
  if (named !== undefined) return named;
  const layout = await readImageLayout(runImage).catch(() => undefined);
  return (await layout?.first.document().catch(() => undefined))?.digest;
}

/** An image that the builder shelf has pulled; for this machine's processors unless it says for which. */
interface Noted {
  readonly name: string;
  readonly digest: string;
  readonly architecture?: string;
}

/**
 * What the builder shelf has pulled from registries, the newest first, and what is for this machine before what is for others.
 * Builders are among it, on which no app stands.
 */
async function pulledBefore(shelf: string): Promise<readonly Noted[]> {
  const folder = join(shelf, "known");
  const names = await readdir(folder).catch(() => []);
  const read = names.map(async (name) => {
    const path = join(folder, name);
    return { ...(JSON.parse(await readFile(path, "utf8")) as Noted), at: (await stat(path)).mtimeMs };
  });
  const found = (await Promise.all(read.map((one) => one.catch(() => undefined)))).filter(
    (one) => one !== undefined,
  );
  const isForOthers = ({ architecture }: Noted) => Number(architecture !== undefined);
  return found.sort((a, b) => isForOthers(a) - isForOthers(b) || b.at - a.at);
}

/**
 * An image of a folder or of a registry, in the store with all of its layers: for this machine's processors, and for others
 * where apps are built for them on it.
 */
async function pull(reference: string, options: MachineRunImagesOptions): Promise<readonly string[]> {
  const { store, shelf, architecture: own } = options;
  const isPath = reference.startsWith("/");
  const isForOthers =
    isPath ||
    (await pulledBefore(shelf)).some(({ name, architecture }) => name === reference && architecture);
  const take = async (origin: ImageOrigin): Promise<readonly string[]> => {
    const pullFor = async (architecture: "amd64" | "arm64") =>
      (await pullImage(origin, { to: intoStore(store), architecture, limitBytes: LIMIT_BYTES }))?.digest;
    const first = await pullFor(own);
    if (first === undefined) throw new Error("there is none of that name for this machine's processors.");
    const whole = await origin.document();
    if (!whole || whole.digest === first || !isForOthers) return [first];
    const there = parseIndex(whole.bytes).manifests.filter(({ platform }) => platform?.os === "linux");
    const others = ARCHITECTURES.filter(
      (one) => one !== own && there.some(({ platform }) => platform?.architecture === one),
    );
    const digests = await Promise.all(others.map(pullFor));
    return [first, ...digests.filter((digest) => digest !== undefined)];
  };
  const access = { ...options, trusted: true, signal: AbortSignal.timeout(PULL_MS) };
  if (isPath) return await take((await readImageLayout(reference)).first);
  return (await withRegistryImage(parseShortReference(reference), access, take)) ?? [];
}
