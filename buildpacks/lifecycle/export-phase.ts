import { cp, mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { readAnalyzed } from "./analyzed-file.ts";
import { writeAppImage } from "./app-image.ts";
import { readRestored } from "./cache-image.ts";
import { readGroup } from "./group-file.ts";
import type { LayerMaking, MadeLayer } from "./image-layers.ts";
import { layersOf, layoutPath, readLayout } from "./image-layout.ts";
import { openCache } from "./open-cache.ts";
import type { PhaseContext } from "./phase-context.ts";
import { EXIT, inPhase } from "./phase-error.ts";
import { requireImages, requireLayout } from "./require-layout.ts";
import type { RestoredLayers } from "./restore-phase.ts";
import { saveLayers } from "./save-layers.ts";
import { readToml, writeToml } from "./toml-files.ts";

/**
 * Writes the image to every `<image>`, the report, and the cache. `inThisProcess` is what a restore in it took
 * from the cache; with `move`, cached content is moved back rather than copied.
 */
export async function exportImage(
  context: PhaseContext,
  inThisProcess: RestoredLayers,
  move: boolean,
): Promise<void> {
  const { inputs, log } = context;
  const layoutDir = requireLayout(context);
  await inPhase(EXIT.export, "exporting the image", async () => {
    const [first, ...others] = requireImages(inputs);
    const group = await readGroup(inputs.text("group"));
    const analyzed = readAnalyzed(await readToml(inputs.text("analyzed")));
    const run = await readLayout(analyzed.runImage.reference);
    if (!run) throw new Error(`the run image ${analyzed.runImage.image} is gone from ${layoutDir}`);
    const previous = analyzed.previous ? await readLayout(analyzed.previous) : undefined;
    const restored = move ? inThisProcess : await readRestored(inputs.text("layers"));
    const making: LayerMaking = {
      layout: layoutPath(layoutDir, first),
      layers: inputs.text("layers"),
      app: inputs.text("app"),
      owner: { uid: inputs.number("uid"), gid: inputs.number("gid") },
      analyzed,
      previous: previous ? layersOf(previous) : new Map(),
      restored,
    };
    log.heading("Exporting the image");
    const image = await writeAppImage(context, { making, group, run });
    for (const other of others) await copyLayout(making.layout, layoutPath(layoutDir, other));
    await writeToml(inputs.text("report"), {
      image: { tags: [first, ...others], digest: image.digest, "manifest-size": image.size },
    });
    const cache = await openCache(context, restored);
    if (cache) await saveLayers(cache, making, image, move);
    for (const line of summary(image.layers)) log.detail(line);
  });
}

async function copyLayout(from: string, to: string): Promise<void> {
  if (from === to) return;
  await rm(to, { recursive: true, force: true });
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, { recursive: true });
}

function summary(layers: readonly MadeLayer[]): string[] {
  const added = layers.filter(({ reused }) => !reused);
  const bytes = added.reduce((sum, { image }) => sum + image.descriptor.size, 0);
  const count = (n: number) => `${n} layer${n === 1 ? "" : "s"}`;
  const reused = layers.length - added.length;
  return [
    [
      ...(reused > 0 ? [`${count(reused)} used again`] : []),
      `${count(added.length)} added (${sizeText(bytes)})`,
    ].join(", "),
  ];
}

function sizeText(bytes: number): string {
  if (bytes < 1024 * 1024) return `${Math.ceil(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
