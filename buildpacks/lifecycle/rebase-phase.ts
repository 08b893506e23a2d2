import { cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { lifecycleMetadata } from "./analyze-phase.ts";
import { createdTime } from "./app-image-config.ts";
import { chooseRunImage } from "./choose-run-image.ts";
import { exists, layoutPath, readLayout, writeImage } from "./image-layout.ts";
import { makeManifest, rebaseImage, runImageNames, whyNotRebase } from "./oci.ts";
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
    const known = runImageNames(metadata);
    const asked = inputs.text("run-image") || inputs.text("image");
    const name = asked || (await chooseRunImage(known, first, canRead)) || known.image;
    const found = name ? await readLayout(layoutPath(layoutDir, name)) : undefined;
    if (!found) throw new Error(`the run image ${name || "(none named)"} is not in ${layoutDir}`);
    const rebasing = { app, metadata, run: { ...found, name } };
    const refusal = inputs.flag("force") ? undefined : whyNotRebase(rebasing);
    if (refusal !== undefined) throw new Error(refusal);
    const { config, layers } = rebaseImage({
      ...rebasing,
      created: createdTime(inputs.env.SOURCE_DATE_EPOCH),
    });
    const layout = layoutPath(layoutDir, first);
    await mkdir(dirname(layout), { recursive: true });
    if (layout !== from) await cp(from, layout, { recursive: true });
    const written = await writeImage(layout, config, (written) => makeManifest(written, layers));
    for (const other of others) await cp(layout, layoutPath(layoutDir, other), { recursive: true });
    const { digest, size } = written.descriptor;
    await writeToml(inputs.text("report"), {
      image: { tags: [first, ...others], digest, "manifest-size": size },
    });
    log.heading(`Rebased on ${name}`);
  });
}
