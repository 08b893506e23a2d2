import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { digestOf, encodeDocument, MEDIA } from "../image/index.ts";
import type { RegistryWorld } from "./registry-access-suite.ts";
import { pushBlob, pushImage, putManifestAt } from "./registry-fixtures.ts";

/** What is read. */
export function pullTests({ registry }: RegistryWorld): void {
  it("answers the ping", async () => {
    const { status, headers, text } = await registry().ask("GET /v2/", registry().pull("team"));
    expect([status, headers["docker-distribution-api-version"], text]).toEqual([200, "registry/2.0", "{}"]);
  });

  it("serves a manifest by tag and digest, byte for byte, with its type", async () => {
    const { ask, pull } = registry();
    const image = await pushImage(registry(), "team/app", { tag: "v1" });
    for (const reference of ["v1", image.digest]) {
      const path = `/v2/team/app/manifests/${reference}`;
      const got = await ask(`GET ${path}`, pull("team"));
      const head = await ask(`HEAD ${path}`, pull("team"));
      expect(got.bytes).toEqual(image.bytes);
      expect(head.bytes).toHaveLength(0);
      for (const { status, headers } of [got, head]) {
        expect(status).toBe(200);
        expect(headers).toMatchObject({
          "content-type": MEDIA.manifest,
          "content-length": String(image.bytes.length),
          "docker-content-digest": image.digest,
        });
      }
    }
  });

  it("tells what is not there, as a document or by a status alone", async () => {
    const { ask, pull } = registry();
    const none = digestOf("nothing");
    for (const [path, code] of [
      ["/v2/team/app/manifests/none", "MANIFEST_UNKNOWN"],
      [`/v2/team/app/manifests/${none}`, "MANIFEST_UNKNOWN"],
      [`/v2/team/app/blobs/${none}`, "BLOB_UNKNOWN"],
      ["/v2/team/app/tags/list", "NAME_UNKNOWN"],
    ]) {
      const got = await ask(`GET ${path}`, pull("team"));
      expect([got.status, got.codes, got.headers["content-type"]]).toEqual([404, [code], "application/json"]);
      const head = await ask(`HEAD ${path}`, pull("team"));
      expect([head.status, head.text]).toEqual([404, ""]);
    }
  });

  it("serves no manifest as a blob, and no blob as a manifest", async () => {
    const { ask, pull } = registry();
    const { digest, config } = await pushImage(registry(), "team/app");
    expect((await ask(`GET /v2/team/app/blobs/${digest}`, pull("team"))).status).toBe(404);
    expect((await ask(`GET /v2/team/app/manifests/${config.digest}`, pull("team"))).status).toBe(404);
  });

  describe("a blob", () => {
    it("is served whole, also when it is large or empty", async () => {
      const { ask, pull } = registry();
      for (const content of [Buffer.alloc(0), randomBytes(2_500_000)]) {
        const { digest } = await pushBlob(registry(), "team/app", content);
        const got = await ask(`GET /v2/team/app/blobs/${digest}`, pull("team"));
        const head = await ask(`HEAD /v2/team/app/blobs/${digest}`, pull("team"));
        expect(got.bytes.equals(content)).toBe(true);
        for (const { headers } of [got, head])
          expect(headers).toMatchObject({
            "content-type": "application/octet-stream",
            "content-length": String(content.length),
            "docker-content-digest": digest,
            "accept-ranges": "bytes",
          });
      }
    });

    it.each([
      ["bytes=0-3", 206, "bytes 0-3/10", "0123"],
      ["bytes=7-", 206, "bytes 7-9/10", "789"],
      ["bytes=-2", 206, "bytes 8-9/10", "89"],
      ["bytes=9-1000", 206, "bytes 9-9/10", "9"],
      ["bytes=4-3", 200, undefined, "0123456789"],
      ["bytes=0-1,4-5", 200, undefined, "0123456789"],
      ["lines=1-2", 200, undefined, "0123456789"],
    ])("in part: %s", async (range, status, contentRange, text) => {
      const { ask, pull } = registry();
      const { digest } = await pushBlob(registry(), "team/app", "0123456789");
      const path = `GET /v2/team/app/blobs/${digest}`;
      const got = await ask(path, pull("team"), { headers: { range } });
      expect([got.status, got.headers["content-range"], got.text]).toEqual([status, contentRange, text]);
      expect(got.headers["content-length"]).toBe(String(text.length));
    });

    it("has nothing beyond its end", async () => {
      const { ask, pull } = registry();
      const { digest } = await pushBlob(registry(), "team/app", "0123456789");
      const got = await ask(`GET /v2/team/app/blobs/${digest}`, pull("team"), {
        headers: { range: "bytes=10-" },
      });
      expect([got.status, got.headers["content-range"]]).toEqual([416, "bytes */10"]);
    });

    it("goes on in part only if it is still the same", async () => {
      const { ask, pull } = registry();
      const { digest } = await pushBlob(registry(), "team/app", "0123456789");
      const path = `GET /v2/team/app/blobs/${digest}`;
      const more = (etag: string) => ({ headers: { range: "bytes=5-", "if-range": etag } });
      expect((await ask(path, pull("team"), more(`"${digest}"`))).text).toBe("56789");
      expect((await ask(path, pull("team"), more('"another"'))).text).toBe("0123456789");
    });
  });

  describe("tags", () => {
    it("come in order and in pages", async () => {
      const { ask, pull } = registry();
      for (const tag of ["v2", "V1", "_a", "latest"]) await pushImage(registry(), "team/app", { tag });
      const list = async (query: string) => {
        const { text, headers } = await ask(`GET /v2/team/app/tags/list${query}`, pull("team"));
        return [JSON.parse(text).tags, headers.link];
      };
      expect(await list("")).toEqual([["_a", "latest", "V1", "v2"], undefined]);
      const next = '</v2/team/app/tags/list?n=2&last=latest>; rel="next"';
      expect(await list("?n=2")).toEqual([["_a", "latest"], next]);
      expect(await list("?n=2&last=latest")).toEqual([["V1", "v2"], undefined]);
      expect(await list("?n=9&last=m")).toEqual([["V1", "v2"], undefined]);
      expect(await list("?n=0")).toEqual([[], undefined]);
      expect(await list("?last=zz")).toEqual([[], undefined]);
      expect((await ask("GET /v2/team/app/tags/list?n=-1", pull("team"))).status).toBe(400);
    });
  });

  describe("referrers", () => {
    it("are an index, filtered when asked for", async () => {
      const { ask, pull } = registry();
      const image = await pushImage(registry(), "team/app", { tag: "v1" });
      const path = `GET /v2/team/app/referrers/${image.digest}`;
      const empty = await ask(path, pull("team"));
      expect(empty.headers["content-type"]).toBe(MEDIA.index);
      expect(JSON.parse(empty.text)).toEqual({ schemaVersion: 2, mediaType: MEDIA.index, manifests: [] });
      const config = await pushBlob(registry(), "team/app", "{}", "application/vnd.oci.empty.v1+json");
      const subject = { mediaType: MEDIA.manifest, digest: image.digest, size: image.bytes.length };
      for (const artifactType of ["application/sbom", "application/signature"]) {
        const about = { artifactType, subject, annotations: { made: "today" } };
        const { bytes } = encodeDocument(MEDIA.manifest, {
          ...{ schemaVersion: 2, mediaType: MEDIA.manifest, config, layers: [] },
          ...about,
        });
        const pushed = await putManifestAt(registry(), "team/app", digestOf(bytes), bytes);
        expect([pushed.status, pushed.headers["oci-subject"]]).toEqual([201, image.digest]);
      }
      const all = JSON.parse((await ask(path, pull("team"))).text).manifests;
      expect(all).toHaveLength(2);
      expect(all[0]).toMatchObject({ mediaType: MEDIA.manifest, annotations: { made: "today" } });
      const one = await ask(`${path}?artifactType=application/sbom`, pull("team"));
      expect(one.headers["oci-filters-applied"]).toBe("artifactType");
      expect(JSON.parse(one.text).manifests).toMatchObject([{ artifactType: "application/sbom" }]);
      const third = JSON.stringify({
        schemaVersion: 2,
        mediaType: MEDIA.manifest,
        config,
        layers: [],
        subject,
      });
      expect((await putManifestAt(registry(), "team/app", "more", third)).codes).toEqual(["DENIED"]);
    });
  });
}
