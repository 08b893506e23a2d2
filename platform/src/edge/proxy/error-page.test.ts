import { describe, expect, it } from "vitest";
import { failurePage, noSuchAppPage, pageText } from "./error-page.ts";
import { FAILURES, type FailureCode } from "./failure.ts";
import { readAnswer } from "./proxy-fixtures.ts";

describe("the router's pages", () => {
  it.each(Object.keys(FAILURES) as FailureCode[])("say something for %s, with its status", (code) => {
    const { status, html } = failurePage({ code });
    expect(status).toBe(FAILURES[code].status);
    expect(html).toMatch(/<title>.+<\/title>/);
    expect(html.includes(code)).toBe(FAILURES[code].at !== "info");
    // A page is whole in itself: nothing is loaded from anywhere.
    expect(html).not.toMatch(/src=|href=|<script/);
  });

  it("are never cached and say how long they are", () => {
    const { text, bytes } = pageText(noSuchAppPage, { method: "GET", minor: 1, keepAlive: true });
    const { status, fields, body } = readAnswer(text);
    expect(status).toBe(404);
    expect(fields["cache-control"]).toContain("no-store");
    expect(fields["content-length"]).toBe(String(body.length));
    expect(bytes).toBe(body.length);
    expect(fields.connection).toBeUndefined();
  });

  it("have no body for HEAD", () => {
    const { text, bytes } = pageText(noSuchAppPage, { method: "HEAD", minor: 1, keepAlive: false });
    expect(readAnswer(text)).toMatchObject({ body: "", fields: { connection: "close" } });
    expect(bytes).toBe(0);
  });

  it("are whole for bytes above ASCII", () => {
    const { text } = pageText({ status: 200, html: "é" }, { method: "GET", minor: 1, keepAlive: true });
    expect(readAnswer(text)).toMatchObject({ fields: { "content-length": "2" }, body: "\xc3\xa9" });
  });
});
