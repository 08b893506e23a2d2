import type { AvailableBuildpack } from "./buildpack-order.ts";
import type { ProjectDescriptor } from "./project-descriptor.ts";
import type { RunImage } from "./run-image.ts";

/** What a builder brings to a build. */
export interface BuildGround {
  /** What images are built to stand on. */
  readonly runImage: RunImage;
  readonly buildpacks: readonly AvailableBuildpack[];
  /** Text of its order.toml. */
  readonly order: string;
}

/** Who finds builder images. */
export interface BuilderChoice {
  /**
   * The builder image that a build runs in, by what `project.toml` names; undefined for the platform's own builder.
   */
  readonly findBuilder: (named: string | undefined) => Promise<BuildGround | undefined>;
  /** The platform's own builder where it is an image, too: for processors that this machine has not. */
  readonly findOwnBuilder?: () => Promise<BuildGround | undefined>;
}

/** How a source asks for the platform's own builder where the operator has named another. */
const OWN_BUILDER = "conifer/builder";

/** What the build stands on; undefined for the platform's own builder. */
export async function groundOf(
  { builder }: ProjectDescriptor,
  { findBuilder, findOwnBuilder }: BuilderChoice,
): Promise<BuildGround | undefined> {
  return builder === OWN_BUILDER ? await findOwnBuilder?.() : await findBuilder(builder);
}

/** The builder image that a source is built in; undefined for the platform's own. `usual` is the operator's choice. */
export function wantedBuilder(
  { builder }: Pick<ProjectDescriptor, "builder">,
  usual: string | undefined,
): string | undefined {
  return builder === OWN_BUILDER ? undefined : (builder ?? usual);
}
