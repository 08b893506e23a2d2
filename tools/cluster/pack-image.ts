import { createHash } from "node:crypto";
import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { type Pack, pack } from "tar-stream";

/** A file or folder of this machine, and where it is to be in the image. */
export interface PackedFile {
  readonly source: string;
  readonly target: string;
}

const EPOCH = new Date(0);
const OCI = "application/vnd.oci.image";

/**
 * An OCI archive of one layer, for `ctr images import`. The first file is the program that a container starts.
 * The same files make the same bytes.
 * @throws Error when a file cannot be read
 */
export async function packImage(reference: string, files: readonly PackedFile[]): Promise<Buffer> {
  const layer = await packLayer(files);
  const archive = pack();
  const bytes = buffer(archive);
  const blob = (kind: string, content: Buffer) => {
    const hex = createHash("sha256").update(content).digest("hex");
    archive.entry({ name: `blobs/sha256/${hex}`, mtime: EPOCH }, content);
    return { mediaType: `${OCI}.${kind}`, digest: `sha256:${hex}`, size: content.length };
  };
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const layers = [blob("layer.v1.tar", layer)];
  const config = blob(
    "config.v1+json",
    json({
      os: "linux",
      architecture: process.arch === "x64" ? "amd64" : process.arch,
      config: {
        Entrypoint: [files[0]?.target],
        Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
      },
      rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    }),
  );
  const mediaType = `${OCI}.manifest.v1+json`;
  const manifest = blob("manifest.v1+json", json({ schemaVersion: 2, mediaType, config, layers }));
  const annotations = { "io.containerd.image.name": reference };
  const index = json({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] });
  archive.entry({ name: "index.json", mtime: EPOCH }, index);
  archive.entry({ name: "oci-layout", mtime: EPOCH }, json({ imageLayoutVersion: "1.0.0" }));
  archive.finalize();
  return bytes;
}

async function packLayer(files: readonly PackedFile[]): Promise<Buffer> {
  const layer = pack();
  const bytes = buffer(layer);
  const made = new Set<string>(["", "."]);
  layer.entry({ name: "tmp/", type: "directory", mode: 0o1777, mtime: EPOCH });
  made.add("tmp");
  for (const { source, target } of files) await addFile(layer, made, source, target.replace(/^\/+/, ""));
  layer.finalize();
  return bytes;
}

async function addFile(layer: Pack, made: Set<string>, source: string, name: string): Promise<void> {
  addFolder(layer, made, dirname(name));
  const entries = await readdir(source, { withFileTypes: true }).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === "ENOTDIR") return undefined;
    throw thrown;
  });
  if (entries === undefined) {
    const { mode } = await stat(source);
    layer.entry({ name, mode: mode & 0o777, mtime: EPOCH }, await readFile(source));
    return;
  }
  addFolder(layer, made, name);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const [from, to] = [join(source, entry.name), join(name, entry.name)];
    if (entry.isSymbolicLink()) {
      layer.entry({ name: to, type: "symlink", linkname: await readlink(from), mtime: EPOCH });
    } else await addFile(layer, made, from, to);
  }
}

function addFolder(layer: Pack, made: Set<string>, name: string): void {
  if (made.has(name)) return;
  addFolder(layer, made, dirname(name));
  layer.entry({ name: `${name}/`, type: "directory", mode: 0o755, mtime: EPOCH });
  made.add(name);
}
