import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { digestOf } from "../image/index.ts";
import type { RegistryLimits } from "./registry-call.ts";
import { makeFakeRegistryStores } from "./registry-fake.ts";
import {
  pushBlob,
  pushImage,
  putManifestAt,
  startTestRegistry,
  type TestRegistry,
} from "./registry-fixtures.ts";
import { makeSpaceUsage } from "./space-usage.ts";
import { warning } from "./warning-header.ts";

const APP = "team/app";
let registry: TestRegistry;
afterEach(() => registry?.registry.stop());

async function start(repositoryBytes?: number, limits: Partial<RegistryLimits> = {}) {
  const stores = makeFakeRegistryStores();
  registry = await startTestRegistry(stores, {
    ...limits,
    ...(repositoryBytes === undefined ? {} : { repositoryBytes }),
  });
  return stores;
}

const single = (body: string, name = APP) =>
  registry.ask(`POST /v2/${name}/blobs/uploads/?digest=${digestOf(body)}`, registry.push(name), { body });

describe("a repository with a bound", () => {
  test("takes what fits, refuses more with DENIED, and says what to do", async () => {
    await start(1_000);
    expect((await single("x".repeat(1_000))).status).toBe(201);
    const { status, codes, text } = await single("y");
    expect([status, codes]).toEqual([403, ["DENIED"]]);
    expect(JSON.parse(text).errors[0].message).toBe(
      "the repository holds 1000 bytes and may hold 1000 bytes, so 1 bytes more are not taken; delete what is not needed, " +
        "or have the operator raise CONIFER_REGISTRY_QUOTA",
    );
    expect((await single("y", "team/other")).status).toBe(201);
  });

  test("takes again what it holds, and takes more once something is deleted", async () => {
    await start(1_000);
    const content = "x".repeat(990);
    await single(content);
    const mounted = `POST /v2/${APP}/blobs/uploads/?mount=${digestOf(content)}&from=${APP}`;
    expect((await registry.ask(mounted, registry.push(APP))).status).toBe(201);
    expect((await single("y".repeat(11))).status).toBe(403);
    const path = `DELETE /v2/${APP}/blobs/${digestOf(content)}`;
    expect((await registry.ask(path, registry.role("manager", APP))).status).toBe(202);
    expect((await single("y".repeat(11))).status).toBe(201);
  });

  test("counts pieces before they come, and those whose size is not told when they are there", async () => {
    const { content, records } = await start(100);
    const { headers } = await registry.ask(`POST /v2/${APP}/blobs/uploads/`, registry.push(APP));
    const piece = (body: string, chunked = false) =>
      registry.ask(`PATCH ${headers.location}`, registry.push(APP), {
        ...{ body, headers: chunked ? { "transfer-encoding": "chunked" } : {} },
      });
    expect((await piece("x".repeat(60))).status).toBe(202);
    expect((await piece("x".repeat(41))).codes).toEqual(["DENIED"]);
    expect((await piece("x".repeat(41), true)).status).toBe(202);
    const whole = "x".repeat(101);
    const put = await registry.ask(`PUT ${headers.location}?digest=${digestOf(whole)}`, registry.push(APP));
    expect([put.status, put.codes]).toEqual([403, ["DENIED"]]);
    expect(await records.holdsBlob({ space: "team", name: "app" }, digestOf(whole))).toBe(false);
    expect(await content.has(digestOf(whole))).toBe(true);
  });

  test("counts what is mounted, and manifests", async () => {
    await start(2_000);
    const { digest } = await pushBlob(registry, "conifer/run", "r".repeat(1_999));
    const mount = () =>
      registry.ask(`POST /v2/${APP}/blobs/uploads/?mount=${digest}&from=conifer/run`, registry.push(APP));
    expect((await mount()).status).toBe(201);
    expect((await single("z")).status).toBe(201);
    const empty = JSON.stringify({ schemaVersion: 2, manifests: [] });
    const more = { body: empty, headers: { "content-type": "application/vnd.oci.image.index.v1+json" } };
    expect((await registry.ask(`PUT /v2/${APP}/manifests/i`, registry.push(APP), more)).codes).toEqual([
      "DENIED",
    ]);
  });

  test("is not passed by many pushes at once", async () => {
    const { content, records } = await start(1_000);
    await Promise.all(Array.from({ length: 20 }, (_, n) => single(String(n).padStart(100, "-"))));
    let held = 0;
    for await (const digest of records.blobs({ space: "team", name: "app" }))
      held += await content.weigh(digest);
    expect(held).toBe(1_000);
  });
});

