import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ManagerKind } from "./choose-packager.ts";
import { managerVariables, withHeap } from "./packager-environment.ts";

const PLACES = { cache: "/layers/cache", node: "/layers/toolchain" };
const of = (
  kind: ManagerKind,
  version: string,
  env: Readonly<Record<string, string>> = {},
  globalCache?: boolean,
) => managerVariables({ kind, version }, env, { ...PLACES, globalCache });

describe("what a package manager is told", () => {
  it.each<[ManagerKind, string, string]>([
    ["npm", "11.6.2", "npm_config_cache"],
    ["pnpm", "10.34.9", "npm_config_store_dir"],
    ["pnpm", "11.28.11", "pnpm_config_store_dir"],
    ["yarn", "1.22.22", "YARN_CACHE_FOLDER"],
    ["berry", "4.18.1", "YARN_GLOBAL_FOLDER"],
  ])("%s %s keeps downloads by %s", (kind, version, name) => {
    expect(of(kind, version)[name]).toBe("/layers/cache");
  });

  it.each<[ManagerKind, string, string]>([
    ["npm", "11.6.2", "npm_package_config_node_gyp_nodedir"],
    ["npm", "9.9.4", "npm_config_nodedir"],
    ["pnpm", "10.34.9", "npm_config_nodedir"],
    ["yarn", "1.22.22", "npm_config_nodedir"],
    ["berry", "4.18.1", "npm_config_nodedir"],
  ])("%s %s finds headers by %s", (kind, version, name) => {
    expect(of(kind, version)[name]).toBe("/layers/toolchain");
  });

  it("npm from line 11 on gets no setting that it warns of", () => {
    expect(of("npm", "11.6.2")).not.toHaveProperty("npm_config_nodedir");
  });

  it("the operator's registry and certificates reach each", () => {
    const env = { npm_config_registry: "https://mirror.test/npm/", npm_config_cafile: "/ca.pem" };
    expect(of("pnpm", "10.34.9", env)).toMatchObject({
      npm_config_registry: "https://mirror.test/npm/",
      npm_config_cafile: "/ca.pem",
    });
    expect(of("pnpm", "11.1.0", env)).toMatchObject({ pnpm_config_registry: "https://mirror.test/npm/" });
    expect(of("berry", "4.18.1", env)).toMatchObject({
      YARN_NPM_REGISTRY_SERVER: "https://mirror.test/npm",
      YARN_HTTPS_CA_FILE_PATH: "/ca.pem",
    });
    expect(of("berry", "4.18.1", env)).not.toHaveProperty("YARN_UNSAFE_HTTP_WHITELIST");
    expect(of("berry", "4.18.1", { npm_config_registry: "http://mirror.test:4873" })).toMatchObject({
      YARN_UNSAFE_HTTP_WHITELIST: "mirror.test",
    });
    expect(of("berry", "4.18.1", { HTTPS_PROXY: "http://proxy.test:3128" })).toMatchObject({
      YARN_HTTPS_PROXY: "http://proxy.test:3128",
    });
  });

  it.each([
    ["3.8.7", "YARN_CA_FILE_PATH", "YARN_HTTPS_CA_FILE_PATH"],
    ["4.0.2", "YARN_HTTPS_CA_FILE_PATH", "YARN_CA_FILE_PATH"],
  ])("Yarn %s is told of certificates by %s alone", (version, name, unknown) => {
    const given = of("berry", version, { npm_config_cafile: "/ca.pem" });
    expect(given).toHaveProperty(name, "/ca.pem");
    expect(given).not.toHaveProperty(unknown);
  });

  it.each([
    [true, "1"],
    [false, "0"],
    [undefined, undefined],
  ])("Yarn keeps archives outside the app: %s", (globalCache, value) => {
    expect(of("berry", "4.18.1", {}, globalCache).YARN_ENABLE_GLOBAL_CACHE).toBe(value);
  });

  it("nobody is asked for another version of the manager", () => {
    expect(of("pnpm", "9.1.0").npm_config_manage_package_manager_versions).toBe("false");
    expect(of("pnpm", "11.1.0").pnpm_config_pm_on_fail).toBe("ignore");
    expect(of("yarn", "1.22.22").SKIP_YARN_COREPACK_CHECK).toBe("1");
    expect(of("berry", "4.18.1").YARN_IGNORE_PATH).toBe("1");
  });
});

describe("the heap of scripts", () => {
  const MB = 1024 ** 2;
  it.each([
    [undefined, 1024 * MB, "--max-old-space-size=768"],
    ["", 2048 * MB, "--max-old-space-size=1536"],
    [undefined, 64 * 1024 * MB, "--max-old-space-size=4096"],
    ["--no-warnings", 1024 * MB, "--no-warnings --max-old-space-size=768"],
    ["--max-old-space-size=300", 1024 * MB, "--max-old-space-size=300"],
    ["--max_old_space_size=300 -r x", 1024 * MB, "--max_old_space_size=300 -r x"],
  ])("with NODE_OPTIONS %j and %i bytes", (options, memory, expected) => {
    expect(withHeap(options, memory)).toBe(expected);
  });

  it("is never more than the memory, nor than V8's own most", () => {
    fc.assert(
      fc.property(fc.integer({ min: 16, max: 1 << 20 }), (megabytes) => {
        const heap = Number(withHeap(undefined, megabytes * MB)?.split("=")[1]);
        expect(heap).toBeLessThanOrEqual(Math.min(4096, megabytes));
        expect(heap).toBeGreaterThan(0);
      }),
    );
  });
});
