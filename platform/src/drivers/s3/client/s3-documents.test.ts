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
