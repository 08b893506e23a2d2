import type { Analyzed, LifecycleMetadata } from "./analyzed-file.ts";
import type { GroupMember } from "./group-file.ts";
import type { MadeLaunchLayer, MadeLayer } from "./image-layers.ts";
import { isEligible, type LaunchFile, processTable } from "./launch-metadata.ts";
import { LABEL, LAYER_TIME, type OciConfig } from "./oci.ts";
import type { TomlTable } from "./toml-files.ts";

/** Everything an app image's config is made of. */
export interface AppImageParts {
  readonly run: OciConfig;
  /** All layers on top of the run image's, bottom first. */
  readonly layers: readonly MadeLayer[];
  readonly metadata: LifecycleMetadata;
  readonly launch: LaunchFile;
  readonly group: readonly GroupMember[];
  readonly project: TomlTable;
  readonly entrypoint: string;
  readonly app: string;
  readonly layersDir: string;
  readonly created: string;
  readonly lifecycleVersion: string;
}

/** The config of an app image (Platform API 0.15, exporter outputs). The same parts give the same config. */
export function makeAppConfig(parts: AppImageParts): OciConfig {
  const { run, layers, created } = parts;
  const { architecture, os, variant } = run;
  const runLayers = run.rootfs.diff_ids;
  const history = [
    ...(run.history ?? []),
    ...layers.map(({ what }) => ({ created, created_by: `buildpacks: ${what}` })),
  ];
  const complete = runLayers.length === 0 || run.history !== undefined;
  const { Cmd: _, ...inherited } = run.config;
  return {
    architecture,
    os,
    ...(variant ? { variant } : {}),
    created,
    config: {
      ...inherited,
      Env: environmentOf(parts),
      Entrypoint: [parts.entrypoint],
      WorkingDir: parts.app,
      Labels: labelsOf(parts),
    },
    rootfs: { type: "layers", diff_ids: [...runLayers, ...layers.map(({ image }) => image.diffId)] },
    ...(complete ? { history } : {}),
  };
}

function environmentOf({ run, app, layersDir }: AppImageParts): string[] {
  const env = new Map((run.config.Env ?? []).map((pair) => [pair.split("=", 1)[0] ?? "", pair]));
  const path = env.get("PATH")?.slice("PATH=".length) ?? "";
  env.set("PATH", `PATH=/cnb/process${path ? `:${path}` : ""}`);
  env.set("CNB_LAYERS_DIR", `CNB_LAYERS_DIR=${layersDir}`);
  env.set("CNB_APP_DIR", `CNB_APP_DIR=${app}`);
  return [...env.values()];
}

function labelsOf({ run, launch, group, metadata, project, lifecycleVersion }: AppImageParts) {
  const labels = run.config.Labels ?? {};
  const build = {
    processes: launch.processes.map(processTable),
    buildpacks: group.map(({ id, version, homepage, api }) => ({
      ...{ id, version },
      ...(homepage ? { homepage } : {}),
      api,
    })),
    launcher: { version: lifecycleVersion },
  };
  return {
    ...labels,
    ...launch.labels,
    [LABEL.build]: JSON.stringify(build),
    [LABEL.lifecycle]: JSON.stringify(metadata),
    [LABEL.project]: JSON.stringify(project),
    [LABEL.rebasable]: labels[LABEL.rebasable] === "false" ? "false" : "true",
  };
}

/** What the label `io.buildpacks.lifecycle.metadata` says of the image. */
export function makeLifecycleMetadata(made: {
  readonly app: readonly MadeLayer[];
  readonly sbom: MadeLayer | undefined;
  readonly config: MadeLayer;
  readonly launcher: MadeLayer;
  readonly launchLayers: readonly MadeLaunchLayer[];
  readonly group: readonly GroupMember[];
  readonly stores: ReadonlyMap<string, TomlTable>;
  readonly run: { readonly image: string; readonly mirrors: readonly string[]; readonly config: OciConfig };
  readonly runReference: string;
  readonly execEnv: string;
}): LifecycleMetadata {
  const shaOf = ({ image }: MadeLayer) => ({ sha: image.diffId });
  return {
    app: made.app.map(shaOf),
    ...(made.sbom ? { sbom: shaOf(made.sbom) } : {}),
    config: shaOf(made.config),
    "exec-env": made.execEnv,
    launcher: shaOf(made.launcher),
    buildpacks: made.group.map(({ id, version }) => {
      const store = made.stores.get(id);
      return {
        key: id,
        version,
        ...(store ? { store } : {}),
        layers: layerRecords(made.launchLayers.filter(({ files }) => files.buildpackId === id)),
      };
    }),
    runImage: {
      image: made.run.image,
      ...(made.run.mirrors.length > 0 ? { mirrors: made.run.mirrors } : {}),
      topLayer: made.run.config.rootfs.diff_ids.at(-1) ?? "",
      reference: made.runReference,
    },
  };
}

function layerRecords(layers: readonly MadeLaunchLayer[]) {
  return Object.fromEntries(
    layers.map(({ files, image, contribution }) => [
      files.name,
      { sha: image.diffId, data: files.metadata, ...files.types, contribution },
    ]),
  );
}

/**
 * What the image starts when it is given nothing: the process type asked for, else the buildpacks' default, else the
 * launcher itself. Throws when the type asked for is not there.
 */
export function entrypointFor(launch: LaunchFile, asked: string, execEnv: string): string {
  const types = launch.processes.filter((process) => isEligible(process, execEnv)).map(({ type }) => type);
  if (asked && !types.includes(asked))
    throw new Error(`the process type "${asked}" is not among ${types.join(", ") || "none"}`);
  const type = asked || (types.includes(launch.defaultType) ? launch.defaultType : "");
  return type ? `/cnb/process/${type}` : "/cnb/lifecycle/launcher";
}

/** `created` of an image: SOURCE_DATE_EPOCH, else a constant, so that the same source gives the same image. */
export function createdTime(epoch: string | undefined): string {
  const time = epoch && /^\d{1,11}$/.test(epoch) ? new Date(Number(epoch) * 1000) : LAYER_TIME;
  return time.toISOString().replace(".000Z", "Z");
}

/** The run image's own digest, when the analyzer found one: an identity that does not depend on where it stood. */
export function runReferenceOf(analyzed: Analyzed, digest: string): string {
  return digest || analyzed.runImage.reference;
}
