import { cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { lifecycleMetadata } from "./analyze-phase.ts";
import type { LifecycleMetadata } from "./analyzed-file.ts";
import { createdTime } from "./app-image-config.ts";
import { chooseRunImage, type RunImageNames } from "./choose-run-image.ts";
import { exists, type LayoutImage, layoutPath, readLayout, writeImage } from "./image-layout.ts";
import { LABEL, makeManifest, type OciConfig } from "./oci.ts";
import type { PhaseContext } from "./phase-context.ts";
import { EXIT, inPhase } from "./phase-error.ts";
import { requireImages, requireLayout } from "./require-layout.ts";
import { writeToml } from "./toml-files.ts";

/** Puts an app image's own layers on another run image, without building (Platform API 0.15, rebaser). */
export async function rebase(context: PhaseContext): Promise<void> {
  const { inputs, log } = context;
  const layoutDir = requireLayout(context);
  await inPhase(EXIT.rebase, "rebasing the image", async () => {
    const [first, ...others] = requireImages(inputs);
    const from = layoutPath(layoutDir, inputs.text("previous-image") || first);
    const app = await readLayout(from);
    if (!app) throw new Error(`there is no image at ${from}`);
    const metadata = lifecycleMetadata(app);
    const canRead = (name: string) => exists(join(layoutPath(layoutDir, name), "index.json"));
    const known = knownNames(metadata);
    const asked = inputs.text("run-image") || inputs.text("image");
    const name = asked || (await chooseRunImage(known, first, canRead)) || known.image;
    const run = name ? await readLayout(layoutPath(layoutDir, name)) : undefined;
    if (!run) throw new Error(`the run image ${name || "(none named)"} is not in ${layoutDir}`);
    const force = inputs.flag("force");
    if (!force) requireSafe(app, run, known, name);
    const rebased = rebaseConfig(app, run, renamed(metadata, run, name), inputs.env.SOURCE_DATE_EPOCH);
    const own = app.manifest.layers.slice(runLayerCount(app, metadata));
    const layout = layoutPath(layoutDir, first);
    await mkdir(dirname(layout), { recursive: true });
    if (layout !== from) await cp(from, layout, { recursive: true });
    const written = await writeImage(layout, rebased, (config) =>
      makeManifest(config, [...run.manifest.layers, ...own]),
    );
    for (const other of others) await cp(layout, layoutPath(layoutDir, other), { recursive: true });
    const { digest, size } = written.descriptor;
    await writeToml(inputs.text("report"), {
      image: { tags: [first, ...others], digest, "manifest-size": size },
    });
    log.heading(`Rebased on ${name}`);
  });
}

/** How many of the image's layers belong to its run image. */
function runLayerCount(app: LayoutImage, { runImage }: LifecycleMetadata): number {
  if (!runImage?.topLayer) return 0;
  const at = app.config.rootfs.diff_ids.indexOf(runImage.topLayer);
  if (at === -1) throw new Error("the image does not hold the top layer its metadata names");
  return at + 1;
}

/** The names of the run image that the label has, or a label from before Platform API 0.12. */
function knownNames({ runImage, stack }: LifecycleMetadata): RunImageNames {
  const { image = "", mirrors = [] } = runImage?.image ? runImage : (stack?.runImage ?? {});
  return { image, mirrors };
}

function requireSafe(app: LayoutImage, run: LayoutImage, known: RunImageNames, name: string): void {
  const labels = app.config.config.Labels ?? {};
  if (labels[LABEL.rebasable] === "false")
    throw new Error("the image says it must not be rebased. Build it again, or pass -force.");
  if (known.image !== name && !known.mirrors.includes(name))
    throw new Error(`the image was not made for the run image ${name}. Pass -force to put it there anyway.`);
  const differs = (what: string, is: string | undefined, wanted: string | undefined) => {
    if (is && wanted && is !== wanted)
      throw new Error(`the image is for ${what} ${is}, the run image for ${wanted}. Build it again.`);
  };
  const runLabels = run.config.config.Labels ?? {};
  differs("system", app.config.os, run.config.os);
  differs("architecture", app.config.architecture, run.config.architecture);
  differs("variant", app.config.variant, run.config.variant);
  differs("distribution", labels[LABEL.distroName], runLabels[LABEL.distroName]);
  differs("distribution version", labels[LABEL.distroVersion], runLabels[LABEL.distroVersion]);
}

function renamed(metadata: LifecycleMetadata, run: LayoutImage, name: string): LifecycleMetadata {
  const { image, mirrors } = knownNames(metadata);
  const known = image === name || mirrors.includes(name);
  const names = known ? { image, ...(mirrors.length > 0 ? { mirrors } : {}) } : { image: name };
  return {
    ...metadata,
    runImage: { ...names, topLayer: run.config.rootfs.diff_ids.at(-1) ?? "", reference: run.digest },
  };
}

function rebaseConfig(
  app: LayoutImage,
  run: LayoutImage,
  metadata: LifecycleMetadata,
  epoch: string | undefined,
): OciConfig {
  const replaced = runLayerCount(app, lifecycleMetadata(app));
  const isBase = ([name]: [string, string]) => /^io\.buildpacks\.(base|stack)\./.test(name);
  const labels = Object.entries(app.config.config.Labels ?? {}).filter((label) => !isBase(label));
  const runLabels = Object.entries(run.config.config.Labels ?? {}).filter(isBase);
  const { history: _, variant: __, ...config } = app.config;
  const history = historyOf(app.config, run.config, app.config.rootfs.diff_ids.length - replaced);
  const { architecture, os, variant } = run.config;
  return {
    ...config,
    architecture,
    os,
    ...(variant ? { variant } : {}),
    created: createdTime(epoch),
    config: {
      ...app.config.config,
      Labels: {
        ...Object.fromEntries([...labels, ...runLabels]),
        [LABEL.lifecycle]: JSON.stringify(metadata),
      },
    },
    rootfs: {
      type: "layers",
      diff_ids: [...run.config.rootfs.diff_ids, ...app.config.rootfs.diff_ids.slice(replaced)],
    },
    ...(history ? { history } : {}),
  };
}

/** The run image's history and that of the image's own layers; none when one of them has not told all of its own. */
function historyOf(app: OciConfig, run: OciConfig, ownLayers: number): OciConfig["history"] {
  const ofRun = run.history ?? (run.rootfs.diff_ids.length === 0 ? [] : undefined);
  if (!ofRun || !app.history || app.history.length < ownLayers) return undefined;
  return [...ofRun, ...app.history.slice(app.history.length - ownLayers)];
}
