import { LABEL } from "./cnb-labels.ts";
import type { OciConfig, OciDescriptor } from "./oci-documents.ts";
import type { ImageDocuments } from "./read-image-info.ts";

/** The part of the label `io.buildpacks.lifecycle.metadata` (Platform API 0.15) that tells what an image stands on. */
export interface StandsOn {
  readonly runImage?: {
    readonly image?: string;
    readonly mirrors?: readonly string[];
    readonly topLayer?: string;
    readonly reference?: string;
  };
  /** Where lifecycles before Platform API 0.12 have written the run image's names. */
  readonly stack?: { readonly runImage?: { readonly image?: string; readonly mirrors?: readonly string[] } };
}

/** The run image that an app's image is put on. */
export interface NewBase extends ImageDocuments {
  /** Of its manifest. */
  readonly digest: string;
  /** By which it is asked for. */
  readonly name: string;
}

export interface Rebasing {
  readonly app: ImageDocuments;
  /** The app image's label, parsed. */
  readonly metadata: StandsOn;
  readonly run: NewBase;
  /** The time that the new image says it was made, RFC 3339. */
  readonly created: string;
}

/** Reads an app image's label. Throws when it is no JSON object; an image without one stands on nothing that is known. */
export function readStandsOn({ config }: Pick<ImageDocuments, "config">): StandsOn {
  const label = config.config.Labels?.[LABEL.lifecycle];
  const value: unknown = label === undefined ? {} : JSON.parse(label);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new Error(`the label ${LABEL.lifecycle} is not a JSON object`);
}

/** The names of the run image that an app's image was made for; empty when it tells none. */
export function runImageNames({ runImage, stack }: StandsOn): {
  readonly image: string;
  readonly mirrors: readonly string[];
} {
  const { image = "", mirrors = [] } = runImage?.image ? runImage : (stack?.runImage ?? {});
  return { image, mirrors };
}

/** Why an image must not be put on a run image without force (Platform API 0.15, rebaser); undefined when it may. */
export function whyNotRebase({ app, metadata, run }: Omit<Rebasing, "created">): string | undefined {
  const labels = app.config.config.Labels ?? {};
  if (labels[LABEL.rebasable] === "false")
    return "the image says it must not be rebased. Build it again, or pass -force.";
  const known = runImageNames(metadata);
  if (known.image !== run.name && !known.mirrors.includes(run.name))
    return `the image was not made for the run image ${run.name}. Pass -force to put it there anyway.`;
  const runLabels = run.config.config.Labels ?? {};
  const compared: readonly (readonly [string, string | undefined, string | undefined])[] = [
    ["system", app.config.os, run.config.os],
    ["architecture", app.config.architecture, run.config.architecture],
    ["variant", app.config.variant, run.config.variant],
    ["distribution", labels[LABEL.distroName], runLabels[LABEL.distroName]],
    ["distribution version", labels[LABEL.distroVersion], runLabels[LABEL.distroVersion]],
  ];
  const differing = compared.find(([, is, wanted]) => is && wanted && is !== wanted);
  if (!differing) return undefined;
  const [what, is, wanted] = differing;
  return `the image is for ${what} ${is}, the run image for ${wanted}. Build it again.`;
}

/**
 * The image with its own layers on another run image (Platform API 0.15, rebaser): its config, and its layers from the lowest
 * up. No layer is read for it, and the same images give the same bytes. Throws when the image does not hold the layer that it
 * names as its run image's highest.
 */
export function rebaseImage(rebasing: Rebasing): {
  readonly config: OciConfig;
  readonly layers: readonly OciDescriptor[];
} {
  const { app, metadata, run } = rebasing;
  const own = app.manifest.layers.slice(countRunLayers(app.config, metadata));
  return { config: rebasedConfig(rebasing), layers: [...run.manifest.layers, ...own] };
}

/** How many of the image's layers belong to its run image. */
function countRunLayers(config: OciConfig, { runImage }: StandsOn): number {
  if (!runImage?.topLayer) return 0;
  const at = config.rootfs.diff_ids.indexOf(runImage.topLayer);
  if (at === -1) throw new Error("the image does not hold the top layer its metadata names");
  return at + 1;
}

/** What it stands on now. It keeps the names it was made for, when this is one of them. */
function renamed(metadata: StandsOn, run: NewBase): StandsOn {
  const { image, mirrors } = runImageNames(metadata);
  const known = image === run.name || mirrors.includes(run.name);
  const names = known ? { image, ...(mirrors.length > 0 ? { mirrors } : {}) } : { image: run.name };
  const topLayer = run.config.rootfs.diff_ids.at(-1) ?? "";
  return { ...metadata, runImage: { ...names, topLayer, reference: run.digest } };
}

function rebasedConfig({ app, metadata, run, created }: Rebasing): OciConfig {
  const replaced = countRunLayers(app.config, metadata);
  const isBase = ([name]: [string, string]) => /^io\.buildpacks\.(base|stack)\./.test(name);
  const labels = Object.entries(app.config.config.Labels ?? {}).filter((label) => !isBase(label));
  const runLabels = Object.entries(run.config.config.Labels ?? {}).filter(isBase);
  const { history: _, variant: __, ...config } = app.config;
  const history = joinedHistory(app.config, run.config, app.config.rootfs.diff_ids.length - replaced);
  const { architecture, os, variant } = run.config;
  return {
    ...config,
    architecture,
    os,
    ...(variant ? { variant } : {}),
    created,
    config: {
      ...app.config.config,
      Labels: {
        ...Object.fromEntries([...labels, ...runLabels]),
        [LABEL.lifecycle]: JSON.stringify(renamed(metadata, run)),
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
function joinedHistory(app: OciConfig, run: OciConfig, ownLayers: number): OciConfig["history"] {
  const ofRun = run.history ?? (run.rootfs.diff_ids.length === 0 ? [] : undefined);
  if (!ofRun || !app.history || app.history.length < ownLayers) return undefined;
  return [...ofRun, ...app.history.slice(app.history.length - ownLayers)];
}
