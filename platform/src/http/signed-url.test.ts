import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openStreamUrl, type StreamUrl, signStreamUrl } from "./signed-url.ts";

const key = randomBytes(32);
const now = new Date("2026-01-02T03:04:05Z");
const later = (seconds: number) => new Date(now.getTime() + seconds * 1_000);
const url = (change: Partial<StreamUrl> = {}) =>
  signStreamUrl({
    base: "https://localhost:6400",
    path: "/streams/logs",
    params: { app: "1", tail: "true" },
    expires: later(360),
    key,
    ...change,
  });

describe("signed addresses", () => {
  it("open with all they were given, absolute or as a request names them", () => {
    const opened = { kind: "valid", path: "/streams/logs", params: { app: "1", tail: "true" } };
    expect(openStreamUrl(url(), now, key)).toEqual(opened);
    expect(openStreamUrl(url().slice("https://localhost:6400".length), now, key)).toEqual(opened);
    expect(openStreamUrl(url().replace("localhost", "127.0.0.1"), now, key)).toEqual(opened);
  });

  it("expire, and still tell what they were", () => {
    expect(openStreamUrl(url(), later(360), key).kind).toBe("valid");
    expect(openStreamUrl(url(), later(361), key)).toEqual({
      kind: "expired",
      path: "/streams/logs",
      params: { app: "1", tail: "true" },
    });
  });

  it.each([
    ["another path", (text: string) => text.replace("logs", "builds")],
    ["another value", (text: string) => text.replace("app=1", "app=2")],
    ["one parameter more", (text: string) => `${text}&source=app`],
    ["one parameter twice", (text: string) => `${text}&app=1`],
    ["one parameter less", (text: string) => text.replace("&tail=true", "")],
    ["a later end", (text: string) => text.replace(/expires=\d+/, "expires=9999999999")],
    ["no end", (text: string) => text.replace(/&expires=\d+/, "")],
    ["no signature", (text: string) => text.replace(/&signature=.*/, "")],
    ["an empty signature", (text: string) => text.replace(/signature=.*/, "signature=")],
    ["another signature", (text: string) => text.replace(/signature=.*/, `signature=${"A".repeat(43)}`)],
    ["no address", () => "http://["],
  ])("are forged with %s", (_, forge) => {
    expect(openStreamUrl(forge(url()), now, key)).toEqual({ kind: "forged" });
  });

  it("are forged under another key", () => {
    expect(openStreamUrl(url(), now, randomBytes(32))).toEqual({ kind: "forged" });
  });

  it("do not mind the order of parameters, and hold any text", () => {
    expect(openStreamUrl(url().replace("app=1&tail=true", "tail=true&app=1"), now, key).kind).toBe("valid");
    const name = fc
      .string({ unit: "grapheme", minLength: 1 })
      .filter((made) => made !== "expires" && made !== "signature");
    fc.assert(
      fc.property(fc.dictionary(name, fc.string({ unit: "grapheme" })), (params) => {
        const opened = openStreamUrl(url({ params }), now, key);
        expect(opened).toEqual({ kind: "valid", path: "/streams/logs", params: { ...params } });
      }),
    );
  });

  it("cannot move text from one parameter into another", () => {
    const signature = new URL(url({ params: { a: "1&b=2" } })).searchParams.get("signature");
    expect(new URL(url({ params: { a: "1", b: "2" } })).searchParams.get("signature")).not.toBe(signature);
  });

  it("keep their own names to themselves", () => {
    expect(() => url({ params: { expires: "1" } })).toThrow(/parameter named expires/);
  });
});
