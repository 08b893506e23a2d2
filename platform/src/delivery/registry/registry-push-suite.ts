import { randomBytes } from "node:crypto";
import { request as httpRequest } from "node:http";
import { describe, expect, it } from "vitest";
import { DOCUMENT_LIMIT, digestOf, encodeDocument, MEDIA, makeManifest } from "../image/index.ts";
import type { RegistryWorld } from "./registry-access-suite.ts";
import {
  basic,
  eventually,
  pushBlob,
  pushImage,
  putManifestAt,
  repository,
  type TestRegistry,
} from "./registry-fixtures.ts";

const APP = "team/app";

/** Begins an upload and returns its address. */
async function begin({ ask, push }: TestRegistry): Promise<string> {
  const { status, headers } = await ask(`POST /v2/${APP}/blobs/uploads/`, push(APP));
  expect([status, headers.range]).toEqual([202, "0-0"]);
  expect(headers.location).toMatch(/^\/v2\/team\/app\/blobs\/uploads\/[0-9a-f-]{36}$/);
  return headers.location ?? "";
}

/** Sends the head and some of a body, waits for a condition, and goes away. */
async function breakOff(
  { port, push }: TestRegistry,
  what: string,
  arrived: () => Promise<void> = async () => {},
): Promise<void> {
  const [method, path] = what.split(" ");
  const headers = { authorization: basic(push(APP)), "content-length": 1_000 };
  const request = httpRequest({ host: "127.0.0.1", port, method, path, headers, agent: false });
  const gone = new Promise<void>((resolve) => {
    request.on("error", () => {}).on("close", () => resolve());
  });
  await new Promise((resolve) => request.write("half of it", resolve));
  await arrived();
  request.destroy();
  await gone;
}

