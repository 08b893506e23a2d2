import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type EncodedDocument,
  encodeDocument,
  hexOf,
  LABEL,
  MEDIA,
  makeIndex,
  makeManifest,
  type OciConfig,
} from "../../../delivery/image/index.ts";
import type { HostRelease } from "../images/index.ts";

/** The user and group that files in images belong to, whatever machine built them. */
export const IMAGE_OWNER = { uid: 1000, gid: 1000 };

/** Names of images in the layout folder of a build, and where their layouts then are. */
export const LAYOUTS = {
  previous: { name: "conifer/app:previous", path: "index.docker.io/conifer/app/previous" },
  image: { name: "conifer/app:new", path: "index.docker.io/conifer/app/new" },
};

/** The run image's name, which people see as an image's base: `conifer/host-base:debian-12`. */
export function runLayout(host: HostRelease): { readonly name: string; readonly path: string } {
  const release = [host.distroName, host.distroVersion].filter(Boolean).join("-");
  const tag = release.replace(/[^A-Za-z0-9._-]/g, "-") || "unknown";
  return { name: `conifer/host-base:${tag}`, path: `index.docker.io/conifer/host-base/${tag}` };
}

/** The lifecycle's folder is on PATH of images: a one-off dyno's command begins with `launcher`. */
const PATH = "/cnb/lifecycle:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * The run image that stands for a machine's own base: no layers, and labels that say which base it is. It is the same
 * on all machines with the same release and architecture.
 */
export function makeHostRunImage(host: HostRelease): { config: EncodedDocument; manifest: EncodedDocument } {
  const document: OciConfig = {
    architecture: host.architecture,
    os: "linux",
    config: {
      User: `${IMAGE_OWNER.uid}:${IMAGE_OWNER.gid}`,
      Env: [`PATH=${PATH}`],
      WorkingDir: "/",
      Labels: { [LABEL.distroName]: host.distroName, [LABEL.distroVersion]: host.distroVersion },
    },
    rootfs: { type: "layers", diff_ids: [] },
  };
  const config = encodeDocument(MEDIA.config, document);
  return { config, manifest: encodeDocument(MEDIA.manifest, makeManifest(config.descriptor, [])) };
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
