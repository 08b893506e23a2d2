import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { listFolders, listKeys, listParts, listUploads } from "./s3-lists.ts";
import { S3RequestError } from "./s3-request-error.ts";
import type { S3Ask, S3Requests } from "./s3-requests.ts";

type Query = Readonly<Record<string, string>>;

/** A store that answers with these pages, one after the other, and what it was asked. */
function answering(...pages: (string | Error)[]) {
  const asked: Query[] = [];
  const requests: Pick<S3Requests, "ask"> = {
    async ask({ query = {} }: S3Ask) {
      asked.push(query);
      const page = pages[asked.length - 1];
      if (page === undefined) throw new Error("asked for more than there is");
      if (page instanceof Error) throw page;
      return { status: 200, headers: {}, bytes: Buffer.from(page) };
    },
  };
  return { requests: requests as S3Requests, asked };
}

const page = (...inner: string[]) => `<?xml version="1.0"?><Result>${inner.join("")}</Result>`;
const contents = (key: string, size = 1) =>
  `<Contents><Key>${key}</Key><Size>${size}</Size><LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>`;
const more = (...next: string[]) => `<IsTruncated>true</IsTruncated>${next.join("")}`;
const all = <T>(items: AsyncIterable<T>): Promise<T[]> => Array.fromAsync(items);
const keysOf = async (requests: S3Requests) => (await all(listKeys(requests, "p/"))).map(({ key }) => key);

describe("objects", () => {
  it("come from all pages, each asked for with what the one before it says", async () => {
    const { requests, asked } = answering(
      page(contents("p/a", 7), more("<NextContinuationToken>t=1</NextContinuationToken>")),
      page(more("<NextContinuationToken>t=2</NextContinuationToken>")),
      page(contents("p/b"), contents("p/c"), "<IsTruncated>false</IsTruncated>"),
    );
    const found = await all(listKeys(requests, "p/"));
    expect(found[0]).toEqual({ key: "p/a", size: 7, modifiedMs: Date.UTC(2026, 0, 2, 3, 4, 5) });
    expect(found.map(({ key }) => key)).toEqual(["p/a", "p/b", "p/c"]);
    expect(asked.map((query) => query["continuation-token"])).toEqual([undefined, "t=1", "t=2"]);
    expect(asked.every((query) => query.prefix === "p/" && query["list-type"] === "2")).toBe(true);
  });

  it("are asked for page by page: who stops early asks for no more", async () => {
    const { requests, asked } = answering(page(contents("p/a"), more()));
    for await (const { key } of listKeys(requests, "p/")) {
      expect(key).toBe("p/a");
      break;
    }
    expect(asked).toHaveLength(1);
  });

  it("are none in an empty bucket", async () => {
    expect(await keysOf(answering(page()).requests)).toEqual([]);
  });

  it("with any name come back by it from a store that encodes them", async () => {
    const url = "<EncodingType>url</EncodingType>";
    // `+` is how some stores write a space, and a plus sign is `%2B` then.
    const plus = (key: string) => encodeURIComponent(key).replaceAll("%20", "+");
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 1 }), async (key) => {
        for (const encode of [encodeURIComponent, plus]) {
          expect(await keysOf(answering(page(url, contents(encode(key)))).requests)).toEqual([key]);
        }
      }),
    );
  });

  it.each(["p/100%25", "p/a+b", "p/%zz"])("that are not encoded are taken as they are: %s", async (key) => {
    expect(await keysOf(answering(page(contents(key))).requests)).toEqual([key]);
  });
});

