import { randomBytes, randomUUID } from "node:crypto";
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStreamUrl, signStreamUrl } from "../../http/signed-url.ts";
import { BusinessError } from "../../kernel/index.ts";
import { type KeptLog, makeKeptLog } from "../../kernel/kept-log-fixtures.ts";
import { eventually } from "./source-fixtures.ts";
import { fakeArchiveStore } from "./source-store-fake.ts";
import { makeUploads, type Uploads } from "./source-upload.ts";

const key = randomBytes(32);
let time: Date;
let server: Server;
let base: string;
let log: KeptLog;
let uploads: Uploads;
let archives: ReturnType<typeof fakeArchiveStore>;
let isFull: boolean;

beforeEach(async () => {
  time = new Date("2026-03-01T12:00:00Z");
  archives = fakeArchiveStore(() => time);
  isFull = false;
  log = makeKeptLog();
  uploads = makeUploads({
    archives,
    sign: (url) => signStreamUrl({ ...url, key }),
    open: (url, now) => openStreamUrl(url, now, key),
    now: () => time,
    newId: randomUUID,
    logger: log.logger,
    requireRoom: async () => {
      if (isFull) throw new BusinessError("insufficient_storage", "The disk is full of sand.");
    },
    maxBytes: 1000,
  });
  server = createServer((request, response) => {
    void uploads.handle(request, response).then((taken) => taken || response.writeHead(418).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const put = (url: string, body: string) => fetch(url, { method: "PUT", body });

describe("an upload", () => {
  it("is put and got back by its two addresses", async () => {
    const { putUrl, getUrl } = await uploads.create(base);
    expect((await put(putUrl, "one")).status).toBe(200);
    expect((await put(putUrl, "second")).status).toBe(200);
    const got = await fetch(getUrl);
    expect(got.headers.get("content-length")).toBe("6");
    expect(await got.text()).toBe("second");
    expect((await fetch(getUrl, { method: "HEAD" })).status).toBe(200);
  });

  it("that fails for a reason of ours is one line in the log, under the id that is answered", async () => {
    const { putUrl, getUrl } = await uploads.create(base);
    await put(putUrl, "one");
    archives.read = () => Promise.reject(new Error("sand in the disk"));
    const answer = await fetch(getUrl);
    const text = await answer.text();
    expect([answer.status, JSON.parse(text).id]).toEqual([500, "internal"]);
    expect(text).not.toContain("sand");
    expect(log.linesOfIdIn(text)).toMatchObject([
      { level: "error", message: "source upload failed", error: { message: "sand in the disk" } },
    ]);
  });

  it("is recognized by the address it was given", async () => {
    const { getUrl } = await uploads.create(base);
    const id = /source-uploads\/([^?]+)/.exec(getUrl)?.[1];
    expect(uploads.ownUpload(getUrl)).toEqual({ kind: "valid", id });
    const forged = getUrl.replace(/signature=(.)/, (_, first) => `signature=${first === "x" ? "y" : "x"}`);
    expect(uploads.ownUpload(forged)).toBeUndefined();
    expect(uploads.ownUpload("https://example.com/app.tar.gz")).toBeUndefined();
    time = new Date(time.getTime() + 3_601_000);
    expect(uploads.ownUpload(getUrl)).toEqual({ kind: "expired" });
  });

  it("is gone two hours later, when another is made", async () => {
    const { putUrl } = await uploads.create(base);
    await put(putUrl, "one");
    time = new Date(time.getTime() + 7_100_000);
    await uploads.create(base);
    expect(archives.ids()).toHaveLength(1);
    time = new Date(time.getTime() + 200_000);
    await uploads.create(base);
    expect(archives.ids()).toEqual([]);
  });
});

describe("what is refused", () => {
  it("anything new, when there is no room; what is there can be got", async () => {
    const { putUrl, getUrl } = await uploads.create(base);
    await put(putUrl, "one");
    isFull = true;
    const refused = await put(putUrl, "two");
    expect(refused.status).toBe(507);
    expect(await refused.json()).toEqual({
      id: "insufficient_storage",
      message: "The disk is full of sand.",
    });
    expect(await (await fetch(getUrl)).text()).toBe("one");
    // What is old goes also then, which makes room.
    time = new Date(time.getTime() + 7_300_000);
    await expect(uploads.create(base)).rejects.toMatchObject({ id: "insufficient_storage" });
    expect(archives.ids()).toEqual([]);
  });

  it("another path is left alone", async () => {
    expect((await fetch(`${base}/sources`)).status).toBe(418);
  });

  it("an altered address, the other method, an expired address", async () => {
    const { putUrl, getUrl } = await uploads.create(base);
    const altered = putUrl.replace(/source-uploads\/./, "source-uploads/z");
    expect((await put(altered, "x")).status).toBe(403);
    expect((await put(getUrl, "x")).status).toBe(405);
    expect((await fetch(putUrl)).status).toBe(405);
    expect((await fetch(putUrl, { method: "DELETE" })).status).toBe(405);
    time = new Date(time.getTime() + 3_601_000);
    const expired = await put(putUrl, "x");
    expect(expired.status).toBe(410);
    expect(await expired.json()).toMatchObject({
      id: "gone",
      message: expect.stringContaining("POST /sources"),
    });
  });

  it("what was never uploaded", async () => {
    const { getUrl } = await uploads.create(base);
    expect((await fetch(getUrl)).status).toBe(404);
  });

  it("too much, with or without a length", async () => {
    const { putUrl } = await uploads.create(base);
    const given = await put(putUrl, "x".repeat(1001));
    expect(given.status).toBe(413);
    expect(await given.json()).toMatchObject({
      message: "The source is larger than 1000 bytes, the most that is taken.",
    });
    const body = new Blob(["x".repeat(5000)]).stream();
    const chunked = await fetch(putUrl, { method: "PUT", body, duplex: "half" } as RequestInit);
    expect(chunked.status).toBe(413);
    expect(archives.ids()).toEqual([]);
  });

  it("an upload that breaks off leaves nothing", async () => {
    const { putUrl } = await uploads.create(base);
    const request = httpRequest(putUrl, { method: "PUT", headers: { "content-length": 500 } });
    request.on("error", () => {});
    await new Promise<void>((resolve) => request.write("half", () => resolve()));
    const connections = () =>
      new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
    await eventually(async () => (await connections()) > 0, "the server has the request");
    request.destroy();
    await eventually(async () => (await connections()) === 0, "the connection is closed");
    expect(archives.ids()).toEqual([]);
  });
});
