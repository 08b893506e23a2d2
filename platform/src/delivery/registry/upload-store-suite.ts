import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../kernel/index.ts";
import { digestOf } from "../image/index.ts";
import { repository } from "./registry-fixtures.ts";
import type { ServedContent, UploadStore } from "./registry-ports.ts";

interface MadeUploads {
  readonly uploads: UploadStore;
  readonly content: ServedContent;
  readonly dispose: () => Promise<void>;
}

const at = repository("team/app");
const chunks = (...texts: (string | Buffer)[]) => Readable.from(texts.map((text) => Buffer.from(text)));

async function* broken(first: string): AsyncGenerator<Buffer> {
  yield Buffer.from(first);
  throw new Error("the sender went away");
}

/** What every UploadStore must do. `make` gives an empty one. */
export function uploadStoreSuite(name: string, make: () => Promise<MadeUploads>): void {
  describe(`UploadStore: ${name}`, () => {
    let made: MadeUploads;
    beforeEach(async () => {
      made = await make();
    });
    afterEach(() => made.dispose());
    const later = () => new Date(Date.now() + 60_000);

    it("makes a blob of the pieces that came", async () => {
      const { uploads, content } = made;
      const id = await uploads.begin(at);
      expect(await uploads.sizeOf(at, id)).toBe(0);
      expect(await uploads.append(at, id, chunks("one ", "two "))).toBe(8);
      expect(await uploads.append(at, id, chunks())).toBe(8);
      expect(await uploads.append(at, id, chunks("three"))).toBe(13);
      expect(await uploads.sizeOf(at, id)).toBe(13);
      const digest = digestOf("one two three");
      await uploads.finish(at, id, digest);
      expect((await buffer(await content.read(digest))).toString()).toBe("one two three");
      expect(await uploads.sizeOf(at, id)).toBeUndefined();
    });

    it("takes content of no bytes, and large content", async () => {
      const { uploads, content } = made;
      for (const bytes of [Buffer.alloc(0), randomBytes(3_000_000)]) {
        const id = await uploads.begin(at);
        await uploads.append(at, id, chunks(bytes.subarray(0, 1_500_000), bytes.subarray(1_500_000)));
        await uploads.finish(at, id, digestOf(bytes));
        expect(await content.sizeOf(digestOf(bytes))).toBe(bytes.length);
      }
    });

    it("keeps nothing of content with another digest", async () => {
      const { uploads, content } = made;
      const id = await uploads.begin(at);
      await uploads.append(at, id, chunks("what came"));
      const announced = digestOf("what was announced");
      await expect(uploads.finish(at, id, announced)).rejects.toMatchObject({ id: "invalid_params" });
      expect(await uploads.sizeOf(at, id)).toBeUndefined();
      for (const digest of [announced, digestOf("what came")])
        expect(await content.sizeOf(digest)).toBeUndefined();
    });

    it("keeps what came before it broke off, and goes on from there", async () => {
      const { uploads, content } = made;
      const id = await uploads.begin(at);
      await expect(uploads.append(at, id, broken("half "))).rejects.toThrow("went away");
      expect(await uploads.sizeOf(at, id)).toBe(5);
      await uploads.append(at, id, chunks("whole"));
      await uploads.finish(at, id, digestOf("half whole"));
      expect(await content.sizeOf(digestOf("half whole"))).toBe(10);
    });

    it("knows an upload in its repository only", async () => {
      const { uploads } = made;
      const id = await uploads.begin(at);
      for (const name of ["team/app2", "other/app"])
        expect(await uploads.sizeOf(repository(name), id)).toBeUndefined();
      await uploads.drop(repository("other/app"), id);
      expect(await uploads.sizeOf(at, id)).toBe(0);
    });

    it("refuses an upload that is not there", async () => {
      const { uploads } = made;
      const gone = newId();
      await expect(uploads.append(at, gone, chunks("x"))).rejects.toMatchObject({ id: "not_found" });
      await expect(uploads.finish(at, gone, digestOf("x"))).rejects.toMatchObject({ id: "not_found" });
      await uploads.drop(at, gone);
    });

    it("makes one blob of the same content pushed by many at once", async () => {
      const { uploads, content } = made;
      const bytes = randomBytes(200_000);
      const push = async () => {
        const id = await uploads.begin(at);
        await uploads.append(at, id, chunks(bytes));
        await uploads.finish(at, id, digestOf(bytes));
      };
      await Promise.all(Array.from({ length: 8 }, push));
      expect((await buffer(await content.read(digestOf(bytes)))).equals(bytes)).toBe(true);
    });

    it("drops those to which nothing was added since a time", async () => {
      const { uploads } = made;
      const id = await uploads.begin(at);
      expect(await uploads.dropOlder(new Date(Date.now() - 60_000))).toBe(0);
      expect(await uploads.sizeOf(at, id)).toBe(0);
      expect(await uploads.dropOlder(later())).toBe(1);
      expect(await uploads.sizeOf(at, id)).toBeUndefined();
    });
  });
}
