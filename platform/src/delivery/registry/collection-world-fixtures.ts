import {
  digestOf,
  encodeDocument,
  type ImageStore,
  MEDIA,
  makeManifest,
  type OciDescriptor,
} from "../image/index.ts";
import {
  type RegistryStores,
  type Reply,
  startTestRegistry,
  type TestRegistry,
} from "./registry-fixtures.ts";

/** Stores with what collects their images. */
export interface CollectedStores extends RegistryStores {
  readonly content: RegistryStores["content"] & Pick<ImageStore, "has" | "tag">;
  /** One sweep. `rest` is called in its middle, where others may get in between. */
  sweep(known: readonly string[], rest: () => Promise<void>): Promise<unknown>;
  /** Has a little more than the time of grace pass, or than this share of it. */
  age(share?: number): void;
  /** Forgets the names of a build's images. */
  forget(app: string): Promise<void>;
  /** What is left of content and records, by whatever name. */
  leftovers(): readonly string[];
  dispose(): Promise<void>;
}

/** What somebody does with the registry, or a build with the store, while others do the same. */
export type CollectionOperation =
  | { readonly kind: "push"; readonly name: string; readonly image: number; readonly tag: string | undefined }
  | {
      readonly kind: "index";
      readonly name: string;
      readonly images: readonly number[];
      readonly tag: string;
    }
  | { readonly kind: "refer"; readonly name: string; readonly image: number; readonly about: number }
  | { readonly kind: "build"; readonly image: number; readonly app: string }
  | { readonly kind: "untag"; readonly name: string; readonly tag: string }
  | { readonly kind: "delete"; readonly name: string; readonly image: number }
  | { readonly kind: "delete blob"; readonly name: string; readonly layer: number }
  | { readonly kind: "pull"; readonly name: string; readonly image: number }
  | { readonly kind: "sweep"; readonly slowly: number };

const LAYERS = Array.from({ length: 4 }, (_, n) => Buffer.from(`layer ${n}`.repeat(50)));

/** Images that share layers, each with one of its own. */
function imageOf(n: number, about?: string) {
  const layers = [LAYERS[n % 4], LAYERS[(n + 1) % 4], Buffer.from(`own ${n}`)].filter(
    (one) => one !== undefined,
  );
  const descriptor = (bytes: Buffer): OciDescriptor => ({
    ...{ mediaType: MEDIA.layer, digest: digestOf(bytes), size: bytes.length },
  });
  const config = encodeDocument(MEDIA.config, {
    ...{ architecture: "amd64", os: "linux", config: { Labels: { n: String(n) } } },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => digestOf(layer)) },
  });
  const manifest = encodeDocument(MEDIA.manifest, {
    ...makeManifest(config.descriptor, layers.map(descriptor)),
    ...(about === undefined ? {} : { subject: { mediaType: MEDIA.manifest, digest: about, size: 1 } }),
  });
  return { ...manifest.descriptor, bytes: manifest.bytes, blobs: [config.bytes, ...layers] };
}

/** A registry over stores that are collected, with what has been acknowledged by it. */
export class CollectionWorld {
  readonly stores: CollectedStores;
  readonly registry: TestRegistry;
  /** `<repository>:<tag>` → digest. */
  readonly tags = new Map<string, string>();
  /** `<app>` → digest of what was built for it last. */
  readonly built = new Map<string, string>();
  /** Digests that the platform's record knows. */
  readonly known = new Set<string>();

  constructor(stores: CollectedStores, registry: TestRegistry) {
    this.stores = stores;
    this.registry = registry;
  }

  static async start(stores: CollectedStores): Promise<CollectionWorld> {
    return new CollectionWorld(stores, await startTestRegistry(stores));
  }

