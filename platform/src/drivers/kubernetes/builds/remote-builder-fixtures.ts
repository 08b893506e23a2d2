import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { digestOf, encodeDocument, MEDIA, makeManifest } from "../../../delivery/image/index.ts";
import {
  type ScriptedAnswer,
  type ScriptedRegistry,
  startScriptedRegistry,
} from "../../registry/client/scripted-registry-fixtures.ts";

/** A registry of somebody else's with images that a test makes of small files. */
export interface RemoteImages {
  /** `127.0.0.1:<port>`. */
  readonly host: string;
  readonly url: string;
  readonly arrived: ScriptedRegistry["arrived"];
  /** Takes the place of an answer. */
  odd: ((what: string, authorization: string | undefined) => ScriptedAnswer | undefined) | undefined;
  /** Adds an image whose layers have these files, the lowest first, and returns its digest. */
  add(name: string, layers: readonly Readonly<Record<string, string>>[], config: object): Promise<string>;
  stop(): Promise<void>;
}

export const BUILDER_FILES: Readonly<Record<string, string>> = {
  "cnb/lifecycle/lifecycle.toml": "",
  "cnb/order.toml": '[[order]]\n[[order.group]]\nid = "acme/go"\nversion = "1.0.0"\n',
};

const METADATA = {
  buildpacks: [{ id: "acme/go", version: "1.0.0" }],
  lifecycle: { version: "0.20.0", apis: { platform: { supported: ["0.13"] } } },
};

/** The config of a builder. */
export const builderConfig = (env: readonly string[] = ["CNB_USER_ID=1234", "CNB_GROUP_ID=4321"]) => ({
  Env: env,
  Labels: { "io.buildpacks.builder.metadata": JSON.stringify(METADATA) },
});

export async function startRemoteImages(): Promise<RemoteImages> {
  const content = new Map<string, Buffer>();
  const registry = await startScriptedRegistry(({ what, authorization }) => {
    const odd = images.odd?.(what, authorization);
    if (odd) return odd;
    const found = content.get(what.replace(/^GET \/v2\/(.*)\/(manifests|blobs)\//, "$1/"));
    return found
      ? { status: 200, body: found, headers: { "content-type": MEDIA.manifest } }
      : { status: 404 };
  });
  const images: RemoteImages = {
    host: registry.url.slice("http://".length),
    url: registry.url,
    arrived: registry.arrived,
    odd: undefined,
    async add(name, layers, config) {
      const [repository = "", tag = ""] = name.split(":");
      const plain = await Promise.all(layers.map(tarOf));
      const packed = plain.map((tar) => gzipSync(tar));
      const document = {
        ...{ architecture: "amd64", os: "linux", config },
        rootfs: { type: "layers", diff_ids: plain.map((tar) => digestOf(tar)) },
      };
      const { bytes, descriptor } = encodeDocument(MEDIA.config, document);
      const described = packed.map((layer) => ({
        ...{ mediaType: `${MEDIA.layer}+gzip`, digest: digestOf(layer), size: layer.length },
      }));
      const manifest = encodeDocument(MEDIA.manifest, makeManifest(descriptor, described));
      for (const part of [...packed, bytes, manifest.bytes])
        content.set(`${repository}/${digestOf(part)}`, part);
      content.set(`${repository}/${tag}`, manifest.bytes);
      return manifest.descriptor.digest;
    },
    stop: () => registry.stop(),
  };
  return images;
}

async function tarOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, text] of Object.entries(files)) tar.entry({ name, mtime: new Date(0) }, text);
  tar.finalize();
  return await buffer(tar as unknown as AsyncIterable<Buffer>);
}
