import { describe, expect, test } from "vitest";
import { addressOf, encodeKey, parseS3Place, type S3Settings } from "./s3-settings.ts";

test.each([
  ["s3://images", { bucket: "images", prefix: "" }],
  ["s3://images/", { bucket: "images", prefix: "" }],
  ["s3://my.images-1/conifer", { bucket: "my.images-1", prefix: "conifer/" }],
  ["s3://images/a/b_c/", { bucket: "images", prefix: "a/b_c/" }],
])("%s is a place", (text, place) => {
  expect(parseS3Place(text)).toEqual(place);
});

test.each([
  ...["images", "https://images", "s3://", "s3://Images", "s3://i", "s3://a..b", "s3://-images"],
  ...[
    "s3://images/../x",
    "s3://images//x",
    "s3://images/a b",
    "s3://images/?x",
    `s3://images/${"a/".repeat(9)}`,
  ],
])("%s is none", (text) => {
  expect(parseS3Place(text)).toBeUndefined();
});

describe("an address", () => {
  const settings: S3Settings = {
    ...{ bucket: "images", prefix: "p/", endpoint: "https://s3.example:9000", region: "r" },
    ...{ addressing: "path", credentials: async () => ({ accessKeyId: "", secretAccessKey: "" }) },
  };

  test("has the bucket in its path, or before its host", () => {
    expect(addressOf(settings, "a/b,c").href).toBe("https://s3.example:9000/images/p/a/b%2Cc");
    expect(addressOf(settings, undefined).href).toBe("https://s3.example:9000/images/");
    const host = { ...settings, addressing: "host" as const };
    expect(addressOf(host, "a/b").href).toBe("https://images.s3.example:9000/p/a/b");
    expect(addressOf(host, undefined).href).toBe("https://images.s3.example:9000/");
  });

  test("has what signatures are made of", () => {
    expect(encodeKey("a/b c+d'(e)!*~é")).toBe("a/b%20c%2Bd%27%28e%29%21%2A~%C3%A9");
  });
});
