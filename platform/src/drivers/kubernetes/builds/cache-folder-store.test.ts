import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeDocument, MEDIA, makeManifest } from "../../../delivery/image/index.ts";
import { makeFakeRegistryStores } from "../../../delivery/registry/registry-fake.ts";
import { startTestRegistry, type TestRegistry } from "../../../delivery/registry/registry-fixtures.ts";
import { makeRegistryClient, type RegistryClient } from "../../registry/client/index.ts";
import { BUILDER_CACHE_TAG } from "./build-task.ts";
import { fetchCacheFolder, keepCacheFolder } from "./cache-folder-store.ts";
import { forgetCaches } from "./cache-image-store.ts";

const REPOSITORY = "common/one-app";
const AT = { repository: REPOSITORY, maker: "acme.test/builder", limitBytes: 1_000 };

let home: string;
let registry: TestRegistry;
let client: RegistryClient;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "cache-"));
  registry = await startTestRegistry(makeFakeRegistryStores());
  const login = registry.push(REPOSITORY);
  client = makeRegistryClient({ url: `http://127.0.0.1:${registry.port}`, login, persistence: { tries: 1 } });
  await mkdir(join(home, "left/committed"), { recursive: true });
  await mkdir(join(home, "found"));
  await writeFile(join(home, "left/committed/layer.tar"), "one", { mode: 0o600 });
  await writeFile(join(home, "left/committed/metadata"), "{}");
});
afterEach(async () => {
  await client.close();
  await registry.registry.stop();
  await rm(home, { recursive: true, force: true });
});

const keep = (more: Partial<typeof AT> = {}) =>
  keepCacheFolder(join(home, "left"), { ...AT, ...more }, client);
const fetchInto = async (more: Partial<typeof AT> = {}) => {
  await fetchCacheFolder(join(home, "found"), { ...AT, ...more }, client);
  return await readdir(join(home, "found"), { recursive: true });
};

describe("the cache of a builder of others", () => {
  it("comes back as it was left, file by file", async () => {
    expect(await fetchInto()).toEqual([]);
    await keep();
    expect((await fetchInto()).sort()).toEqual(["committed", "committed/layer.tar", "committed/metadata"]);
    expect(await readFile(join(home, "found/committed/layer.tar"), "utf8")).toBe("one");
    expect((await stat(join(home, "found/committed/layer.tar"))).mode & 0o777).toBe(0o600);
  });

  it("is nothing to another builder, and gone when it is cleared", async () => {
    await keep();
    expect(await fetchInto({ maker: "other.test/builder" })).toEqual([]);
    await forgetCaches(REPOSITORY, client);
    expect(await fetchInto()).toEqual([]);
  });

  it("stays as it was when what is left cannot be kept", async () => {
    await keep();
    await writeFile(join(home, "left/committed/layer.tar"), "two");
    await keep({ limitBytes: 3 });
    await symlink("/etc/passwd", join(home, "left/link"));
    await keep();
    await fetchInto();
    expect(await readFile(join(home, "found/committed/layer.tar"), "utf8")).toBe("one");
  });

  it("that is too large to come, or broken, is left away whole", async () => {
    await keep();
    expect(await fetchInto({ limitBytes: 3 })).toEqual([]);
    const files = [
      { path: "good", mode: 0o644 },
      { path: "../../out", mode: 0o644 },
    ];
    const config = encodeDocument("application/vnd.conifer.cache-folder.v1+json", { maker: AT.maker, files });
    await client.pushBlob(REPOSITORY, {
      ...config.descriptor,
      open: async function* () {
        yield config.bytes;
      },
    });
    const layers = [config.descriptor, config.descriptor];
    const { bytes } = encodeDocument(MEDIA.manifest, makeManifest(config.descriptor, layers));
    await client.pushManifest(REPOSITORY, BUILDER_CACHE_TAG, { mediaType: MEDIA.manifest, bytes });
    expect(await fetchInto()).toEqual([]);
    expect(existsSync(join(home, "../out"))).toBe(false);
  });
});