describe("an answer that is no list", () => {
  it.each([
    ["nothing", ""],
    ["a page for people", "<html><body><p>no</body></html>"],
    ["one that breaks off", "<Result><Contents><Key>p/a</Key>"],
  ])("%s is told as a wrong endpoint, and not taken for an empty one", async (_what, text) => {
    const thrown = await keysOf(answering(text).requests).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(S3RequestError);
    expect(thrown).toMatchObject({ passing: false, message: expect.stringMatching(/CONIFER_S3_ENDPOINT/) });
  });

  it("on a later page ends the list with an error: half of it is not all of it", async () => {
    const first = page(contents("p/a"), more("<NextContinuationToken>t</NextContinuationToken>"));
    await expect(keysOf(answering(first, "<Result>").requests)).rejects.toThrow(S3RequestError);
  });

  it("because there is more and not where is refused, as the first page would come for ever", async () => {
    const endless = page(contents("p/a"), more());
    const { requests, asked } = answering(endless, endless, endless);
    await expect(keysOf(requests)).rejects.toThrow(S3RequestError);
    expect(asked).toHaveLength(1);
  });
});

test("folders come from all pages, decoded", async () => {
  const folder = (name: string) => `<CommonPrefixes><Prefix>${name}</Prefix></CommonPrefixes>`;
  const { requests, asked } = answering(
    page(
      "<EncodingType>url</EncodingType>",
      folder("p%2Fa%20b%2F"),
      more("<NextContinuationToken>t</NextContinuationToken>"),
    ),
    page(folder("p/c/"), contents("p/no-folder")),
  );
  expect(await all(listFolders(requests, "p/"))).toEqual(["p/a b/", "p/c/"]);
  expect(asked.map(({ delimiter }) => delimiter)).toEqual(["/", "/"]);
});

describe("the parts of an upload", () => {
  const upload = { key: "data/x", uploadId: "u&1" };
  const part = (number: number) =>
    `<Part><PartNumber>${number}</PartNumber><Size>5</Size><ETag>&quot;e${number}&quot;</ETag></Part>`;

  it("come by their numbers, with gaps and out of order, from all pages", async () => {
    const { requests, asked } = answering(
      page(part(10), part(2), more("<NextPartNumberMarker>10</NextPartNumberMarker>")),
      page(part(11), part(1)),
    );
    const found = await listParts(requests, upload);
    // By number and not by text, where 10 comes before 2.
    expect(found?.map(({ number }) => number)).toEqual([1, 2, 10, 11]);
    expect(found?.[0]).toEqual({ number: 1, size: 5, etag: '"e1"' });
    expect(asked).toEqual([{ uploadId: "u&1" }, { uploadId: "u&1", "part-number-marker": "10" }]);
  });

  it("are unknown when the upload is gone, which is not the same as none", async () => {
    const gone = new S3RequestError("gone", { status: 404, code: "NoSuchUpload", passing: false });
    expect(await listParts(answering(gone).requests, upload)).toBeUndefined();
    expect(await listParts(answering(page()).requests, upload)).toEqual([]);
  });

  it.each(["NoSuchBucket", "AccessDenied", ""])("are not taken for gone after %j", async (code) => {
    const refused = new S3RequestError("refused", { status: 404, code, passing: false });
    await expect(listParts(answering(refused).requests, upload)).rejects.toBe(refused);
  });
});

test("uploads under way come from all pages; several of one key are told apart", async () => {
  const one = (key: string, id: string) =>
    `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>1970-01-01T00:00:01Z</Initiated></Upload>`;
  const next = "<NextKeyMarker>p/a</NextKeyMarker><NextUploadIdMarker>2</NextUploadIdMarker>";
  const { requests, asked } = answering(
    page(one("p/a", "1"), one("p/a", "2"), more(next)),
    page(one("p/a", "3")),
  );
  const found = await all(listUploads(requests, "p/"));
  expect(found.map(({ uploadId }) => uploadId)).toEqual(["1", "2", "3"]);
  expect(found[0]).toEqual({ key: "p/a", uploadId: "1", initiatedMs: 1_000 });
  expect(asked[1]).toEqual({ uploads: "", prefix: "p/", "key-marker": "p/a", "upload-id-marker": "2" });
});
