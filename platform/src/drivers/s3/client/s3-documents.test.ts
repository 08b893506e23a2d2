import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readS3Document, readS3Error } from "./s3-documents.ts";

describe("a document", () => {
  const page = readS3Document(
    '\n  <?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
      "<IsTruncated>true</IsTruncated><Contents><Key>a&amp;b</Key></Contents><Contents><Key>c</Key></Contents>" +
      "<Owner><Key>not one of them</Key></Owner></ListBucketResult>",
  );

  test("is read by its elements, whatever its namespace and the spaces before it", () => {
    expect(page?.name).toBe("ListBucketResult");
    expect(page?.text("IsTruncated")).toBe("true");
    expect(page?.all("Contents").map((one) => one.text("Key"))).toEqual(["a&b", "c"]);
  });

  test("has no text and no elements that are not right below", () => {
    expect(page?.text("Key")).toBe("");
    expect(page?.all("Nothing")).toEqual([]);
  });
});

test.each([
  ["nothing", ""],
  ["a page for people", "<html><body><p>no</body></html>"],
  ["JSON", '{"error":"no"}'],
  ["one that breaks off", "<Error><Code>x</Code>"],
])("%s is none", (_what, text) => {
  expect(readS3Document(text)).toBeUndefined();
  expect(readS3Error(text)).toBeUndefined();
});

test("entities that a document brings with it are not read", () => {
  const text = '<!DOCTYPE Error [<!ENTITY x SYSTEM "file:///etc/passwd">]><Error><Code>&x;</Code></Error>';
  expect(readS3Error(text)).toBeUndefined();
});

test("an error tells its code, and the region where there is one", () => {
  const text =
    "<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message><Region>eu-2</Region></Error>";
  expect(readS3Error(text)).toEqual({ code: "PermanentRedirect", message: "elsewhere", region: "eu-2" });
  expect(readS3Error("<CopyObjectResult><ETag>x</ETag></CopyObjectResult>")).toBeUndefined();
});

test("texts of any kind that XML can hold come back, escaped or in a section of characters", () => {
  const text = fc.string({ unit: "grapheme" }).filter((one) => !one.includes("]]>"));
  fc.assert(
    fc.property(text, (one) => {
      const escaped = one.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
      for (const inner of [escaped, `<![CDATA[${one}]]>`])
        expect(readS3Document(`<R><Key>${inner}</Key></R>`)?.text("Key")).toBe(one);
    }),
  );
});

test("whatever comes instead of a document, reading it does not throw", () => {
  const pieces = fc.constantFrom(
    "<",
    ">",
    "</Error>",
    "<Error>",
    "&",
    "&#0;",
    "<!--",
    "<![CDATA[",
    "<?xml",
    '"',
    "x",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (some) => {
      expect(() => readS3Error(some.join(""))).not.toThrow();
    }),
  );
});
