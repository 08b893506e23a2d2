import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ImageStore } from "./image-ports.ts";
import { digestOf } from "./oci-documents.ts";

/** What every ImageStore must do. `make` gives an empty one and how to remove it. */
export function imageStoreSuite(
  name: string,
  make: () => Promise<{ store: ImageStore; dispose: () => Promise<void> }>,
): void {
  describe(`ImageStore: ${name}`, () => {
    let made: Awaited<ReturnType<typeof make>>;
    beforeEach(async () => {
      made = await make();
    });
    afterEach(() => made.dispose());

    contentTests(() => made.store);
    namingTests(() => made.store);
  });
}

function contentTests(store: () => ImageStore): void {
  it("gives back what was written, by its digest", async () => {
    const written = await store().write(Buffer.from("content"));
    expect(written).toEqual({ digest: digestOf("content"), sizeBytes: 7 });
    expect(await store().has(written.digest)).toBe(true);
    expect((await readAll(store(), written.digest)).toString()).toBe("content");
  });

  it("takes streams, and content of no bytes", async () => {
    const big = randomBytes(3_000_000);
    const chunks = [big.subarray(0, 1_000_000), big.subarray(1_000_000)];
    const { digest, sizeBytes } = await store().write(Readable.from(chunks));
    expect({ digest, sizeBytes }).toEqual({ digest: digestOf(big), sizeBytes: 3_000_000 });
    expect((await readAll(store(), digest)).equals(big)).toBe(true);
    expect((await store().write(Buffer.alloc(0))).sizeBytes).toBe(0);
  });

  it("keeps nothing of content that has not the expected digest", async () => {
    const expected = digestOf("what was announced");
    await expect(store().write(Buffer.from("what came"), expected)).rejects.toThrow(expected);
    expect(await store().has(expected)).toBe(false);
    expect(await listed(store())).toEqual([]);
  });

  it("keeps nothing of a stream that breaks off", async () => {
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from("half");
        throw new Error("the sender went away");
      })(),
    );
    await expect(store().write(broken)).rejects.toThrow("the sender went away");
    expect(await listed(store())).toEqual([]);
  });

  it("takes the same content from many writers at once", async () => {
    const content = randomBytes(200_000);
    const all = await Promise.all(Array.from({ length: 12 }, () => store().write(Readable.from([content]))));
    expect(new Set(all.map((w) => w.digest))).toEqual(new Set([digestOf(content)]));
    expect(await listed(store())).toEqual([{ digest: digestOf(content), sizeBytes: 200_000 }]);
  });

  it("answers not_found for content it has not, and refuses what is no digest", async () => {
    await expect(store().read(digestOf("nothing"))).rejects.toMatchObject({
      id: "not_found",
      details: { resource: "image" },
    });
    expect(await store().has(digestOf("nothing"))).toBe(false);
  });

  it("removes content, and ignores what is not there", async () => {
    const { digest } = await store().write(Buffer.from("old"));
    await store().remove(digest);
    await store().remove(digest);
    expect(await store().has(digest)).toBe(false);
  });
}

function namingTests(store: () => ImageStore): void {
  it("names an image, names it anew, and forgets the name with the image", async () => {
    const first = await store().write(Buffer.from('{"schemaVersion":2,"config":1}'));
    const second = await store().write(Buffer.from('{"schemaVersion":2,"config":2}'));
    await store().tag("app:latest", first.digest);
    await store().tag("app:latest", second.digest);
    await store().remove(second.digest);
    expect(await listed(store())).toEqual([first]);
  });

  it("does not name what it has not", async () => {
    await expect(store().tag("app:latest", digestOf("nothing"))).rejects.toMatchObject({ id: "not_found" });
  });
}

async function readAll(store: ImageStore, digest: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await store.read(digest)) as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function listed(store: ImageStore): Promise<{ digest: string; sizeBytes: number }[]> {
  const all: { digest: string; sizeBytes: number }[] = [];
  for await (const item of store.list()) all.push(item);
  return all;
}
