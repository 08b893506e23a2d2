import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { builderSuite, collect, listen, never, specOf } from "../../../delivery/build/builder-suite.ts";
import type { BuildResult, BuildSpec } from "../../../delivery/build/index.ts";
import { readImageDocuments } from "../../../delivery/image/index.ts";
import { type BuildBench, makeBuildBench, makePlainRunner, startBuilderBench } from "./build-fixtures.ts";
import { startEmbeddedBuilder } from "./embedded-builder.ts";

type Started = Awaited<ReturnType<typeof startEmbeddedBuilder>>;

builderSuite("embedded, without a sandbox", () => startBuilderBench(makePlainRunner, "sleep 600"));

describe("builds on this machine", () => {
  let bench: BuildBench;
  let started: Started;
  beforeEach(async () => {
    bench = await makeBuildBench(makePlainRunner);
    started = await startEmbeddedBuilder(bench.options);
  });
  afterEach(async () => {
    await started.stop();
    await bench.dispose();
  });
  const run = async (files: Record<string, string>, more: Partial<BuildSpec> = {}) => {
    const spec = specOf(await bench.addSource(files), more);
    const { text, results } = await collect(started.builder.build(spec, never()));
    return { text, result: results[0] as BuildResult };
  };

  it("gives buildpacks the app's variables and the source's version", async () => {
    const page = 'printf "%s %s %s" "$GREETING" "$SOURCE_VERSION" "$CONIFER_RUNTIME_SOURCES" > page';
    const { text, result } = await run({ do: `${page}; cat page; echo` }, { env: { GREETING: "good day" } });
    expect(result.kind).toBe("succeeded");
    expect(text).toContain("good day 0123abc official registry\n");
  });

  it("does as project.toml says: variables, and files left out", async () => {
    const { text, result } = await run({
      do: 'ls; echo "$FLAVOR"',
      page: "hello",
      "notes/secret.txt": "x",
      "project.toml":
        '[_]\nschema-version = "0.2"\n[io.buildpacks]\nexclude = ["notes/"]\n' +
        '[[io.buildpacks.build.env]]\nname = "FLAVOR"\nvalue = "pine"\n',
    });
    expect(result.kind).toBe("succeeded");
    expect(text).toContain("do\npage\nproject.toml\npine\n");
  });

  it("fails a source that nothing takes, and says what was looked for", async () => {
    const { text, result } = await run({ "index.cobol": "" });
    expect(result).toMatchObject({ kind: "failed", exitCode: 20 });
    expect(text).toContain("looked for a file named do");
  });

  it("fails a source whose project.toml names a buildpack that is not there", async () => {
    const project = '[[io.buildpacks.group]]\nid = "acme/cobol"\n';
    const { result } = await run({ do: ":", "project.toml": project });
    expect(result).toMatchObject({ kind: "failed", message: expect.stringContaining("acme/cobol") });
  });

  it("stops a build that takes too long", async () => {
    const { result } = await run({ do: "sleep 600" }, { timeoutSeconds: 1 });
    expect(result).toMatchObject({
      kind: "failed",
      exitCode: 124,
      message: expect.stringContaining("1 second"),
    });
  });

  it("uses layers of the previous image, whose content the build never sees", async () => {
    const appId = "app-one";
    const first = await run({ do: ":", page: "one" }, { appId });
    if (first.result.kind !== "succeeded") throw new Error(first.text);
    const before = first.result.image.digest;
    const second = await run({ do: ":", page: "two" }, { appId, previousImage: before });
    if (second.result.kind !== "succeeded") throw new Error(second.text);
    // Without a sandbox each build has paths of its own, so that only the launcher stays the same.
    expect(second.text).toContain("1 layer used again, 2 layers added");
    const layersOf = async (digest: string) =>
      (await readImageDocuments(bench.images, digest)).manifest.layers.map((layer) => layer.digest);
    const [old, now] = [await layersOf(before), await layersOf(second.result.image.digest)];
    expect(now.filter((digest) => old.includes(digest))).toHaveLength(1);
  });

  it("keeps nothing of a build but its output and result", async () => {
    await run({ do: ":", page: "hello" });
    await started.stop();
    const [id = ""] = await readdir(bench.options.folder);
    expect((await readdir(join(bench.options.folder, id))).sort()).toEqual(["output.log", "result.json"]);
  });

  it("ends builds as lost when it is stopped, and builds them when asked again", async () => {
    const marker = join(bench.home, "again");
    const spec = specOf(await bench.addSource({ do: `[ -e ${marker} ] || sleep 600`, page: "x" }));
    const listening = listen(started.builder, spec);
    await listening.said("begun\n");
    await started.stop();
    expect(await listening.ended).toMatchObject({ kind: "lost" });
    await writeFile(marker, "");
    started = await startEmbeddedBuilder(bench.options);
    const { results } = await collect(started.builder.build(spec, never()));
    expect(results).toMatchObject([{ kind: "succeeded" }]);
  });

  it("removes what a killed process has left, and saves the cache from it", async () => {
    const left = join(bench.options.folder, "left");
    await mkdir(join(left, "layers", ".cache"), { recursive: true });
    await writeFile(join(left, "layers", ".cache", "layers.json"), "{}");
    await writeFile(join(left, "app"), "app-two");
    await (await startEmbeddedBuilder(bench.options)).stop();
    expect(existsSync(left)).toBe(false);
    expect(existsSync(join(bench.options.machine.cacheRoot, "app-two", "layers.json"))).toBe(true);
    await started.builder.clearCache("app-two");
    expect(existsSync(join(bench.options.machine.cacheRoot, "app-two"))).toBe(false);
  });

  it("empties a cache that has grown too large, and says so in the next build", async () => {
    await started.stop();
    started = await startEmbeddedBuilder({
      ...bench.options,
      cacheBounds: { ...bench.options.cacheBounds, eachBytes: 1 },
    });
    const appId = "app-large";
    await run({ do: ":", page: "one" }, { appId });
    // What comes after the result is over once the builder has stopped.
    await started.stop();
    expect(existsSync(join(bench.options.machine.cacheRoot, appId))).toBe(false);
    started = await startEmbeddedBuilder(bench.options);
    const { text, result } = await run({ do: ":", page: "two" }, { appId });
    expect(result.kind).toBe("succeeded");
    expect(text).toContain("more than an app may keep, and was emptied\n");
  });

  it("lets another owner's build go before a second one of the same", async () => {
    await started.stop();
    started = await startEmbeddedBuilder({ ...bench.options, atOnce: 1 });
    const order: string[] = [];
    const push = async (name: string, ownerId: string, script: string) => {
      const spec = specOf(await bench.addSource({ do: script, page: name }), { ownerId });
      const listening = listen(started.builder, spec);
      void listening.ended.then(() => order.push(name));
      return { ...listening, spec };
    };
    const first = await push("first", "a", "sleep 600");
    await first.said("begun\n");
    const second = await push("second", "a", ":");
    await second.said("Waiting");
    const other = await push("other", "b", ":");
    await other.said("Waiting");
    await started.builder.cancel(first.spec.id);
    await Promise.all([second.ended, other.ended]);
    expect(order).toEqual(["first", "other", "second"]);
  });

  it("lets no more builds run at once than allowed", async () => {
    await started.stop();
    started = await startEmbeddedBuilder({ ...bench.options, atOnce: 1 });
    const endless = specOf(await bench.addSource({ do: "sleep 600" }));
    const first = listen(started.builder, endless);
    await first.said("begun\n");
    const second = listen(started.builder, specOf(await bench.addSource({ do: ":", page: "x" })));
    await second.said("Waiting for a build that runs on this machine");
    const third = specOf(await bench.addSource({ do: "exit 1" }));
    const waiting = listen(started.builder, third);
    await waiting.said("1 before this one");
    await started.builder.cancel(third.id);
    expect(await waiting.ended).toEqual({ kind: "cancelled" });
    await started.builder.cancel(endless.id);
    expect(await second.ended).toMatchObject({ kind: "succeeded" });
  });
});