describe("a space with a bound", () => {
  const OTHER = "team/other";
  const startSpace = (most: number) =>
    start(undefined, { spaceBytes: (space) => (space === "team" || space === "conifer" ? most : undefined) });
  const mountTo = (to: string, digest: string, from: string) =>
    registry.ask(`POST /v2/${to}/blobs/uploads/?mount=${digest}&from=${from}`, registry.role("manager", to));

  test("takes what fits over all its repositories, refuses more with DENIED, and says what to do", async () => {
    await startSpace(1_000);
    expect((await single("x".repeat(600))).status).toBe(201);
    expect((await single("y".repeat(400), OTHER)).status).toBe(201);
    for (const name of [APP, OTHER, "team/third"]) {
      const { status, codes, text } = await single("z", name);
      expect([status, codes]).toEqual([403, ["DENIED"]]);
      expect(JSON.parse(text).errors[0].message).toBe(
        "the space holds 1000 bytes and may hold 1000 bytes, so 1 bytes more are not taken; delete what is not needed, " +
          "or have the operator raise CONIFER_REGISTRY_SPACE_QUOTA",
      );
    }
    expect((await single("z".repeat(2_000), "team2/app")).status).toBe(201);
  });

  test("counts what several of its repositories hold once", async () => {
    await startSpace(1_000);
    const content = "x".repeat(900);
    for (const name of [APP, OTHER]) expect((await single(content, name)).status).toBe(201);
    expect((await mountTo("team/third", digestOf(content), "team/third")).status).toBe(202);
    expect((await single("y".repeat(100))).status).toBe(201);
    expect((await single("z")).status).toBe(403);
    expect((await single("y".repeat(100), OTHER)).status).toBe(201);
  });

  test("takes more once something is deleted from the last repository that held it", async () => {
    await startSpace(1_000);
    const content = "x".repeat(1_000);
    for (const name of [APP, OTHER]) await single(content, name);
    const drop = (name: string) =>
      registry.ask(`DELETE /v2/${name}/blobs/${digestOf(content)}`, registry.role("manager", name));
    expect((await drop(APP)).status).toBe(202);
    expect((await single("y")).status).toBe(403);
    expect((await drop(OTHER)).status).toBe(202);
    expect((await single("y")).status).toBe(201);
  });

  test("counts pieces before they come, and manifests", async () => {
    await startSpace(600);
    const { headers } = await registry.ask(`POST /v2/${APP}/blobs/uploads/`, registry.push(APP));
    const piece = (body: string) => registry.ask(`PATCH ${headers.location}`, registry.push(APP), { body });
    expect((await piece("x".repeat(400))).status).toBe(202);
    expect((await piece("x".repeat(201))).codes).toEqual(["DENIED"]);
    await single("y".repeat(600), OTHER);
    const more = {
      body: JSON.stringify({ schemaVersion: 2, manifests: [] }),
      headers: { "content-type": "application/vnd.oci.image.index.v1+json" },
    };
    const put = await registry.ask(`PUT /v2/${APP}/manifests/i`, registry.push(APP), more);
    expect(put.codes).toEqual(["DENIED"]);
  });

  test("warns from nine tenths on", async () => {
    await startSpace(1_000);
    await single("x".repeat(700), OTHER);
    const { headers } = await pushedManifest();
    expect(headers.warning).toMatch(/^299 - "This space holds 9\d % of the 1000 bytes it may hold\."$/);
  });

  test("is not passed by many pushes to many repositories at once", async () => {
    const { content, records } = await startSpace(1_000);
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => single(String(n).padStart(100, "-"), `team/app${n % 4}`)),
    );
    let held = 0;
    for await (const one of records.repositories("team"))
      for await (const digest of records.blobs(one)) held += await content.weigh(digest);
    expect(held).toBe(1_000);
  });

  test("is not the platform's own", async () => {
    await startSpace(1);
    expect((await single("x".repeat(100), "conifer/run")).status).toBe(201);
  });

  test("learns within a minute of what others add", async () => {
    let ahead = 0;
    const stores = makeFakeRegistryStores();
    const usage = makeSpaceUsage({ ...stores, now: () => new Date(Date.now() + ahead) });
    expect(await usage.bytes("team")).toBe(0);
    const { digest } = await stores.content.write(Buffer.from("12345"));
    await stores.records.holdBlob({ space: "team", name: "app" }, digest);
    expect(await usage.bytes("team")).toBe(0);
    ahead = 61_000;
    expect(await usage.bytes("team")).toBe(5);
    expect(await usage.moreWith("team", digest, 5)).toBe(0);
  });

  /** An image index of 250 bytes. */
  function pushedManifest() {
    const index = { schemaVersion: 2, manifests: [], annotations: { filler: "" } };
    index.annotations.filler = "-".repeat(250 - JSON.stringify(index).length);
    const headers = { "content-type": "application/vnd.oci.image.index.v1+json" };
    const more = { body: JSON.stringify(index), headers };
    return registry.ask(`PUT /v2/${APP}/manifests/i`, registry.push(APP), more);
  }
});

test("without a bound nothing is counted or refused", async () => {
  const stores = await start();
  stores.content.weigh = () => Promise.reject(new Error("counted"));
  const { bytes } = await pushImage(registry, APP, { tag: "v1" });
  expect((await putManifestAt(registry, APP, "v1", bytes)).headers.warning).toBeUndefined();
});

test("a warning's text cannot break out of it, and stays short", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 6_000 }), (text) => {
      const header = warning(text);
      expect(header).toMatch(/^299 - "[\x20-\x21\x23-\x5b\x5d-\x7e]*"$/);
      expect(header.length).toBeLessThanOrEqual(4_096);
    }),
  );
});