/** What is written. */
export function pushTests(world: RegistryWorld): void {
  const { registry } = world;
  const exists = async (content: string | Buffer) =>
    (await registry().ask(`HEAD /v2/${APP}/blobs/${digestOf(Buffer.from(content))}`, registry().push(APP)))
      .status === 200;

  describe("an upload", () => {
    it("is one request, or one after the beginning", async () => {
      const { ask, push } = registry();
      const one = await pushBlob(registry(), APP, "in one");
      expect(one.size).toBe(6);
      const location = await begin(registry());
      const digest = digestOf("in two");
      const put = await ask(`PUT ${location}?digest=${digest}`, push(APP), { body: "in two" });
      expect([put.status, put.headers.location]).toEqual([201, `/v2/${APP}/blobs/${digest}`]);
      expect(put.headers["docker-content-digest"]).toBe(digest);
      expect([await exists("in one"), await exists("in two")]).toEqual([true, true]);
    });

    it("comes in pieces, and tells how far it is", async () => {
      const { ask, push } = registry();
      const location = await begin(registry());
      const patch = async (body: string, range?: string) => {
        const headers = range ? { "content-range": range } : {};
        const { status, headers: answered } = await ask(`PATCH ${location}`, push(APP), { body, headers });
        return [status, answered.range];
      };
      expect(await patch("0123", "0-3")).toEqual([202, "0-3"]);
      expect(await patch("45")).toEqual([202, "0-5"]);
      expect(await patch("45", "4-5")).toEqual([416, "0-5"]);
      expect(await patch("89", "8-9")).toEqual([416, "0-5"]);
      expect((await patch("67", "6-9"))[0]).toBe(400);
      expect((await patch("67", "six"))[0]).toBe(400);
      const status = await ask(`GET ${location}`, push(APP));
      expect([status.status, status.headers.range, status.headers.location]).toEqual([204, "0-5", location]);
      const path = `PUT ${location}?digest=${digestOf("01234567")}`;
      const put = await ask(path, push(APP), { body: "67", headers: { "content-range": "6-7" } });
      expect(put.status).toBe(201);
      expect(await exists("01234567")).toBe(true);
      expect((await ask(`GET ${location}`, push(APP))).codes).toEqual(["BLOB_UPLOAD_UNKNOWN"]);
    });

    it("with another digest is refused, and leaves nothing", async () => {
      const { ask, push } = registry();
      const announced = digestOf("announced");
      for (const pieces of [false, true]) {
        const location = pieces ? await begin(registry()) : `/v2/${APP}/blobs/uploads/`;
        const path = `${pieces ? "PUT" : "POST"} ${location}?digest=${announced}`;
        const refused = await ask(path, push(APP), { body: "what came" });
        expect([refused.status, refused.codes]).toEqual([400, ["DIGEST_INVALID"]]);
        if (pieces) expect((await ask(`GET ${location}`, push(APP))).status).toBe(404);
      }
      expect([await exists("announced"), await exists("what came")]).toEqual([false, false]);
      expect(await world.stores().uploads.dropOlder(new Date(Date.now() + 60_000))).toBe(0);
    });

    it("needs a digest that can be", async () => {
      const { ask, push } = registry();
      const location = await begin(registry());
      for (const query of ["", "?digest=", "?digest=sha256:../../x", `?digest=sha512:${"a".repeat(128)}`])
        expect((await ask(`PUT ${location}${query}`, push(APP))).codes).toEqual(["DIGEST_INVALID"]);
      expect((await ask(`GET ${location}`, push(APP))).status).toBe(204);
    });

    it("is known in its repository only, and is given up by DELETE", async () => {
      const { ask, push } = registry();
      const location = await begin(registry());
      const elsewhere = location.replace("/app/", "/app2/");
      for (const method of ["GET", "PATCH", "PUT", "DELETE"]) {
        const path = `${method} ${elsewhere}?digest=${digestOf("x")}`;
        expect((await ask(path, push("team/app2"))).codes).toEqual(["BLOB_UPLOAD_UNKNOWN"]);
      }
      expect((await ask(`DELETE ${location}`, push(APP))).status).toBe(204);
      expect((await ask(`DELETE ${location}`, push(APP))).status).toBe(404);
    });

    it("that breaks off leaves nothing when it is one request", async () => {
      await breakOff(registry(), `POST /v2/${APP}/blobs/uploads/?digest=${digestOf("half of it")}`);
      const { uploads } = world.stores();
      await eventually(() => uploads.dropOlder(new Date(Date.now() + 60_000))).toBe(0);
      expect(await exists("half of it")).toBe(false);
    });

    it("that breaks off goes on where it was when it is in pieces", async () => {
      const { ask, push } = registry();
      const location = await begin(registry());
      const status = async () => (await ask(`GET ${location}`, push(APP))).headers.range;
      await breakOff(registry(), `PATCH ${location}`, () => eventually(status).toBe("0-9"));
      const content = "half of it and the rest";
      const finish = () =>
        ask(`PUT ${location}?digest=${digestOf(content)}`, push(APP), { body: " and the rest" });
      await eventually(async () => (await finish()).status).toBe(201);
      expect(await exists(content)).toBe(true);
    });

    it("is written by one request at a time", async () => {
      const { ask, push, port } = registry();
      const location = await begin(registry());
      const headers = { authorization: basic(push(APP)), "content-length": 4 };
      const first = httpRequest({ host: "127.0.0.1", port, method: "PATCH", path: location, headers });
      first.write("01");
      await eventually(async () => (await ask(`GET ${location}`, push(APP))).headers.range).toBe("0-1");
      const second = await ask(`PATCH ${location}`, push(APP), { body: "xx" });
      expect([second.status, second.codes]).toEqual([409, ["BLOB_UPLOAD_INVALID"]]);
      const answered = new Promise<number | undefined>((resolve) => {
        first.once("response", (response) => resolve(response.resume().statusCode));
      });
      first.end("23");
      expect(await answered).toBe(202);
      expect((await ask(`PUT ${location}?digest=${digestOf("0123")}`, push(APP))).status).toBe(201);
    });

    it("of one blob by many at once makes it once", async () => {
      const content = randomBytes(300_000);
      const all = await Promise.all(Array.from({ length: 6 }, () => pushBlob(registry(), APP, content)));
      expect(new Set(all.map((one) => one.digest)).size).toBe(1);
      expect(await exists(content)).toBe(true);
    });

    it("may be a mount from a repository that the caller reads", async () => {
      const { ask, push, pull } = registry();
      const { digest } = await pushBlob(registry(), APP, "content");
      const again = await ask(`POST /v2/${APP}/blobs/uploads/?mount=${digest}&from=${APP}`, push(APP));
      expect([again.status, again.headers.location]).toEqual([201, `/v2/${APP}/blobs/${digest}`]);
      const other = "team/app2";
      const mount = `POST /v2/${other}/blobs/uploads/?mount=${digest}&from=${APP}`;
      expect((await ask(mount, push(other))).status).toBe(202);
      expect((await ask(`HEAD /v2/${other}/blobs/${digest}`, pull("team"))).status).toBe(404);
    });
  });

  describe("a manifest", () => {
    it("moves its tag, and both are there by their digests", async () => {
      const { ask, pull } = registry();
      const [first, second] = [
        await pushImage(registry(), APP, { tag: "latest" }),
        await pushImage(registry(), APP, { tag: "latest" }),
      ];
      const digestAt = async (reference: string) =>
        (await ask(`HEAD /v2/${APP}/manifests/${reference}`, pull("team"))).headers["docker-content-digest"];
      expect(await digestAt("latest")).toBe(second.digest);
      for (const { digest } of [first, second]) expect(await digestAt(digest)).toBe(digest);
    });

    it("may be pushed again, and answers where it is", async () => {
      const image = await pushImage(registry(), APP, { tag: "v1" });
      for (const reference of ["v1", image.digest]) {
        const { status, headers } = await putManifestAt(registry(), APP, reference, image.bytes);
        expect([status, headers.location]).toEqual([201, `/v2/${APP}/manifests/${reference}`]);
        expect(headers["docker-content-digest"]).toBe(image.digest);
      }
    });

    it("is refused with another digest, without its blobs, with wrong sizes and as no manifest", async () => {
      const { layer, config, bytes } = await pushImage(registry(), APP, { tag: "v1" });
      const absent = { ...layer, digest: digestOf("absent") };
      const encode = (layers: (typeof layer)[]) =>
        encodeDocument(MEDIA.manifest, makeManifest(config, layers)).bytes;
      const codeOf = async (reference: string, body: Buffer | string) =>
        (await putManifestAt(registry(), APP, reference, body)).codes[0];
      expect(await codeOf(digestOf("other"), bytes)).toBe("DIGEST_INVALID");
      expect(await codeOf("v2", encode([layer, absent]))).toBe("MANIFEST_BLOB_UNKNOWN");
      expect(await codeOf("v2", encode([{ ...layer, size: layer.size + 1 }]))).toBe("MANIFEST_INVALID");
      expect(await codeOf("v2", "{}")).toBe("MANIFEST_INVALID");
      expect(await codeOf("v2", "")).toBe("MANIFEST_INVALID");
      const { records } = world.stores();
      expect(await records.tags(repository(APP))).toEqual(["v1"]);
    });

    it("is refused when it is too large, with an answer that the client gets to read", async () => {
      const large = await putManifestAt(registry(), APP, "v1", Buffer.alloc(DOCUMENT_LIMIT + 1, " "));
      expect([large.status, large.codes]).toEqual([413, ["SIZE_INVALID"]]);
      const huge = await putManifestAt(registry(), APP, "v1", Buffer.alloc(3 * DOCUMENT_LIMIT, " "));
      expect(huge.status).toBe(413);
    });

    it("gets no tag beyond the most there may be, but moves one that is there", async () => {
      const { bytes } = await pushImage(registry(), APP);
      const tag = async (name: string) => (await putManifestAt(registry(), APP, name, bytes)).status;
      for (const name of ["1", "2", "3", "4", "5", "6"]) expect(await tag(name)).toBe(201);
      expect([await tag("7"), await tag("6")]).toEqual([403, 201]);
    });
  });
}
