import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { pack } from "tar-stream";
import { digestOf, encodeDocument, MEDIA, makeIndex, makeManifest } from "../../../delivery/image/index.ts";
import {
  type ScriptedAnswer,
  type ScriptedRegistry,
  startScriptedRegistry,
} from "../../registry/client/scripted-registry-fixtures.ts";

/** A registry that gives its one image, a shell and some programs, to whom it knows. */
export interface PrivateRegistry {
  /** `127.0.0.1:<port>`. */
  readonly host: string;
  /** The image, as Dockerfiles name it. */
  readonly image: string;
  /** What an operator says of it. */
  readonly access: {
    readonly registries: readonly { readonly host: string; readonly url: string }[];
    readonly credentials: ReadonlyMap<string, { readonly username: string; readonly password: string }>;
  };
  readonly arrived: ScriptedRegistry["arrived"];
  stop(): Promise<void>;
}

const run = promisify(execFile);
const PROGRAMS = ["sh", "cat", "grep", "find", "id", "ls", "echo", "mkdir", "sleep", "httpd", "tr"];
const REPOSITORY = "team/base";

/** Without a password it gives it to everybody. */
export async function startPrivateRegistry(password: string | undefined): Promise<PrivateRegistry> {
  const login = { username: "operator", password: password ?? "" };
  const expected = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
  const content = await makeContent();
  const registry = await startScriptedRegistry(({ what, authorization }): ScriptedAnswer => {
    if (password !== undefined && authorization !== expected)
      return { status: 401, headers: { "www-authenticate": 'Basic realm="private"' } };
    if (what === "GET /v2/") return { status: 200 };
    const found = content.get(what.replace(`GET /v2/${REPOSITORY}/`, ""));
    return found
      ? { status: 200, body: found, headers: { "content-type": MEDIA.manifest } }
      : { status: 404 };
  });
  const host = registry.url.slice("http://".length);
  return {
    host,
    image: `${host}/${REPOSITORY}:1`,
    access: {
      registries: [{ host, url: registry.url }],
      credentials: new Map([[host, login]]),
    },
    arrived: registry.arrived,
    stop: () => registry.stop(),
  };
}

/** The same image as a folder `base` of a source, which Dockerfiles name `oci:/build/workspace/base`. */
export async function baseFiles(): Promise<Readonly<Record<string, Buffer>>> {
  const content = await makeContent();
  const manifest = content.get("manifests/1") ?? Buffer.alloc(0);
  const described = {
    ...{ mediaType: MEDIA.manifest, digest: digestOf(manifest), size: manifest.length },
    annotations: { "org.opencontainers.image.ref.name": "latest" },
  };
  const blobs = [...new Set(content.values())].map((bytes) => [
    `base/blobs/sha256/${digestOf(bytes).slice("sha256:".length)}`,
    bytes,
  ]);
  return {
    "base/oci-layout": Buffer.from('{"imageLayoutVersion":"1.0.0"}'),
    "base/index.json": Buffer.from(JSON.stringify(makeIndex([described]))),
    ...Object.fromEntries(blobs),
  };
}

async function makeContent(): Promise<ReadonlyMap<string, Buffer>> {
  const layer = await busyboxLayer();
  const { bytes: config, descriptor } = encodeDocument(MEDIA.config, {
    ...{ architecture: process.arch === "arm64" ? "arm64" : "amd64", os: "linux" },
    config: { Env: ["PATH=/bin"], Cmd: ["/bin/sh"] },
    rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
    // Builders compare it with the layers.
    history: [{ created_by: "a test" }],
  });
  const described = { mediaType: MEDIA.layer, digest: digestOf(layer), size: layer.length };
  const manifest = encodeDocument(MEDIA.manifest, makeManifest(descriptor, [described]));
  return new Map([
    ...[layer, config].map((part) => [`blobs/${digestOf(part)}`, part] as const),
    ["manifests/1", manifest.bytes],
    [`manifests/${manifest.descriptor.digest}`, manifest.bytes],
  ]);
}

async function busyboxLayer(): Promise<Buffer> {
  const tar = pack();
  const mtime = new Date(0);
  for (const name of ["bin", "etc", "tmp"]) tar.entry({ name, type: "directory", mode: 0o755, mtime });
  tar.entry({ name: "bin/busybox", mode: 0o755, mtime }, await readFile("/bin/busybox"));
  // Debian has it with and without the C library in it.
  const listed = await run("ldd", ["/bin/busybox"]).catch(() => ({ stdout: "" }));
  for (const [, path = ""] of listed.stdout.matchAll(/(?:^|\s)(\/\S+) \(0x/g))
    tar.entry({ name: path.slice(1), mode: 0o755, mtime }, await readFile(path));
  for (const name of PROGRAMS)
    tar.entry({ name: `bin/${name}`, type: "symlink", linkname: "busybox", mtime });
  tar.entry({ name: "etc/passwd", mtime }, "root:x:0:0:root:/root:/bin/sh\n");
  tar.finalize();
  return await buffer(tar as unknown as AsyncIterable<Buffer>);
}
