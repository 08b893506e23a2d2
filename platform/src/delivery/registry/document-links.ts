import { buffer } from "node:stream/consumers";
import { DOCUMENT_LIMIT } from "../image/index.ts";
import { type DocumentLinks, readDocumentLinks } from "./manifest-document.ts";
import type { ServedContent } from "./registry-ports.ts";

/** What documents of a store name. */
export interface LinkReader {
  /** Nothing when its content is not there. Throws when it cannot be read, since what it names is not known then. */
  of(digest: string, mediaType?: string): Promise<DocumentLinks>;
  /** Likewise of something that need not be a document; undefined when it is none. */
  ifDocument(digest: string): Promise<DocumentLinks | undefined>;
}

const NOTHING: DocumentLinks = { names: [], manifests: [] };

type ReadContent = Pick<ServedContent, "read" | "weigh">;

/** What a document names never changes: of `mostKnown` of them it is read once. Default: each time. */
export function makeLinkReader(content: ReadContent, mostKnown = 0): LinkReader {
  const known = new Map<string, DocumentLinks>();
  const of: LinkReader["of"] = async (digest, mediaType) => {
    const before = known.get(digest);
    if (before) return before;
    if ((await content.weigh(digest)) === 0) return NOTHING;
    const links = await readLinks(content, digest, mediaType);
    if (known.size >= mostKnown) known.clear();
    if (mostKnown > 0) known.set(digest, links);
    return links;
  };
  return {
    of,
    async ifDocument(digest) {
      const size = await content.weigh(digest);
      if (size === 0 || size > DOCUMENT_LIMIT) return undefined;
      const beginning = await content.read(digest, { start: 0, end: 0 }).catch(() => undefined);
      // Only what begins like JSON is read at all.
      for await (const first of (beginning ?? []) as AsyncIterable<Buffer>)
        if (first[0] !== 0x7b) return undefined;
      return await of(digest).catch(() => undefined);
    },
  };
}

async function readLinks(content: ReadContent, digest: string, mediaType: string | undefined) {
  try {
    return readDocumentLinks(await buffer(await content.read(digest)), mediaType);
  } catch (cause) {
    throw new Error(
      `The manifest ${digest} cannot be read, so it is not known what it needs and nothing is removed. Delete it, or put ` +
        "its content back.",
      { cause },
    );
  }
}
