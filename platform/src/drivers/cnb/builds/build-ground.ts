import { invalidParams } from "../../../kernel/index.ts";
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
   * The builder image that a build runs in, by what `project.toml` names; undefined for the platform's own builder. Missing
   * where builds run in one builder only.
   */
  readonly findBuilder?: (named: string | undefined) => Promise<BuildGround | undefined>;
}

/** How a source asks for the platform's own builder where the operator has named another. */
const OWN_BUILDER = "conifer/builder";

/** What the build stands on; undefined for the platform's own builder. Throws invalid_params where none may be named. */
export async function groundOf(
  { builder }: ProjectDescriptor,
  { findBuilder }: BuilderChoice,
): Promise<BuildGround | undefined> {
  if (builder === OWN_BUILDER) return undefined;
  if (findBuilder) return await findBuilder(builder);
  if (builder === undefined) return undefined;
  throw invalidParams(
    `project.toml names the builder ${builder}. All builds of this installation run in the builder image that its ` +
      "operator has chosen; remove the line, or ask the operator for that builder.",
  );
}
