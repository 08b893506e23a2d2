import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bytesOf } from "./source-fixtures.ts";
import type { ArchiveStore, SourceStore } from "./source-ports.ts";

export interface Opened<T> {
  readonly store: T;
  /** Everything that is kept in it now, whole or half-written. */
  readonly contents: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

const ABSENT = `sha256:${"0".repeat(64)}`;

/** What every SourceStore does. */
export function describeSourceStore(name: string, open: () => Promise<Opened<SourceStore>>): void {
  describe(`${name} as a SourceStore`, () => {
    let opened: Opened<SourceStore>;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    it("gives back what was written, under the digest of its content", async () => {
      const content = Buffer.alloc(200_000, "abc");
      const { digest, sizeBytes } = await opened.store.write(
        Readable.from([content.subarray(0, 70_000), content.subarray(70_000)]),
      );
      expect(digest).toBe(`sha256:${createHash("sha256").update(content).digest("hex")}`);
      expect(sizeBytes).toBe(200_000);
      expect(await opened.store.has(digest)).toBe(true);
      expect((await bytesOf(await opened.store.read(digest))).equals(content)).toBe(true);
    });

    it("keeps one copy of the same content, also when it is written at the same time", async () => {
      const write = () => opened.store.write(Readable.from([Buffer.from("same")]));
      const written = await Promise.all([write(), write(), write()]);
      expect(new Set(written.map(({ digest }) => digest)).size).toBe(1);
      expect(await opened.contents()).toHaveLength(1);
    });

    it("passes a stream's failure on and keeps nothing", async () => {
      const failing = Readable.from(
        (async function* () {
          yield Buffer.from("half");
          throw new Error("cut off");
        })(),
      );
      await expect(opened.store.write(failing)).rejects.toThrow("cut off");
      expect(await opened.contents()).toEqual([]);
    });

    it("says not_found for what is not there, and removes it without error", async () => {
      expect(await opened.store.has(ABSENT)).toBe(false);
      await expect(opened.store.read(ABSENT)).rejects.toMatchObject({ id: "not_found" });
      await opened.store.remove(ABSENT);
      const { digest } = await opened.store.write(Readable.from([Buffer.from("x")]));
      await opened.store.remove(digest);
      expect(await opened.store.has(digest)).toBe(false);
    });

    describe("that is collected", () => {
      const write = async (text: string) =>
        (await opened.store.write(Readable.from([Buffer.from(text)]))).digest;
      const [past, future] = [() => new Date(Date.now() - 60_000), () => new Date(Date.now() + 60_000)];

      it("removes what nobody keeps, and says how much it was", async () => {
        const [kept, going] = [await write("kept"), await write("going")];
        expect(await opened.store.collect([kept, ABSENT], future())).toEqual({ sources: 1, freedBytes: 5 });
        expect(await opened.store.has(kept)).toBe(true);
        expect(await opened.store.has(going)).toBe(false);
        expect(await opened.contents()).toHaveLength(1);
        expect(await opened.store.collect([kept], future())).toEqual({ sources: 0, freedBytes: 0 });
      });

      it("leaves what is new", async () => {
        const digest = await write("new");
        expect(await opened.store.collect([], past())).toEqual({ sources: 0, freedBytes: 0 });
        expect(await opened.store.has(digest)).toBe(true);
      });

      it.each<[string, (digest: string) => Promise<unknown>]>([
        ["written again", () => write("wanted")],
        ["found", (digest) => opened.store.has(digest)],
        ["read", async (digest) => await bytesOf(await opened.store.read(digest))],
      ])("takes what is %s as new", async (_name, want) => {
        const digest = await write("wanted");
        await new Promise((resolve) => setTimeout(resolve, 20));
        const between = new Date();
        await new Promise((resolve) => setTimeout(resolve, 20));
        await want(digest);
        expect((await opened.store.collect([], between)).sources).toBe(0);
        expect((await bytesOf(await opened.store.read(digest))).toString()).toBe("wanted");
      });

      it("never loses what is written meanwhile", async () => {
        for (let round = 0; round < 30; round += 1) {
          const text = `round ${round}`;
          const digest = await write(text);
          const [, again] = await Promise.all([
            opened.store.collect([], new Date(Date.now() - 1)),
            opened.store.write(Readable.from([Buffer.from(text)])),
          ]);
          expect(again.digest).toBe(digest);
          expect((await bytesOf(await opened.store.read(digest))).toString()).toBe(text);
        }
      });
    });
  });
}

const ID = "0a6f0c3c-4b5e-4e52-9c1d-3f1f8b1f2a01";

/** What every ArchiveStore does. */
export function describeArchiveStore(name: string, open: () => Promise<Opened<ArchiveStore>>): void {
  describe(`${name} as an ArchiveStore`, () => {
    let opened: Opened<ArchiveStore>;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());
    const textOf = async (id: string) => (await bytesOf((await opened.store.read(id)).content)).toString();

    it("gives back what was written last", async () => {
      await opened.store.write(ID, Readable.from([Buffer.from("one")]));
      await opened.store.write(ID, Readable.from([Buffer.from("second")]));
      const { content, sizeBytes } = await opened.store.read(ID);
      expect((await bytesOf(content)).toString()).toBe("second");
      expect(sizeBytes).toBe(6);
    });

    it("keeps the earlier content when a later write fails", async () => {
      await opened.store.write(ID, Readable.from([Buffer.from("one")]));
      const failing = Readable.from(
        (async function* () {
          yield Buffer.from("half");
          throw new Error("cut off");
        })(),
      );
      await expect(opened.store.write(ID, failing)).rejects.toThrow("cut off");
      expect(await textOf(ID)).toBe("one");
      expect(await opened.contents()).toHaveLength(1);
    });

    it("says not_found for what was never written or is removed", async () => {
      await expect(opened.store.read(ID)).rejects.toMatchObject({ id: "not_found" });
      await opened.store.write(ID, Readable.from([Buffer.from("one")]));
      await opened.store.remove(ID);
      await opened.store.remove(ID);
      await expect(opened.store.read(ID)).rejects.toMatchObject({ id: "not_found" });
    });

    it("removes what was written before a time, and nothing else", async () => {
      await opened.store.write(ID, Readable.from([Buffer.from("one")]));
      await opened.store.removeBefore(new Date(Date.now() - 60_000));
      expect(await textOf(ID)).toBe("one");
      await opened.store.removeBefore(new Date(Date.now() + 60_000));
      expect(await opened.contents()).toEqual([]);
    });
  });
}
