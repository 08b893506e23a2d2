import { copyFile, link, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { blobPath } from "../../buildpacks/lifecycle/image-layout.ts";
import {
  digestOf,
  type EncodedDocument,
  encodeDocument,
  makeIndex,
  type OciDescriptor,
} from "../../platform/src/delivery/image/index.ts";

/** An OCI layout that is being written: content first, its index last. */
export class ImageFolder {
  readonly path: string;
  readonly #listed: OciDescriptor[] = [];

  constructor(path: string) {
    this.path = path;
  }

  /** Takes all content of another layout or kept layers, without a copy where the file system can. */
  async take(folder: string): Promise<void> {
    const [from, to] = [folder, this.path].map((one) => join(one, "blobs", "sha256")) as [string, string];
    await mkdir(to, { recursive: true });
    for (const name of await readdir(from)) {
      const [source, target] = [join(from, name), join(to, name)];
      await link(source, target).catch(async (thrown: NodeJS.ErrnoException) => {
        if (thrown.code !== "EEXIST") await copyFile(source, target);
      });
    }
  }

  async write(mediaType: string, bytes: Buffer | object): Promise<EncodedDocument> {
    const document = Buffer.isBuffer(bytes)
      ? { bytes, descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length } }
      : encodeDocument(mediaType, bytes);
    await mkdir(join(this.path, "blobs", "sha256"), { recursive: true });
    await writeFile(blobPath(this.path, document.descriptor.digest), document.bytes);
    return document;
  }

  /** Lists a manifest or index of it, in the order in which readers look. */
  list(descriptor: OciDescriptor): void {
    this.#listed.push(descriptor);
  }

  async finish(): Promise<void> {
    await writeFile(join(this.path, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
    await writeFile(join(this.path, "index.json"), JSON.stringify(makeIndex(this.#listed)));
  }
}
