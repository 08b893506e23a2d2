import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collect, never, specOf } from "../../../delivery/build/builder-suite.ts";
import { parseIndex, readImageDocuments } from "../../../delivery/image/index.ts";
import { invalidParams } from "../../../kernel/index.ts";
import { type Architecture, makeHostRunImage } from "../../cnb/builds/index.ts";
import { type BuildBench, HOST, makeBuildBench, makePlainRunner } from "./build-fixtures.ts";
import type { BuildMachine } from "./build-machine.ts";
import type { BuilderShelf, ShelvedBuilder } from "./builder-shelf.ts";
import { type EmbeddedBuilderOptions, startEmbeddedBuilder } from "./embedded-builder.ts";
import type { PhaseJob, PhaseRunner } from "./phase-runner.ts";

const OWN = HOST.architecture;
const OTHER: Architecture = OWN === "amd64" ? "arm64" : "amd64";
const BOTH = '[dev.conifer]\narchitectures = ["amd64", "arm64"]\n';

let bench: BuildBench;
let jobs: PhaseJob[];
let given: string[];
const stops: (() => Promise<void>)[] = [];
beforeEach(async () => {
  jobs = [];
  given = [];
  bench = await makeBuildBench(makePlainRunner);
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await bench.dispose();
});

/** A shelf whose builder for other processors is this machine's files, and images of it are said to be for those. */
function shelfOf(machine: BuildMachine): BuilderShelf {
  const other = {
    facts: { user: { uid: 1000, gid: 1000 }, platformApi: "0.15", env: {} },
    ...{ root: "/", home: "/", image: "test/builder@sha256:1", cacheMaker: "other" },
    runImage: makeHostRunImage({ ...HOST, architecture: OTHER }),
    ...{ buildpacks: machine.buildpacks, order: machine.order },
    giveBack: () => void given.push("back"),
  } as unknown as ShelvedBuilder;
  return {
    take: async (named, { architecture, own }) => {
      if (architecture === OTHER) given.push(`${named ?? "usual"}${own ? " own" : ""}`);
      return architecture === OTHER ? other : undefined;
    },
    tidy: async () => {},
  };
}

/** What a builder image has of its own. */
function withPrograms(runner: PhaseRunner, machine: BuildMachine): PhaseRunner {
  const programs = [
    { source: machine.lifecycle, target: "/cnb/lifecycle", writable: false },
    { source: machine.buildpacksFolder, target: "/cnb/buildpacks", writable: false },
  ];
  return {
    ...runner,
    run: (job, signal) => {
      jobs.push(job);
      return runner.run(job.root ? { ...job, binds: [...job.binds, ...programs] } : job, signal);
    },
  };
}

async function start(more: Partial<BuildMachine> = {}, options: Partial<EmbeddedBuilderOptions> = {}) {
  const { machine } = bench.options;
  const { builder, stop } = await startEmbeddedBuilder({
    ...bench.options,
    ...options,
    machine: {
      ...machine,
      ...{ shelf: shelfOf(machine), runner: withPrograms(machine.runner, machine) },
      requireEmulated: async () => {},
      ...more,
    },
  });
  stops.push(stop);
  return builder;
}

async function build(files: Readonly<Record<string, string>>, more: Partial<BuildMachine> = {}) {
  const builder = await start(more);
  const spec = specOf(await bench.addSource(files));
  const { text, results } = await collect(builder.build(spec, never()));
  return { text, result: results[0], builder, spec };
}