  /** Throws when something is answered that may not be, such as a push that a sweep has broken. */
  async run(operation: CollectionOperation): Promise<void> {
    switch (operation.kind) {
      case "push":
        return await this.#push(operation.name, imageOf(operation.image), operation.tag);
      case "refer":
        return await this.#push(
          operation.name,
          imageOf(operation.image, imageOf(operation.about).digest),
          undefined,
        );
      case "index":
        return await this.#pushIndex(operation);
      case "build":
        return await this.#build(operation.image, operation.app);
      case "untag":
        await this.#remove(operation.name, `manifests/${operation.tag}`);
        return void this.tags.delete(`${operation.name}:${operation.tag}`);
      case "delete": {
        const { digest } = imageOf(operation.image);
        const gone = await this.#remove(operation.name, `manifests/${digest}`);
        if (gone) this.#untagAll(operation.name, digest);
        return;
      }
      case "delete blob":
        return void (await this.#remove(operation.name, `blobs/${digestOf(LAYERS[operation.layer] ?? "")}`));
      case "pull":
        return void (await this.#ask(
          operation.name,
          `GET manifests/${imageOf(operation.image).digest}`,
          [200, 404],
        ));
      case "sweep": {
        const rest = () => ticks(operation.slowly);
        return void (await this.stores.sweep([...this.known], rest));
      }
    }
  }

  /** What is wrong with what was acknowledged: empty when all of it can be pulled whole. */
  async faults(): Promise<readonly string[]> {
    const faults: string[] = [];
    for (const [where, digest] of this.tags) {
      const [name = "", tag = ""] = where.split(":");
      const found = await this.#ask(name, `HEAD manifests/${tag}`, [200, 404]);
      if (found.headers["docker-content-digest"] !== digest) faults.push(`${where} is not ${digest}`);
      faults.push(...(await this.#faultsOf(name, digest)));
    }
    for (const digest of [...this.known, ...this.built.values()]) {
      const { content } = this.stores;
      const whole = [...Array(8).keys()].map((n) => imageOf(n)).find((image) => image.digest === digest);
      for (const part of [digest, ...(whole?.blobs ?? []).map((blob) => digestOf(blob))])
        if ((await content.weigh(part)) === 0) faults.push(`the store lost ${part} of ${digest}`);
    }
    return faults;
  }

  async #faultsOf(name: string, digest: string): Promise<string[]> {
    const got = await this.#ask(name, `GET manifests/${digest}`, [200, 404]);
    if (got.status !== 200 || digestOf(got.bytes) !== digest) return [`${name} lost the manifest ${digest}`];
    const { config, layers = [], manifests = [] } = JSON.parse(got.text);
    const faults: string[] = [];
    for (const part of [config, ...layers].filter(Boolean)) {
      const blob = await this.#ask(name, `GET blobs/${part.digest}`, [200, 404]);
      if (digestOf(blob.bytes) !== part.digest)
        faults.push(`${name} lost the blob ${part.digest} of ${digest}`);
    }
    for (const one of manifests) faults.push(...(await this.#faultsOf(name, one.digest)));
    return faults;
  }

  async #push(name: string, image: ReturnType<typeof imageOf>, tag: string | undefined): Promise<void> {
    for (const blob of image.blobs) {
      const digest = digestOf(blob);
      if ((await this.#ask(name, `HEAD blobs/${digest}`, [200, 404])).status === 200) continue;
      await this.#ask(name, `POST blobs/uploads/?digest=${digest}`, [201], blob);
    }
    await this.#put(name, tag ?? image.digest, { ...image, tag });
  }

  async #pushIndex({ name, images, tag }: Extract<CollectionOperation, { kind: "index" }>): Promise<void> {
    const made = images.map((n) => imageOf(n));
    for (const image of made) await this.#push(name, image, undefined);
    const manifests = made.map(({ mediaType, digest, size }) => ({ mediaType, digest, size }));
    const index = encodeDocument(MEDIA.index, { schemaVersion: 2, mediaType: MEDIA.index, manifests });
    await this.#put(name, tag, { ...index.descriptor, bytes: index.bytes, tag });
  }

  /** Another may delete a part between its push and this: that is told, and changes nothing. */
  async #put(
    name: string,
    reference: string,
    { bytes, mediaType, digest, tag }: OciDescriptor & { bytes: Buffer; tag: string | undefined },
  ): Promise<void> {
    const allowed = this.deletes.has(name) ? [201, 404] : [201];
    const reply = await this.#ask(name, `PUT manifests/${reference}`, allowed, bytes, mediaType);
    if (reply.status === 201 && tag !== undefined) this.tags.set(`${name}:${tag}`, digest);
  }

  /** Repositories from which something is being deleted. */
  readonly deletes = new Set<string>();

  async #build(n: number, app: string): Promise<void> {
    const { content } = this.stores;
    const image = imageOf(n);
    for (const blob of image.blobs) if (!(await content.has(digestOf(blob)))) await content.write(blob);
    await content.write(image.bytes, image.digest);
    await content.tag(`${app}:latest`, image.digest);
    this.built.set(app, image.digest);
  }

  async #remove(name: string, path: string): Promise<boolean> {
    return (await this.#ask(name, `DELETE ${path}`, [202, 404, 405])).status === 202;
  }

  #untagAll(name: string, digest: string): void {
    for (const [where, named] of this.tags)
      if (where.startsWith(`${name}:`) && named === digest) this.tags.delete(where);
  }

  async #ask(
    name: string,
    what: string,
    allowed: readonly number[],
    body?: Buffer,
    mediaType?: string,
  ): Promise<Reply> {
    const [method, path] = what.split(" ");
    const headers = mediaType === undefined ? {} : { "content-type": mediaType };
    const more = { headers, ...(body === undefined ? {} : { body }) };
    const asked = `${method} /v2/${name}/${path}`;
    const reply = await this.registry.ask(asked, this.registry.role("manager", name), more);
    if (!allowed.includes(reply.status))
      throw new Error(`${asked} is answered ${reply.status}: ${reply.text}`);
    return reply;
  }
}

async function ticks(count: number): Promise<void> {
  for (let tick = 0; tick < count; tick += 1) await new Promise((resolve) => setImmediate(resolve));
}
