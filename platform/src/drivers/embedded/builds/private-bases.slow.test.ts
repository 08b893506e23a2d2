import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect, never, specOf } from "../../../delivery/build/builder-suite.ts";
import type { BuildResult } from "../../../delivery/build/index.ts";
import { type PrivateRegistry, startPrivateRegistry } from "../../buildah/builds/private-base-fixtures.ts";
import { findTool } from "../images/image-tools-fixtures.ts";
import { type BuildBench, makeBuildBench, makeSandboxedRunner } from "./build-fixtures.ts";
import { startEmbeddedBuilder } from "./embedded-builder.ts";

/** Base images that are not for everybody, with a password that must be found nowhere afterwards. */

const missing =
  findTool("buildah", ["buildah", "busybox-static"]) ??
  (existsSync("/bin/busybox") ? undefined : "needs busybox");
const isRoot = process.getuid?.() === 0;
const why = missing ?? (isRoot ? undefined : "steps with RUN need root");

const canary = `canary-${randomBytes(12).toString("hex")}`;
const forms = [canary, Buffer.from(`operator:${canary}`).toString("base64")];

/** Looks for the password wherever a step can look, and around the folder that it is kept in. */
const LOOK = `
for path in $(find / -xdev -type f 2>/dev/null); do cat $path 2>/dev/null; done | grep -c operator-canary
cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\\0' '\\n'
find /proc/*/root/build /build /run /tmp -name '*login*' -o -name 'auth.json' 2>/dev/null
cat /proc/*/root/build/logins.json 2>/dev/null
cat /proc/self/mountinfo
`;

describe.skipIf(why)(`private base images${why ? ` (${why})` : ""}`, () => {
  let registry: PrivateRegistry;
  let bench: BuildBench;
  let started: Awaited<ReturnType<typeof startEmbeddedBuilder>>;
  let credentials: PrivateRegistry["access"]["credentials"] | undefined;
  beforeAll(async () => {
    registry = await startPrivateRegistry(canary);
    credentials = registry.access.credentials;
    // The registry is on loopback.
    bench = await makeBuildBench((home) => makeSandboxedRunner(home, "machine"));
    const { machine } = bench.options;
    const registries = {
      registries: registry.access.registries,
      get credentials() {
        return credentials;
      },
    };
    started = await startEmbeddedBuilder({ ...bench.options, machine: { ...machine, registries } });
  });
  afterAll(async () => {
    await started.stop();
    await registry.stop();
    await bench.dispose();
  });
  const build = async (dockerfile: string, appId?: string) => {
    const spec = specOf(await bench.addSource({ Dockerfile: dockerfile, look: LOOK }), {
      ...{ stack: "container", timeoutSeconds: 120 },
      ...(appId ? { appId } : {}),
    });
    const { text, results } = await collect(started.builder.build(spec, never()));
    return { text, result: results[0] as BuildResult, spec };
  };

  it("are pulled with the operator's login, which no step, image, layer or line of output holds", async () => {
    const lines = [`FROM ${registry.image}`, "COPY look /look", "RUN sh /look >/found 2>&1; cat /found"];
    const { text, result, spec } = await build(lines.join("\n"));
    if (result.kind !== "succeeded") throw new Error(text);
    expect(text).toContain(" / / ");
    for (const form of forms) expect(text).not.toContain(form);
    const again = await build(lines.join("\n"), spec.appId);
    expect(again.text).toContain("Using cache");
    expect(again.result.kind).toBe("succeeded");
  });

  it("are told with what to do where a login is refused, and where there is none", async () => {
    const message = async (login: typeof credentials) => {
      credentials = login;
      const { result } = await build(`FROM ${registry.image}\n`);
      return result.kind === "failed" ? result.message : result.kind;
    };
    const old = new Map([[registry.host, { username: "operator", password: "old" }]]);
    expect(await message(old)).toMatch(/refuses the operator's login.*CONIFER_PULL_CREDENTIALS\.$/);
    expect(await message(undefined)).toMatch(/to nobody without a login.*CONIFER_PULL_CREDENTIALS\.$/);
  });

  it("leave no trace of the login on disk", async () => {
    await started.stop();
    expect(await filesWith(bench.home, [registry.image])).not.toEqual([]);
    expect(await filesWith(bench.home, forms)).toEqual([]);
  });
});

/** Files below a folder that hold one of the texts. */
async function filesWith(folder: string, texts: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    if (texts.some((text) => bytes.includes(text))) found.push(path);
  }
  return found;
}
