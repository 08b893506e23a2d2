import type { BuildSpec } from "../../../delivery/build/index.ts";
import { ARCHITECTURES } from "../../../delivery/image/index.ts";
import { invalidParams } from "../../../kernel/index.ts";
import type { Architecture } from "../../cnb/builds/index.ts";
import { ARCHITECTURE_LABEL } from "./build-labels.ts";
import { tagSuffixOf } from "./build-task.ts";
import type { KubernetesBuilderOptions } from "./builder-options.ts";

/** The names that a build has in the cluster: its own, and one for each architecture that is not Conifer's. */
export function buildNames(buildId: string): readonly string[] {
  return [buildId, ...ARCHITECTURES.map((one) => buildId + tagSuffixOf(one))];
}

/** One of several builds of a source: in the cluster it is a build by itself. */
export function specFor(spec: BuildSpec, architecture: Architecture, own: Architecture): BuildSpec {
  return architecture === own ? spec : { ...spec, id: spec.id + tagSuffixOf(architecture) };
}

/**
 * What one of several builds is made with: nodes of its architecture, and images for it. Throws invalid_params where the
 * platform has none.
 */
export function optionsFor<T extends KubernetesBuilderOptions>(options: T, architecture: Architecture): T {
  const { placement, builders, other } = options;
  const nodeSelector = { ...placement.nodeSelector, [ARCHITECTURE_LABEL]: architecture };
  if (architecture === builders.architecture)
    return { ...options, placement: { ...placement, nodeSelector }, platform: {} };
  if (!other) throw invalidParams(noImages(architecture));
  return {
    ...options,
    placement: { ...placement, nodeSelector, builderImage: other.builderImage },
    builders: { ...builders, architecture },
    runImage: other.runImage,
    platform: { tagSuffix: tagSuffixOf(architecture) },
  };
}

function noImages(architecture: Architecture): string {
  return (
    `The source wants an image for ${architecture}, and Conifer has no builder and run image for it here. Its operator makes ` +
    `them with \`npm run -s images -- builder --arch ${architecture}\` and \`npm run -s images -- --arch ${architecture}\`, and sets ` +
    "CONIFER_OTHER_BUILDER_IMAGE and CONIFER_OTHER_RUN_IMAGE to them."
  );
}
