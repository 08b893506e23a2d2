import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf, MEDIA } from "../image/index.ts";
import { repository } from "./registry-fixtures.ts";
import type { HeldManifest, RepositoryManagement, RepositoryRecords } from "./registry-ports.ts";

const at = repository("team/app");
const others = ["team/app2", "team2/app", "conifer/app"].map(repository);
const manifest = (text: string, more: Partial<HeldManifest> = {}): HeldManifest => ({
  ...{ digest: digestOf(text), mediaType: MEDIA.manifest, sizeBytes: text.length },
  ...more,
});

/** What every RepositoryRecords must do. `make` gives an empty one. */
export function repositoryRecordsSuite(
  name: string,
  make: () => Promise<{ records: RepositoryRecords & RepositoryManagement; dispose: () => Promise<void> }>,
): void {
  describe(`RepositoryRecords: ${name}`, () => {
    let made: Awaited<ReturnType<typeof make>>;
    beforeEach(async () => {
      made = await make();
    });
    afterEach(() => made.dispose());

    it("holds blobs, each repository its own", async () => {
      const { records } = made;
      await records.holdBlob(at, digestOf("a"));
      await records.holdBlob(at, digestOf("a"));
      expect(await records.holdsBlob(at, digestOf("a"))).toBe(true);
      expect(await records.holdsBlob(at, digestOf("b"))).toBe(false);
      for (const other of others) expect(await records.holdsBlob(other, digestOf("a"))).toBe(false);
    });

    it("finds a manifest by digest and by its tags, each repository its own", async () => {
      const { records } = made;
      const held = manifest("a");
      await records.holdManifest(at, held, "v1");
      await records.holdManifest(at, held, "latest");
      for (const reference of [held.digest, "v1", "latest"]) {
        expect(await records.findManifest(at, reference)).toEqual(held);
        for (const other of others) expect(await records.findManifest(other, reference)).toBeUndefined();
      }
      expect(await records.findManifest(at, "v2")).toBeUndefined();
      expect(await records.holdsBlob(at, held.digest)).toBe(false);
    });

    it("moves a tag; what it named before is found by its digest", async () => {
      const { records } = made;
      await records.holdManifest(at, manifest("a"), "latest");
      await records.holdManifest(at, manifest("b"), "latest");
      expect(await records.findManifest(at, "latest")).toEqual(manifest("b"));
      expect(await records.findManifest(at, digestOf("a"))).toEqual(manifest("a"));
    });

    it("lists tags of a repository that holds something, and tells one that holds nothing apart", async () => {
      const { records } = made;
      expect(await records.tags(at)).toBeUndefined();
      await records.holdBlob(at, digestOf("a"));
      expect(await records.tags(at)).toEqual([]);
      for (const tag of ["v1", "V1", "_x", "a.b-c"]) await records.holdManifest(at, manifest("a"), tag);
      expect([...((await records.tags(at)) ?? [])].sort()).toEqual(["V1", "_x", "a.b-c", "v1"]);
      for (const other of others) expect(await records.tags(other)).toBeUndefined();
    });

    it("lists what refers to a manifest, also one that is not there", async () => {
      const { records } = made;
      const subject = digestOf("subject");
      const about = { subject, artifactType: "application/x", annotations: { a: "b" } };
      await records.holdManifest(at, manifest("one", about));
      await records.holdManifest(at, manifest("one", about), "named");
      await records.holdManifest(at, manifest("two", { subject }));
      await records.holdManifest(at, manifest("three"));
      const found = (await records.referrers(at, subject)).toSorted((a, b) => b.size - a.size);
      expect(new Set(found.map((one) => one.digest))).toEqual(new Set([digestOf("one"), digestOf("two")]));
      expect(found.find((one) => one.digest === digestOf("one"))).toEqual({
        ...{ mediaType: MEDIA.manifest, digest: digestOf("one"), size: 3 },
        ...{ artifactType: "application/x", annotations: { a: "b" } },
      });
      expect(await records.referrers(at, digestOf("one"))).toEqual([]);
      for (const other of others) expect(await records.referrers(other, subject)).toEqual([]);
    });

    it("drops tags, manifests and blobs, each repository its own, and tells whether they were there", async () => {
      const { records } = made;
      const [elsewhere = at] = others;
      for (const where of [at, elsewhere]) {
        await records.holdBlob(where, digestOf("b"));
        for (const tag of ["v1", "v2"]) await records.holdManifest(where, manifest("a"), tag);
        await records.holdManifest(where, manifest("other"), "other");
      }
      expect([await records.dropTag(at, "v1"), await records.dropTag(at, "v1")]).toEqual([true, false]);
      expect(await records.findManifest(at, "v2")).toEqual(manifest("a"));
      expect(await records.dropManifest(at, digestOf("a"))).toBe(true);
      expect(await records.dropManifest(at, digestOf("a"))).toBe(false);
      expect(await records.tags(at)).toEqual(["other"]);
      expect([await records.dropBlob(at, digestOf("b")), await records.dropBlob(at, digestOf("b"))]).toEqual([
        ...[true, false],
      ]);
      expect(await records.holdsBlob(at, digestOf("b"))).toBe(false);
      expect(new Set(await records.tags(elsewhere))).toEqual(new Set(["v1", "v2", "other"]));
      expect(await records.holdsBlob(elsewhere, digestOf("b"))).toBe(true);
    });

    it("drops a manifest from the referrers of its subject, whatever its digest's algorithm", async () => {
      const { records } = made;
      for (const subject of [digestOf("subject"), `sha512:${"a".repeat(128)}`]) {
        await records.holdManifest(at, manifest("one", { subject }));
        await records.holdManifest(at, manifest("two", { subject }));
        await records.dropManifest(at, digestOf("one"));
        expect((await records.referrers(at, subject)).map((one) => one.digest)).toEqual([digestOf("two")]);
      }
    });

    it("lists all manifests and blobs of a repository", async () => {
      const { records } = made;
      const collect = async <T>(items: AsyncIterable<T>) => {
        const all: T[] = [];
        for await (const item of items) all.push(item);
        return all;
      };
      expect([await collect(records.manifests(at)), await collect(records.blobs(at))]).toEqual([[], []]);
      for (const text of ["a", "b"]) {
        await records.holdBlob(at, digestOf(text));
        await records.holdManifest(at, manifest(text), "latest");
      }
      expect(new Set(await collect(records.blobs(at)))).toEqual(new Set([digestOf("a"), digestOf("b")]));
      expect(await collect(records.manifests(at))).toHaveLength(2);
      expect(await collect(records.manifests(at))).toContainEqual(manifest("b"));
    });

    it("lists the repositories of a space that hold something", async () => {
      const { records } = made;
      const namesIn = async (space: string) => {
        const found: string[] = [];
        for await (const one of records.repositories(space)) found.push(`${one.space}/${one.name}`);
        return found.toSorted();
      };
      expect(await namesIn("team")).toEqual([]);
      for (const where of [at, ...others]) await records.holdBlob(where, digestOf("a"));
      await records.holdManifest(repository("team/third"), manifest("m"), "v1");
      expect(await namesIn("team")).toEqual(["team/app", "team/app2", "team/third"]);
      expect(await namesIn("team2")).toEqual(["team2/app"]);
      expect(await namesIn("nobody")).toEqual([]);
      expect(await namesIn("..")).toEqual([]);
    });

    it("takes many at once", async () => {
      const { records } = made;
      const digests = Array.from({ length: 40 }, (_, i) => digestOf(String(i % 10)));
      await Promise.all(digests.map((digest) => records.holdBlob(at, digest)));
      await Promise.all(digests.map((_, i) => records.holdManifest(at, manifest(String(i)), "latest")));
      for (const digest of digests) expect(await records.holdsBlob(at, digest)).toBe(true);
      expect(await records.findManifest(at, "latest")).toBeDefined();
      expect(await records.tags(at)).toEqual(["latest"]);
    });
  });
}
