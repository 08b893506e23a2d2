import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { lifecycleMetadata } from "../../../../../buildpacks/lifecycle/analyze-phase.ts";
import {
  type ImageLayer,
  type LayoutImage,
  layoutPath,
  readLayout,
  writeImage,
  writeLayer,
} from "../../../../../buildpacks/lifecycle/image-layout.ts";
import { runPhase } from "../../../../../buildpacks/lifecycle/run-phase.ts";
import { collect, never, specOf } from "../../../delivery/build/builder-suite.ts";
import { makeManifest, readImageDocuments } from "../../../delivery/image/index.ts";
import { makeRunConfig, type RunImage } from "../../cnb/builds/index.ts";
import { writeSparseLayout } from "../../cnb/builds/run-image.ts";
import { type BuildBench, HOST, makeBuildBench, makePlainRunner } from "./build-fixtures.ts";
import { startEmbeddedBuilder } from "./embedded-builder.ts";
import { takeRunImage } from "./take-run-image.ts";

let bench: BuildBench;
let folder: string;
beforeEach(async () => {
  bench = await makeBuildBench(makePlainRunner);
  folder = await mkdtemp(join(tmpdir(), "on-run-image-"));
});
afterEach(async () => {
  await bench.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** A run image with these texts as layers, in the store. */
async function runImage(...texts: string[]): Promise<RunImage> {
  const layout = join(folder, texts.join("-"));
  const layers: ImageLayer[] = [];
  for (const text of texts) layers.push(await writeLayer(layout, Readable.from([Buffer.from(text)])));
  const parts = layers.map(({ diffId }) => ({ diffId, what: "packages" }));
  const descriptors = layers.map(({ descriptor }) => descriptor);
  await writeImage(layout, makeRunConfig(HOST, parts), (config) => makeManifest(config, descriptors));
  return await takeRunImage(layout, bench.images, HOST);
}

/** Builds always the same source in the same folder: without a sandbox its path is in the image. */
async function build(on: RunImage, previousImage?: string) {
  const { options } = bench;
  const { builder, stop } = await startEmbeddedBuilder({
    ...options,
    machine: { ...options.machine, runImage: on },
  });
  const source = await bench.addSource({ do: ":", page: "hello" });
  const spec = specOf(source, { id: "the-build", ...(previousImage ? { previousImage } : {}) });
  const { text, results } = await collect(builder.build(spec, never()));
  await stop();
  await rm(join(options.folder, spec.id), { recursive: true });
  const [result] = results;
  if (result?.kind !== "succeeded") throw new Error(text);
  return { info: result.image, ...(await readImageDocuments(bench.images, result.image.digest)) };
}

const digests = ({ manifest }: Awaited<ReturnType<typeof build>>) =>
  manifest.layers.map(({ digest }) => digest);

it("an image stands on the run image's layers, which the build never saw", async () => {
  const run = await runImage("system", "programs");
  const image = await build(run);
  expect(digests(image).slice(0, 2)).toEqual([...run.layers.keys()]);
  expect(digests(image).length).toBeGreaterThan(2);
  expect(image.info.runImage).toEqual({
    name: "conifer/run:debian-12",
    topLayer: [...run.layers.values()][1],
    digest: run.manifest.digest,
  });
  expect(image.config.history?.slice(0, 2).map(({ created_by }) => created_by)).toEqual([
    "packages",
    "packages",
  ]);
  expect(image.config.config.User).toBe("1000:1000");
});

it("the next build stands on the newer run image, with the app's layers used again", async () => {
  const [older, newer] = [await runImage("old"), await runImage("new", "more")];
  const before = await build(older);
  const after = await build(newer, before.info.digest);
  expect(digests(after)).toEqual([...newer.layers.keys(), ...digests(before).slice(1)]);
});

it("a rebase puts it on the newer run image, as a build would have", async () => {
  const [older, newer] = [await runImage("old"), await runImage("new", "more")];
  const before = await build(older);
  const after = await build(newer);
  const rebased = await rebase(before.info.digest, newer);
  expect(rebased.manifest.layers.map(({ digest }) => digest)).toEqual(digests(after));
  expect(rebased.config.rootfs).toEqual(after.config.rootfs);
  expect(lifecycleMetadata(rebased).runImage).toEqual({
    image: newer.name,
    topLayer: [...newer.layers.values()].at(-1),
    reference: newer.manifest.digest,
  });
});

/** Rebases an image of the store with nothing but its documents, as it goes without its layers' content. */
async function rebase(digest: string, on: RunImage): Promise<LayoutImage> {
  const layouts = join(folder, "layouts");
  const blob = async (of: string) => ({ digest: of, bytes: await buffer(await bench.images.read(of)) });
  const { manifest } = await readImageDocuments(bench.images, digest);
  const app = layoutPath(layouts, "conifer/app:before");
  await writeSparseLayout(app, await blob(digest), [await blob(manifest.config.digest)]);
  await writeSparseLayout(join(layouts, on.path), on.manifest, [on.config]);
  const said: string[] = [];
  const status = await runPhase({
    phase: "rebaser",
    argv: [
      ...["-layers", folder, "-layout", "-layout-dir", layouts, "-run-image", on.name],
      ...["-previous-image", "conifer/app:before", "conifer/app:after"],
    ],
    env: { CNB_PLATFORM_API: "0.15", CNB_EXPERIMENTAL_MODE: "silent" },
    out: (text) => said.push(text),
    problems: (text) => said.push(text),
  });
  const image = await readLayout(layoutPath(layouts, "conifer/app:after"));
  if (status !== 0 || !image) throw new Error(said.join(""));
  return image;
}
