import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { RegistryRequestError } from "../../registry/client/index.ts";
import { startScriptedRegistry } from "../../registry/client/scripted-registry-fixtures.ts";
import { layoutPathOf, namesOf, openNamedLayout, placesOf, withRegistryImage } from "./builder-source.ts";

const LISTED = {
  registries: [
    { host: "docker.io", url: "https://mirror.test" },
    { host: "private.test" },
    { host: "plain.test:5000", url: "http://plain.test:5000" },
  ],
};

describe("where an image is asked for", () => {
  test.each([
    ["quay.io", false, [["https://quay.io", false]]],
    ["quay.io", true, [["https://quay.io", true]]],
    [
      "docker.io",
      false,
      [
        ["https://mirror.test", true],
        ["https://registry-1.docker.io", true],
      ],
    ],
    ["private.test", false, [["https://private.test", true]]],
    ["plain.test:5000", false, [["http://plain.test:5000", true]]],
  ])("%s, named by the operator: %s", (registry, trusted, places) => {
    const found = placesOf(registry, LISTED, trusted).map(({ url, anyAddress }) => [url, anyAddress]);
    expect(found).toEqual(places);
  });

  it("is the mirror, and the registry itself when the mirror has it not or is away", async () => {
    const registry = await startScriptedRegistry(() => ({ status: 404 }));
    const access = {
      ...{ trusted: true, signal: new AbortController().signal, client: { persistence: { tries: 1 } } },
      registries: [
        { host: "acme.test", url: "http://127.0.0.1:1" },
        { host: "acme.test", url: registry.url },
      ],
    };
    const asked: string[] = [];
    const reference = { registry: "acme.test", repository: "acme/builder", tag: "1" };
    const work = withRegistryImage(reference, access, async (origin) => {
      asked.push("asked");
      if (asked.length === 3) return "found";
      return (await origin.document()) && "found";
    });
    expect(await work).toBe("found");
    expect(registry.arrived.map(({ what }) => what)).toEqual(["GET /v2/acme/builder/manifests/1"]);
    await registry.stop();
  });

  it("tells what the last place said", async () => {
    const registry = await startScriptedRegistry(() => ({ status: 403 }));
    const access = {
      ...{ trusted: false, signal: new AbortController().signal, client: { persistence: { tries: 1 } } },
      registries: [{ host: registry.url.slice("http://".length), url: registry.url }],
    };
    const reference = { registry: registry.url.slice("http://".length), repository: "a", tag: "1" };
    const asking = withRegistryImage(reference, access, (origin) => origin.document());
    await expect(asking).rejects.toThrow(RegistryRequestError);
    await registry.stop();
  });
});

describe("an operator's folder", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "named-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("that is not there, or is no layout, is told", async () => {
    await expect(openNamedLayout(join(folder, "x"), join(folder, "y"))).rejects.toThrow("/x is not there");
    await expect(openNamedLayout(folder, join(folder, "y"))).rejects.toThrow(
      "no OCI layout: it has no index.json",
    );
    expect(await readdir(folder)).toEqual([]);
  });
});

test.each([
  ["heroku/heroku:24", "index.docker.io/heroku/heroku/24"],
  ["docker.io/acme/run", "index.docker.io/acme/run/latest"],
  ["ubuntu", "index.docker.io/library/ubuntu/latest"],
  [`registry.test:5000/run@sha256:${"a".repeat(64)}`, `registry.test:5000/run/sha256/${"a".repeat(64)}`],
])("the layout of %s stands in %s", (image, path) => {
  expect(layoutPathOf(image)).toBe(path);
});

test("a layout may hold an image under its short name or its full one", () => {
  expect(namesOf("heroku/heroku:24")).toEqual(["heroku/heroku:24", "docker.io/heroku/heroku:24"]);
});
