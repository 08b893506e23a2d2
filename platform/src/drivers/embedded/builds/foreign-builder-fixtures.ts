import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { bundleLifecycle } from "../../../../../buildpacks/lifecycle/bundle-lifecycle.ts";
import {
  digestOf,
  encodeDocument,
  hexOf,
  LABEL,
  MEDIA,
  makeIndex,
  makeManifest,
  type OciConfig,
  type OciDescriptor,
} from "../../../delivery/image/index.ts";
import { makeForeignRoot } from "../sandbox/foreign-root-fixtures.ts";

export const RUN_NAME = "registry.test/acme/run:1";

/** What a test has other than the ordinary. */
export interface ForeignBuilder {
  readonly env?: readonly string[];
  readonly metadata?: object;
  /** Files of the builder, by path; undefined leaves one out. */
  readonly files?: Readonly<Record<string, string | undefined>>;
  readonly architecture?: string;
  /** Without the run image beside it. */
  readonly alone?: boolean;
}

const BUILD = `#!/bin/sh
set -e
echo "built by $(id -u):$(id -g) on $(sed -n 's/^ID=//p' /etc/os-release) with $CNB_STACK_ID"
mkdir -p "$CNB_LAYERS_DIR/words/env.launch"
printf '[types]\\nlaunch = true\\n' > "$CNB_LAYERS_DIR/words.toml"
printf 'hello from a foreign builder' > "$CNB_LAYERS_DIR/words/env.launch/WORDS.override"
cat > "$CNB_LAYERS_DIR/launch.toml" <<'TOML'
[[processes]]
type = "web"
command = ["node", "server.js"]
default = true
TOML
`;

const METADATA = {
  buildpacks: [{ id: "acme/words", version: "2.1" }],
  stack: { runImage: { image: RUN_NAME, mirrors: [] } },
  lifecycle: {
    version: "9.8.7",
    apis: { buildpack: { deprecated: [], supported: ["0.10"] }, platform: { supported: ["0.12", "0.13"] } },
  },
};

const FILES: Readonly<Record<string, string | undefined>> = {
  "cnb/order.toml": '[[order]]\n[[order.group]]\nid = "acme/words"\nversion = "2.1"\n',
  "cnb/run.toml": `[[images]]\nimage = "${RUN_NAME}"\n`,
  "cnb/buildpacks/acme_words/2.1/buildpack.toml":
    'api = "0.10"\n[buildpack]\nid = "acme/words"\nversion = "2.1"\n',
  "cnb/buildpacks/acme_words/2.1/bin/detect": "#!/bin/sh\n[ -f server.js ] || exit 100\n",
  "cnb/buildpacks/acme_words/2.1/bin/build": BUILD,
};

/**
 * Writes an OCI layout with a builder image that has nothing of this machine's release: a root of its own, users of other
 * numbers, a buildpack of its own, layers as plain tar, gzip and zstd. Its lifecycle are our phase programs with a Node.js
 * of the image. The run image stands beside it under its name.
 */
export async function writeForeignBuilder(layout: string, odd: ForeignBuilder = {}): Promise<void> {
  mkdirSync(join(layout, "blobs/sha256"), { recursive: true });
  const scratch = mkdtempSync(`${layout}-scratch-`);
  const root = join(scratch, "root");
  makeForeignRoot(root, [process.execPath.endsWith("/node") ? process.execPath : "node", ...SHELL]);
  const base = tarOf(root);
  const added = join(scratch, "added");
  await bundleLifecycle(join(added, "cnb/lifecycle"));
  const covered = join(scratch, "covered");
  mkdirSync(join(covered, "home/stranger"), { recursive: true });
  writeFileSync(join(covered, "home/stranger/.wh..wh..opq"), "");
  writeFiles(added, { ...FILES, ...odd.files });
  const layers = [writeBlob(layout, base, MEDIA.layer)];
  const runConfig = configOf(layers, { Env: ["PATH=/bin"], User: "stranger" }, odd.architecture);
  const run = writeImage(layout, runConfig, layers);
  layers.push(writeBlob(layout, tarOf(added), "application/vnd.docker.image.rootfs.diff.tar.gzip"));
  layers.push(writeBlob(layout, tarOf(covered), `${MEDIA.layer}+zstd`));
  const config = configOf(
    layers,
    {
      User: "1234:4321",
      Env: odd.env ?? ["PATH=/bin", "CNB_USER_ID=1234", "CNB_GROUP_ID=4321", "CNB_STACK_ID=acme.stack"],
      Labels: { "io.buildpacks.builder.metadata": JSON.stringify(odd.metadata ?? METADATA) },
    },
    odd.architecture,
  );
  const builder = writeImage(layout, config, layers);
  const named = { ...run, annotations: { "org.opencontainers.image.ref.name": RUN_NAME } };
  writeFileSync(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  const index = makeIndex(odd.alone ? [builder] : [builder, named]);
  writeFileSync(join(layout, "index.json"), JSON.stringify(index));
  rmSync(scratch, { recursive: true });
}

const SHELL = ["sh", "cat", "id", "ls", "mkdir", "sed", "dirname", "printf"];

function writeFiles(root: string, files: Readonly<Record<string, string | undefined>>): void {
  for (const [path, text] of Object.entries(files)) {
    if (text === undefined) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    if (path.includes("/bin/")) chmodSync(join(root, path), 0o755);
  }
}

function tarOf(root: string): Buffer {
  const owner = ["--numeric-owner", "--owner=0", "--group=0", "--sort=name", "--mtime=@0"];
  return execFileSync("tar", [...owner, "-C", root, "-cf", "-", "."], { maxBuffer: 1024 ** 3 });
}

type Layer = OciDescriptor & { readonly diffId: string };

function writeBlob(layout: string, plain: Buffer, mediaType: string): Layer {
  const packed = mediaType.endsWith("gzip")
    ? gzipSync(plain)
    : mediaType.endsWith("zstd")
      ? zstdCompressSync(plain)
      : plain;
  const digest = digestOf(packed);
  writeFileSync(join(layout, "blobs/sha256", hexOf(digest)), packed);
  return { mediaType, digest, size: packed.length, diffId: digestOf(plain) };
}

function configOf(
  layers: readonly Layer[],
  config: OciConfig["config"],
  architecture = process.arch === "x64" ? "amd64" : "arm64",
): OciConfig {
  const labels = { [LABEL.distroName]: "foreign", [LABEL.distroVersion]: "1", ...config.Labels };
  return {
    ...{ architecture, os: "linux", config: { ...config, Labels: labels } },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
  };
}

function writeImage(layout: string, config: OciConfig, layers: readonly Layer[]): OciDescriptor {
  const encoded = encodeDocument(MEDIA.config, config);
  const descriptors = layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size }));
  const manifest = encodeDocument(MEDIA.manifest, makeManifest(encoded.descriptor, descriptors));
  for (const { bytes, descriptor } of [encoded, manifest])
    writeFileSync(join(layout, "blobs/sha256", hexOf(descriptor.digest)), bytes);
  return manifest.descriptor;
}

export function readBlob(layout: string, digest: string): Buffer {
  return readFileSync(join(layout, "blobs/sha256", hexOf(digest)));
}
