import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { BusinessError, newId, notFound } from "../../kernel/index.ts";
import { makeFakeImageStore } from "../image/image-store-fake.ts";
import { digestOf, type ImageStore, type OciDescriptor } from "../image/index.ts";
import type {
  HeldManifest,
  RepositoryManagement,
  RepositoryRecords,
  ServedContent,
  UploadStore,
} from "./registry-ports.ts";
import { parseRepository, type Repository, repositoryName } from "./registry-rules.ts";

export interface FakeRegistryStores {
  readonly content: ImageStore & ServedContent;
  readonly records: RepositoryRecords & RepositoryManagement;
  readonly uploads: UploadStore;
}

/** The registry's stores in memory, for tests of its rules. */
export function makeFakeRegistryStores(): FakeRegistryStores {
  const content = makeFakeContent();
  return { content, records: makeFakeRecords(), uploads: makeFakeUploads(content) };
}

function makeFakeContent(): ImageStore & ServedContent {
  const images = makeFakeImageStore();
  const bytesOf = async (digest: string) => await buffer(await images.read(digest));
  return {
    ...images,
    async read(digest: string, range?: { start: number; end: number }) {
      const bytes = await bytesOf(digest);
      return Readable.from([range ? bytes.subarray(range.start, range.end + 1) : bytes]);
    },
    weigh: async (digest) => ((await images.has(digest)) ? (await bytesOf(digest)).length : 0),
    sizeOf: async (digest) => ((await images.has(digest)) ? (await bytesOf(digest)).length : undefined),
  };
}

interface FakeRepository {
  readonly blobs: Set<string>;
  readonly manifests: Map<string, HeldManifest>;
  readonly tags: Map<string, string>;
}

function makeFakeRecords(): RepositoryRecords & RepositoryManagement {
  const all = new Map<string, FakeRepository>();
  const of = (repository: Repository): FakeRepository => {
    const name = repositoryName(repository);
    const found = all.get(name) ?? { blobs: new Set(), manifests: new Map(), tags: new Map() };
    all.set(name, found);
    return found;
  };
  const peek = (repository: Repository) => all.get(repositoryName(repository));
  return {
    holdBlob: async (repository, digest) => void of(repository).blobs.add(digest),
    holdsBlob: async (repository, digest) => peek(repository)?.blobs.has(digest) ?? false,
    async holdManifest(repository, manifest, tag) {
      of(repository).manifests.set(manifest.digest, manifest);
      if (tag !== undefined) of(repository).tags.set(tag, manifest.digest);
    },
    async findManifest(repository, reference) {
      const found = peek(repository);
      return found?.manifests.get(found.tags.get(reference) ?? reference);
    },
    async tags(repository) {
      const found = peek(repository);
      return found && [...found.tags.keys()];
    },
    async referrers(repository, subject) {
      const held = [...(peek(repository)?.manifests.values() ?? [])];
      return held.filter((one) => one.subject === subject).map(descriptorOf);
    },
    dropTag: async (repository, tag) => peek(repository)?.tags.delete(tag) ?? false,
    async dropManifest(repository, digest) {
      const found = peek(repository);
      for (const [tag, named] of found?.tags ?? []) if (named === digest) found?.tags.delete(tag);
      return found?.manifests.delete(digest) ?? false;
    },
    dropBlob: async (repository, digest) => peek(repository)?.blobs.delete(digest) ?? false,
    async *manifests(repository) {
      yield* [...(peek(repository)?.manifests.values() ?? [])];
    },
    async *blobs(repository) {
      yield* [...(peek(repository)?.blobs ?? [])];
    },
    async *repositories(space) {
      for (const name of all.keys()) {
        const repository = parseRepository(name);
        if (repository?.space === space) yield repository;
      }
    },
  };
}

function descriptorOf(manifest: HeldManifest): OciDescriptor {
  const { subject: _subject, sizeBytes, ...shown } = manifest;
  return { ...shown, size: sizeBytes };
}

function makeFakeUploads(content: ImageStore): UploadStore {
  const all = new Map<string, { bytes: Buffer; at: Date }>();
  const keyOf = (repository: Repository, id: string) => `${repositoryName(repository)} ${id}`;
  return {
    async begin(repository) {
      const id = newId();
      all.set(keyOf(repository, id), { bytes: Buffer.alloc(0), at: new Date() });
      return id;
    },
    sizeOf: async (repository, id) => all.get(keyOf(repository, id))?.bytes.length,
    async append(repository, id, chunks) {
      const upload = all.get(keyOf(repository, id));
      if (!upload) throw notFound("upload");
      for await (const chunk of chunks) upload.bytes = Buffer.concat([upload.bytes, chunk]);
      upload.at = new Date();
      return upload.bytes.length;
    },
    async finish(repository, id, digest) {
      const upload = all.get(keyOf(repository, id));
      all.delete(keyOf(repository, id));
      if (!upload) throw notFound("upload");
      const found = digestOf(upload.bytes);
      if (found !== digest)
        throw new BusinessError("invalid_params", `the content's digest is ${found}, not ${digest}`);
      await content.write(upload.bytes, digest);
    },
    drop: async (repository, id) => void all.delete(keyOf(repository, id)),
    async dropOlder(since) {
      const old = [...all].filter(([, { at }]) => at < since);
      for (const [key] of old) all.delete(key);
      return old.length;
    },
  };
}
