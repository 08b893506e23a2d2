import { Readable } from "node:stream";
import { describe, expect, it, test } from "vitest";
import { DOCUMENT_LIMIT, digestOf, MEDIA } from "../image/index.ts";
import { makeLinkReader } from "./document-links.ts";

/** Content by digest, and what was read of it. */
function reading(sizes: Record<string, number> = {}, mostKnown = 50_000) {
  const held = new Map<string, Buffer>();
  const reads: string[] = [];
  const store = {
    weigh: async (digest: string) => sizes[digest] ?? held.get(digest)?.length ?? 0,
    read: async (digest: string, range?: { readonly start: number; readonly end: number }) => {
      const content = held.get(digest);
      reads.push(range ? "beginning" : "whole");
      if (!content) throw new Error("away");
      return Readable.from([range ? content.subarray(range.start, range.end + 1) : content]);
    },
  };
  const links = makeLinkReader(store, mostKnown);
  const add = (content: string) => {
    held.set(digestOf(content), Buffer.from(content));
    return digestOf(content);
  };
  return { links, reads, held, add };
}

const part = (mediaType: string, text: string) => ({ mediaType, digest: digestOf(text), size: text.length });
const index = JSON.stringify({
  ...{ schemaVersion: 2, mediaType: MEDIA.index, manifests: [part(MEDIA.manifest, "one")] },
  subject: part(MEDIA.manifest, "subject"),
});
const LINKS = { names: [digestOf("one")], manifests: [digestOf("one")], subject: digestOf("subject") };

test("a document is read once, since what it names never changes", async () => {
  const { links, reads, add } = reading();
  const digest = add(index);
  for (let n = 0; n < 3; n += 1) expect(await links.of(digest)).toEqual(LINKS);
  expect(reads).toEqual(["whole"]);
});

test("what is not there names nothing now, and is looked for again", async () => {
  const { links, add } = reading();
  expect(await links.of(digestOf(index))).toEqual({ names: [], manifests: [] });
  add(index);
  expect(await links.of(digestOf(index))).toEqual(LINKS);
});

describe("what cannot be read", () => {
  it.each(["{", "", "[]", "null", '{"mediaType":"text/plain"}'])("stops whoever asks: %j", async (text) => {
    const { links, add } = reading({ [digestOf(text)]: 5 });
    await expect(links.of(add(text))).rejects.toThrow(`The manifest ${digestOf(text)} cannot be read`);
  });

  it("is not remembered: a store that is back is believed", async () => {
    const { links, add } = reading({ [digestOf(index)]: index.length });
    await expect(links.of(digestOf(index))).rejects.toMatchObject({ cause: new Error("away") });
    add(index);
    expect(await links.of(digestOf(index))).toEqual(LINKS);
  });
});

describe("what need not be a document", () => {
  it("is read when it is one", async () => {
    const { links, add } = reading();
    expect(await links.ifDocument(add(index))).toEqual(LINKS);
  });

  it.each([
    ["does not begin like JSON", "\u001f\u008b layer", ["beginning"]],
    ["only begins like it", "{ layer", ["beginning", "whole"]],
    ["is JSON and no manifest", '{"os":"linux"}', ["beginning", "whole"]],
    ["is not there", undefined, []],
  ])("is none when it %s", async (_what, text, read) => {
    const { links, reads, add } = reading();
    expect(await links.ifDocument(text === undefined ? digestOf("none") : add(text))).toBeUndefined();
    expect(reads).toEqual(read);
  });

  it("is not read at all when it is larger than any document", async () => {
    const { links, reads, add } = reading({ [digestOf(index)]: DOCUMENT_LIMIT + 1 });
    expect(await links.ifDocument(add(index))).toBeUndefined();
    expect(reads).toEqual([]);
  });
});
