import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BusinessError } from "../kernel/index.ts";
import {
  acceptsGzip,
  credentialsOf,
  etagOf,
  originOf,
  requestIds,
  tagMatches,
  variantOf,
} from "./negotiation.ts";

const idOf = (run: () => unknown) => {
  try {
    run();
    return undefined;
  } catch (thrown) {
    return (thrown as BusinessError).id;
  }
};

describe("the variant", () => {
  test.each([
    ["application/vnd.heroku+json; version=3", "base"],
    ["application/vnd.heroku+json;version=3", "base"],
    ["Application/Vnd.Heroku+JSON; version=3", "base"],
    ["application/vnd.heroku+json; version=3.sdk", "sdk"],
    ["application/vnd.heroku+json; version=3.cedar-acm", "base"],
    ["application/vnd.heroku+json; version=3.account-quotas", "base"],
    ["text/html, application/vnd.heroku+json; version=3.sdk", "sdk"],
    ["application/vnd.heroku+json; version=2, application/vnd.heroku+json; version=3", "base"],
  ])("%s is %s", (accept, wanted) => {
    expect(variantOf(accept)).toBe(wanted);
  });

  test.each([
    undefined,
    "",
    "*/*",
    "application/json",
    "application/vnd.heroku+json",
    "application/vnd.heroku+json; version=2",
    "application/vnd.heroku+json; version=33",
    "version=3",
  ])("%s is not acceptable", (accept) => {
    expect(idOf(() => variantOf(accept))).toBe("not_acceptable");
  });
});

describe("tags", () => {
  test("change with the text", () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => (etagOf(a) === etagOf(b)) === (a === b)));
    expect(etagOf("x")).toMatch(/^"[0-9a-f]{32}"$/);
  });

  test.each([
    ["*", true],
    ['"a"', true],
    ['W/"a"', true],
    ['"b", "a"', true],
    ['"b",W/"a"', true],
    ['"b"', false],
    ["a", false],
    ["", false],
  ])("%s matches %s", (header, wanted) => {
    expect(tagMatches(header, '"a"')).toBe(wanted);
  });
});

describe("request ids", () => {
  test("begin with our own and keep the caller's, whole, as far as 7 KB go", () => {
    const chain = fc.array(fc.uuid(), { maxLength: 400 });
    fc.assert(
      fc.property(chain, (theirs) => {
        const { own, all } = requestIds(theirs.join(","));
        const ids = all.split(",");
        expect(ids[0]).toBe(own);
        expect(ids.slice(1)).toEqual(theirs.slice(0, ids.length - 1));
        expect(all.length).toBeLessThanOrEqual(7_000);
        if (theirs.length <= 180) expect(ids).toHaveLength(theirs.length + 1);
      }),
    );
  });

  test.each([undefined, "", ",,", "a b", "<script>", "x".repeat(201), "a\tb"])("leave out %j", (header) => {
    const { own, all } = requestIds(header);
    expect(all).toBe(own);
  });

  test("are never twice the same", () => {
    expect(requestIds(undefined).own).not.toBe(requestIds(undefined).own);
  });
});

describe("credentials", () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

  test.each([
    ["Bearer t-1", { user: "", secret: "t-1" }],
    ["bearer   t-1", { user: "", secret: "t-1" }],
    [basic(":t-1"), { user: "", secret: "t-1" }],
    [basic("me@example.com:pass"), { user: "me@example.com", secret: "pass" }],
    [basic("me:pass:with:colons"), { user: "me", secret: "pass:with:colons" }],
    [basic("me:zwölf✓"), { user: "me", secret: "zwölf✓" }],
    [basic("me:two\nlines"), { user: "me", secret: "two\nlines" }],
  ])("%s", (header, wanted) => {
    expect(credentialsOf(header)).toEqual(wanted);
  });

  test.each([
    undefined,
    "",
    "Bearer",
    "Bearer ",
    "Basic !!!",
    basic("no-colon"),
    basic("user:"),
    basic("a:\0"),
    "Digest x",
  ])("are none in %j", (header) => {
    expect(credentialsOf(header)).toBeUndefined();
  });

  test("come back from Basic as they went in", () => {
    const text = fc.string({ unit: "binary", minLength: 1 }).filter((any) => !any.includes("\0"));
    const user = text.filter((any) => !any.includes(":"));
    fc.assert(
      fc.property(user, text, (name, secret) => {
        expect(credentialsOf(basic(`${name}:${secret}`))).toEqual({ user: name, secret });
      }),
    );
  });
});

test.each([
  ["gzip", true],
  ["gzip, deflate, br", true],
  ["deflate, GZIP;q=0.5", true],
  ["gzip;q=0", false],
  ["gzip; q=0.000", false],
  ["br", false],
  ["xgzip", false],
  ["", false],
  [undefined, false],
])("gzip is taken by %j: %s", (header, wanted) => {
  expect(acceptsGzip(header)).toBe(wanted);
});

describe("the origin", () => {
  test.each([
    ["localhost:6400", false, "http://localhost:6400"],
    ["paas.example.com", true, "https://paas.example.com"],
    ["[::1]:6400", true, "https://[::1]:6400"],
    [undefined, false, "http://localhost"],
    ["", false, "http://localhost"],
  ])("of %j, encrypted %s, is %s", (host, encrypted, wanted) => {
    expect(originOf(host, encrypted)).toBe(wanted);
  });

  test.each(["a b", "a/b", "user@host", "host:port", "host:123456", "[::1", "<x>"])("refuses %j", (host) => {
    expect(idOf(() => originOf(host, true))).toBe("bad_request");
  });
});
