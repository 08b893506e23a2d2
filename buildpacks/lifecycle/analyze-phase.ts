import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Analyzed, analyzedTable, type LifecycleMetadata, targetTable } from "./analyzed-file.ts";
import type { RunTarget } from "./buildpack-descriptor.ts";
import { chooseRunImage, readRunImages } from "./choose-run-image.ts";
import { exists, type LayoutImage, layoutPath, readLayout } from "./image-layout.ts";
import { LABEL } from "./oci.ts";
import type { PhaseContext } from "./phase-context.ts";
import { EXIT, inPhase } from "./phase-error.ts";
import { requireImages, requireLayout } from "./require-layout.ts";
import { readDescriptor, readToml, table, text, writeToml } from "./toml-files.ts";

/** Looks at the previous image and the run image, and writes `analyzed.toml`. */
export async function analyze(context: PhaseContext): Promise<void> {
  const { inputs, log } = context;
  const layoutDir = requireLayout(context);
  await inPhase(EXIT.analyze, "looking at the previous image", async () => {
    const [image] = requireImages(inputs);
    const previousPath = layoutPath(layoutDir, inputs.text("previous-image") || image);
    const previous = await readLayout(previousPath);
    const name = inputs.text("run-image") || (await resolveRunImage(inputs.text("run"), image, layoutDir));
    const runPath = layoutPath(layoutDir, name);
    const run = await readLayout(runPath);
    if (!run) throw new Error(`the run image ${name} is not in ${layoutDir}`);
    log.debug(previous ? `Previous image: ${previous.digest}` : "No previous image");
    const analyzed: Analyzed = {
      previous: previous ? previousPath : "",
      metadata: previous ? metadataOf(previous, log) : {},
      runImage: { image: name, reference: runPath },
      target: await targetOf(run),
    };
    await writeToml(inputs.text("analyzed"), analyzedTable(analyzed));
  });
}

/** The label's content; nothing when the image was not made by a lifecycle. Throws when it is no JSON object. */
export function lifecycleMetadata(image: LayoutImage): LifecycleMetadata {
  const label = image.config.config.Labels?.[LABEL.lifecycle];
  if (label === undefined) return {};
  const content = parsed(label);
  if (typeof content === "object" && content !== null && !Array.isArray(content)) return content;
  throw new Error(`the label ${LABEL.lifecycle} of the image ${image.path} is not a JSON object`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a previous image is good for when its label cannot be read: nothing, and the build goes on without it. */
function metadataOf(previous: LayoutImage, log: PhaseContext["log"]): LifecycleMetadata {
  try {
    return lifecycleMetadata(previous);
  } catch (thrown) {
    log.warn(`Building without the previous image: ${(thrown as Error).message}.`);
    return {};
  }
}

/** A name of the first run image of the file. Throws when there is none, or no layout of it. */
async function resolveRunImage(path: string, app: string, layoutDir: string): Promise<string> {
  const first = readRunImages(await readDescriptor(path, "run"))[0];
  if (!first?.image) throw new Error(`no run image: pass -run-image, or name one in ${path}`);
  const canRead = (name: string) => exists(join(layoutPath(layoutDir, name), "index.json"));
  const chosen = await chooseRunImage(first, app, canRead);
  if (!chosen) throw new Error(`the run image ${first.image} is not in ${layoutDir}, nor is a mirror of it`);
  return chosen;
}

/** Writes the run image's target into an `analyzed.toml` that has none. */
export async function completeTarget(path: string): Promise<void> {
  const file = await readToml(path);
  const runImage = table(file?.["run-image"]);
  if (!file || runImage.target !== undefined || text(runImage.reference) === "") return;
  const run = await readLayout(text(runImage.reference));
  if (!run) throw new Error(`there is no run image at ${runImage.reference}`);
  await writeToml(path, { ...file, "run-image": { ...runImage, target: targetTable(await targetOf(run)) } });
}

/** Stacks from before run images named their distribution (Platform API 0.15, "analyzed.toml"). */
const STACKS: Readonly<Record<string, Record<string, string>>> = {
  "io.buildpacks.stacks.bionic": { ID: "ubuntu", VERSION_ID: "18.04" },
};
const STACK_LABEL = "io.buildpacks.stack.id";

/** Distribution labels of the run image; where it has none, that of its stack or of the machine the build runs on. */
async function targetOf({ config }: LayoutImage): Promise<RunTarget> {
  const labels = config.config.Labels ?? {};
  const release = labels[LABEL.distroName] ? {} : (STACKS[labels[STACK_LABEL] ?? ""] ?? (await osRelease()));
  return {
    os: config.os,
    arch: config.architecture,
    variant: config.variant ?? "",
    distroName: labels[LABEL.distroName] ?? release.ID ?? "",
    distroVersion: labels[LABEL.distroVersion] ?? release.VERSION_ID ?? "",
  };
}

async function osRelease(): Promise<Record<string, string>> {
  const file = await readFile("/etc/os-release", "utf8").catch(() => "");
  const pairs = file.split("\n").map((line) => /^([A-Z_]+)="?([^"]*)"?$/.exec(line));
  return Object.fromEntries(pairs.flatMap((pair) => (pair ? [[pair[1], pair[2]]] : [])));
}
