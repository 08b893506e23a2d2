import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Tell } from "../../cli/src/cluster/tell-steps.ts";
import { CLASSIC_APP, makeRunConfig, RUN_USER } from "../../platform/src/drivers/embedded/builds/index.ts";
import { builderLabels } from "./builder-labels.ts";
import { makeBuilderTree } from "./builder-tree.ts";
import { type Architecture, type DebianRelease, hostArchitecture } from "./debian-release.ts";
import { type MadeImage, makePackagedImage } from "./make-packaged-image.ts";
import { baseOf } from "./make-run-image.ts";
import { BUILDER_PACKAGES } from "./package-list.ts";
import { provideNodeProgram } from "./provide-node-program.ts";

const PATH = "/cnb/node/bin:/cnb/lifecycle:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Makes the builder image of this machine's release for an architecture, this machine's by default, in which builds of a cluster run: the run image's own layers, build
 * tools, Node.js, and under /cnb the lifecycle, the buildpacks and what a build pod runs around them.
 * @throws ImageError that says what to do
 */
export async function makeBuilderImage(
  cache: string,
  tell: Tell,
  architecture = hostArchitecture(),
): Promise<MadeImage> {
  const describe = async (release: DebianRelease, aside: string) => {
    const node = await provideNodeProgram(join(aside, "node"), architecture, tell);
    return await describeBuilderImage(release, { aside, architecture, node });
  };
  return await makePackagedImage(cache, describe, { architecture, tell });
}

async function describeBuilderImage(
  release: DebianRelease,
  { aside, architecture, node }: { aside: string; architecture: Architecture; node: string },
) {
  const runImage = `conifer/run:${release.id}-${release.version}`;
  const folder = join(aside, "builder");
  await mkdir(folder);
  const tree = await makeBuilderTree(folder, { node, runImage });
  const makeConfig = (layers: readonly { readonly diffId: string; readonly what: string }[]) => {
    const made = makeRunConfig(
      baseOf(release, architecture),
      layers.map(({ diffId, what }) => ({ diffId, what })),
    );
    const buildpackLayer = layers.find(({ what }) => what === "buildpacks")?.diffId ?? "";
    const labels = builderLabels(tree, { runImage, buildpackLayer });
    const { uid, gid } = RUN_USER;
    return {
      ...made,
      config: {
        ...made.config,
        Env: [`PATH=${PATH}`, `CNB_USER_ID=${uid}`, `CNB_GROUP_ID=${gid}`],
        Labels: { ...made.config.Labels, ...labels },
      },
    };
  };
  return {
    list: BUILDER_PACKAGES,
    files: "builder-packages",
    recipe: JSON.stringify([makeConfig([{ diffId: "", what: "" }]), RUN_USER, CLASSIC_APP, tree.content]),
    more: tree.pack,
    makeConfig,
  };
}
