import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import {
  type EncodedDocument,
  encodeDocument,
  hexOf,
  type ImageDocuments,
  type ImageStore,
  LABEL,
  LAYER_TIME,
  MEDIA,
  makeIndex,
  makeManifest,
  type OciConfig,
  readImageDocuments,
} from "../../../delivery/image/index.ts";

/** What a machine's base offers to images that stand on it. */
export interface HostRelease {
  readonly architecture: "amd64" | "arm64";
  /** `ID` and `VERSION_ID` of os-release(5); empty when unknown. */
  readonly distroName: string;
  readonly distroVersion: string;
}

/** The user and group that files in images belong to, whatever machine built them. */
export const IMAGE_OWNER = { uid: 1000, gid: 1000 };

/** Names of images in the layout folder of a build, and where their layouts then are. */
export const LAYOUTS = {
  previous: { name: "conifer/app:previous", path: "index.docker.io/conifer/app/previous" },
  image: { name: "conifer/app:new", path: "index.docker.io/conifer/app/new" },
  /** Of builds that share no folder: what one keeps for the next. */
  cache: { name: "conifer/app:cache", path: "index.docker.io/conifer/app/cache" },
};

/** The user of run images: whom programs find in /etc/passwd, with a home. */
export const RUN_USER = { name: "dyno", ...IMAGE_OWNER, home: "/home/dyno" };

/** Where classic buildpacks and their apps take the app to be (facts: runtime), and where it is. */
export const CLASSIC_APP = { link: "app", target: "/workspace" };

/** What images stand on: a run image of the platform's store, or one that stands for a machine's own base. */
export interface RunImage {
  /** As people see it as an image's base: `conifer/run:debian-12`. The same for all versions of it. */
  readonly name: string;
  /** Where its layout is in the layout folder of a build. */
  readonly path: string;
  readonly manifest: LayoutBlob;
  readonly config: LayoutBlob;
  /** Its layers, which the store holds, digest → diffID. */
  readonly layers: ReadonlyMap<string, string>;
}

/** The lifecycle's folder is on PATH of images: a one-off dyno's command begins with `launcher`. */
const PATH = "/cnb/lifecycle:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The config of a run image; `layers` from the lowest up. */
export function makeRunConfig(
  host: HostRelease,
  layers: readonly { readonly diffId: string; readonly what: string }[],
): OciConfig {
  const created = LAYER_TIME.toISOString();
  return {
    architecture: host.architecture,
    os: "linux",
    ...(layers.length > 0 ? { created } : {}),
    config: {
      User: `${IMAGE_OWNER.uid}:${IMAGE_OWNER.gid}`,
      Env: [`PATH=${PATH}`],
      WorkingDir: "/",
      Labels: { [LABEL.distroName]: host.distroName, [LABEL.distroVersion]: host.distroVersion },
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    ...(layers.length > 0 ? { history: layers.map(({ what }) => ({ created, created_by: what })) } : {}),
  };
}

/**
 * The run image that stands for a machine's own base: no layers, and labels that say which base it is. It is the same
 * on all machines with the same release and architecture.
 */
export function makeHostRunImage(host: HostRelease): RunImage {
  const config = encodeDocument(MEDIA.config, makeRunConfig(host, []));
  const manifest = encodeDocument(MEDIA.manifest, makeManifest(config.descriptor, []));
  const blob = ({ bytes, descriptor }: EncodedDocument) => ({ digest: descriptor.digest, bytes });
  return { ...named("host-base", host), manifest: blob(manifest), config: blob(config), layers: new Map() };
}

/**
 * The run image of the store with this digest. Throws not_found when it is not there, and an Error when it is none that
 * images of this machine's builds could stand on.
 */
export async function readRunImage(
  store: Pick<ImageStore, "read">,
  digest: string,
  host: HostRelease,
): Promise<RunImage> {
  const { manifest, config } = await readImageDocuments(store, digest);
  const labels = config.config.Labels ?? {};
  const [distroName = "", distroVersion = ""] = [labels[LABEL.distroName], labels[LABEL.distroVersion]];
  const differs = [
    config.architecture !== host.architecture,
    distroName !== host.distroName,
    distroVersion !== host.distroVersion,
  ];
  if (differs.includes(true))
    throw new Error(
      `The run image is ${distroName} ${distroVersion} for ${config.architecture}, and builds run here on ` +
        `${host.distroName} ${host.distroVersion} for ${host.architecture}.`,
    );
  return await runImageOf(store, { digest, manifest, config }, named("run", host));
}

/**
 * A run image that somebody else's builder names, whatever it holds. Throws not_found when the store has it not. `at` says
 * how it is called, and where its layout stands in the layout folder of a build.
 */
export async function readForeignRunImage(
  store: Pick<ImageStore, "read">,
  digest: string,
  at: Pick<RunImage, "name" | "path">,
): Promise<RunImage> {
  return await runImageOf(store, { digest, ...(await readImageDocuments(store, digest)) }, at);
}

async function runImageOf(
  store: Pick<ImageStore, "read">,
  { digest, manifest, config }: ImageDocuments & { readonly digest: string },
  at: Pick<RunImage, "name" | "path">,
): Promise<RunImage> {
  const blob = async (of: string) => ({ digest: of, bytes: await buffer(await store.read(of)) });
  return {
    ...at,
    manifest: await blob(digest),
    config: await blob(manifest.config.digest),
    layers: new Map(manifest.layers.map((layer, n) => [layer.digest, config.rootfs.diff_ids[n] ?? ""])),
  };
}

/** What our run image for a machine's release is called, in all of its versions. */
export function runImageName(host: HostRelease): string {
  return named("run", host).name;
}

function named(kind: string, host: HostRelease): Pick<RunImage, "name" | "path"> {
  const release = [host.distroName, host.distroVersion].filter(Boolean).join("-");
  const tag = release.replace(/[^A-Za-z0-9._-]/g, "-") || "unknown";
  return { name: `conifer/${kind}:${tag}`, path: `index.docker.io/conifer/${kind}/${tag}` };
}

/** A document of an image, as it goes into a layout. */
export interface LayoutBlob {
  readonly digest: string;
  readonly bytes: Buffer;
}

/** Writes an image layout that holds an image's documents, and none of its layers. */
export async function writeSparseLayout(
  path: string,
  manifest: LayoutBlob,
  others: readonly LayoutBlob[],
): Promise<void> {
  const blobs = join(path, "blobs", "sha256");
  await mkdir(blobs, { recursive: true });
  for (const { digest, bytes } of [manifest, ...others]) await writeFile(join(blobs, hexOf(digest)), bytes);
  const named = { mediaType: MEDIA.manifest, digest: manifest.digest, size: manifest.bytes.length };
  await writeFile(join(path, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await writeFile(join(path, "index.json"), JSON.stringify(makeIndex([named])));
}
