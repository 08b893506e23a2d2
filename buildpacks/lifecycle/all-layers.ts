import type { GroupMember } from "./group-file.ts";
import {
  contributionsOf,
  type LayerMaking,
  type MadeLaunchLayer,
  type MadeLayer,
  makeAppLayers,
  makeConfigLayer,
  makeLauncherLayer,
  makeLaunchLayer,
  makeSbomLayer,
} from "./image-layers.ts";
import type { LaunchFile } from "./launch-metadata.ts";
import { readLayers } from "./layer-files.ts";
import { gatherSboms } from "./sbom-files.ts";

/** All layers that an image gets on top of its run image. */
export interface AllLayers {
  readonly launchLayers: readonly MadeLaunchLayer[];
  readonly sbom: MadeLayer | undefined;
  readonly app: readonly MadeLayer[];
  readonly launcher: MadeLayer;
  readonly config: MadeLayer;
}

/** Makes them one by one, those of the buildpacks in the order of the build. */
export async function makeAllLayers(
  making: LayerMaking,
  group: readonly GroupMember[],
  launch: LaunchFile,
  programs: { readonly launcher: string; readonly launcherSbom: string },
): Promise<AllLayers> {
  const launchLayers: MadeLaunchLayer[] = [];
  const members = [];
  for (const { id } of group) {
    const layers = await readLayers(making.layers, id);
    members.push({ id, layers });
    for (const files of layers)
      if (files.types.launch) launchLayers.push(await makeLaunchLayer(making, files));
  }
  const hasSbom = await gatherSboms(making.layers, members, programs.launcherSbom);
  return {
    launchLayers,
    sbom: hasSbom ? await makeSbomLayer(making) : undefined,
    app: await makeAppLayers(making, launch.slices),
    launcher: await makeLauncherLayer(making, programs.launcher),
    config: await makeConfigLayer(making, launch, contributionsOf(group, launchLayers)),
  };
}