describe("a source that wants images for both kinds of processors", () => {
  it("gets an index of two, built one after the other, with a cache for each", async () => {
    const { text, result, spec, builder } = await build({ do: ":", page: "x", "project.toml": BOTH });
    if (result?.kind !== "succeeded") throw new Error(text);
    const { digest, platforms = [] } = result.image;
    expect(text.match(/^-----> (Building for|Made) .*/gm)).toEqual([
      `-----> Building for ${OWN}`,
      `-----> Building for ${OTHER} (emulated, which takes longer)`,
      // Without a sandbox the folders of the two builds have names of their own, in all layers but the launcher's.
      expect.stringContaining(
        "-----> Made an image for amd64 and arm64: 1 of 3 layers are the same for both",
      ),
    ]);
    const { manifests } = parseIndex(await buffer(await bench.images.read(digest)));
    expect(manifests.map(({ platform }) => platform?.architecture)).toEqual(["amd64", "arm64"]);
    for (const one of platforms)
      expect((await readImageDocuments(bench.images, one.digest)).config.architecture).toBe(one.architecture);
    expect(platforms.find(({ architecture }) => architecture === OTHER)?.builder).toBe(
      "test/builder@sha256:1",
    );
    expect(await bench.images.named()).toEqual([digest]);
    expect(given).toEqual(["usual", "back"]);
    expect(jobs.map(({ root }) => root?.folder)).toEqual([undefined, "/"]);
    const { cacheRoot } = bench.options.machine;
    const caches = async () => (await readdir(cacheRoot)).filter((name) => !name.endsWith(".json")).sort();
    await expect.poll(caches).toEqual([spec.appId, `${spec.appId}-${OTHER}`]);

    // The image before it is taken out of the index, for each its own.
    const again = await collect(builder.build({ ...spec, id: "again", previousImage: digest }, never()));
    expect(again.results[0]).toMatchObject({ kind: "succeeded", image: { platforms: [{}, {}] } });
    await builder.clearCache(spec.appId);
    expect(await caches()).toEqual([]);
  });

  it("gets one when the operator says so, and one for this machine when it says so itself", async () => {
    const usual = await build({ do: ":", page: "x" }, { architectures: ["amd64", "arm64"] });
    expect(usual.result).toMatchObject({ kind: "succeeded", image: { platforms: [{}, {}] } });
    const own = await build(
      { do: ":", page: "x", "project.toml": `dev.conifer.architectures = ["${OWN}"]` },
      { architectures: ["amd64", "arm64"] },
    );
    expect(own.text).not.toContain("Building for");
    expect(own.result).not.toHaveProperty("image.platforms");
  });

  it("has the platform's own builder for each when it asks for that", async () => {
    const { result } = await build({
      do: ":",
      "project.toml": `${BOTH}[io.buildpacks]\nbuilder = "conifer/builder"\n`,
    });
    expect(result).toMatchObject({ kind: "succeeded" });
    expect(given).toEqual(["usual own", "back"]);
  });

  it("fails with the name of the one that failed, and nothing is named then", async () => {
    const fails = `case "$CNB_TARGET_ARCH" in ${OTHER}) exit 7;; esac`;
    const { result } = await build({ do: fails, "project.toml": BOTH });
    expect(result).toMatchObject({
      kind: "failed",
      message: expect.stringMatching(new RegExp(`^The build for ${OTHER} failed\\. `)),
    });
    expect(await bench.images.named()).toEqual([]);
    expect(given).toEqual(["usual", "back"]);
    const first = await build({ do: "exit 7", "project.toml": BOTH });
    expect(first.result).toMatchObject({ message: expect.stringContaining(`The build for ${OWN} failed. `) });
  });

  it("is not built at all where this machine runs no programs for the other", async () => {
    const requireEmulated = async (architecture: string) => {
      throw invalidParams(`there is no emulation of ${architecture}`);
    };
    const { result, text } = await build({ do: ":", "project.toml": BOTH }, { requireEmulated });
    expect(result).toMatchObject({ kind: "failed", message: `there is no emulation of ${OTHER}` });
    expect(text).not.toContain("begun");
    expect(jobs).toEqual([]);
  });

  it("is told how the operator provides a builder for the other", async () => {
    const shelf: BuilderShelf = { take: async () => undefined, tidy: async () => {} };
    const { result } = await build({ do: ":", "project.toml": BOTH }, { shelf });
    expect(result).toMatchObject({
      kind: "failed",
      message: expect.stringMatching(
        new RegExp(
          `The build for ${OTHER} failed\\. .*npm run -s images -- builder --arch ${OTHER}.*CONIFER_OTHER_BUILDER_IMAGE`,
        ),
      ),
    });
  });

  it.each([
    ["cancelled", { kind: "cancelled" }],
    ["stopping", { kind: "lost" }],
  ] as const)("ends as a whole when it is %s in the second build", async (how, kind) => {
    const hangs = `case "$CNB_TARGET_ARCH" in ${OTHER}) echo hanging; sleep 60;; esac`;
    const builder = await start();
    const spec = specOf(await bench.addSource({ do: hangs, "project.toml": BOTH }));
    const [results, ending]: [unknown[], Promise<void>[]] = [[], []];
    for await (const news of builder.build(spec, never())) {
      if (news.kind === "result") results.push(news.result);
      else if (news.text.includes("hanging"))
        ending.push(
          ...(how === "cancelled" ? [builder.cancel(spec.id)] : stops.splice(0).map((stop) => stop())),
        );
    }
    await Promise.all(ending);
    expect(results).toEqual([expect.objectContaining(kind)]);
    await expect.poll(() => readdir(join(bench.home, "build-cache"))).toContain(`${spec.appId}-${OTHER}`);
  });

  it("has one time limit for both", async () => {
    const slow = `case "$CNB_TARGET_ARCH" in ${OTHER}) sleep 60;; esac`;
    const builder = await start();
    const spec = specOf(await bench.addSource({ do: slow, "project.toml": BOTH }), { timeoutSeconds: 4 });
    const { results } = await collect(builder.build(spec, never()));
    expect(results[0]).toMatchObject({ kind: "failed", exitCode: 124 });
  });
});
