import { RUN_PACKAGES } from "../../buildpacks/shared/base-packages.ts";
import type { Tell } from "../../cli/src/cluster/tell-steps.ts";
import { CLASSIC_APP, makeRunConfig, RUN_USER } from "../../platform/src/drivers/embedded/builds/index.ts";
import { type Architecture, type DebianRelease, hostArchitecture } from "./debian-release.ts";
import { type MadeImage, makePackagedImage } from "./make-packaged-image.ts";

export type { MadeImage } from "./make-packaged-image.ts";

/**
 * Makes the run image of this machine's release for an architecture, this machine's by default, unless there is one of just the packages that its sources have.
 * @throws ImageError that says what to do
 */
export async function makeRunImage(
  cache: string,
  tell: Tell,
  architecture = hostArchitecture(),
): Promise<MadeImage> {
  return await makePackagedImage(cache, (release) => describeRunImage(release, architecture), {
    architecture,
    tell,
  });
}

async function describeRunImage(release: DebianRelease, architecture: Architecture) {
  const host = baseOf(release, architecture);
  return {
    list: RUN_PACKAGES,
    files: "packages",
    recipe: JSON.stringify([makeRunConfig(host, [{ diffId: "", what: "" }]), RUN_USER, CLASSIC_APP]),
    more: async () => [],
    makeConfig: (layers: readonly { readonly diffId: string; readonly what: string }[]) =>
      makeRunConfig(
        host,
        layers.map(({ diffId, what }) => ({ diffId, what })),
      ),
  };
}

/** A release on an architecture, as images name their base. */
export function baseOf({ id, version }: DebianRelease, architecture: Architecture) {
  return { architecture, distroName: id, distroVersion: version };
}
