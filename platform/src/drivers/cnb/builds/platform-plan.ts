import type { BuildResult } from "../../../delivery/build/index.ts";
import type { JoinedImages } from "../../../delivery/image/index.ts";
import { invalidParams } from "../../../kernel/index.ts";
import type { Architecture } from "./project-descriptor.ts";

/**
 * The processors that a build is for beside the engine's own, by what the source wants, else what the operator does. Throws
 * invalid_params for a source that leaves out the engine's own, on which its dynos run.
 */
export function otherArchitectures(
  wanted: readonly Architecture[] | undefined,
  usual: readonly Architecture[] | undefined,
  own: Architecture,
): readonly Architecture[] {
  if (wanted !== undefined && !wanted.includes(own))
    throw invalidParams(
      `project.toml has architectures without ${own}, which Conifer runs on here. Write architectures = ["${[own, ...wanted].join('", "')}"].`,
    );
  return (wanted ?? usual ?? []).filter((one) => one !== own);
}

/** What a build's output says before it builds for the processors of one kind. */
export function buildingTold(architecture: Architecture, how: "native" | "emulated"): string {
  return `-----> Building for ${architecture}${how === "emulated" ? " (emulated, which takes longer)" : ""}`;
}

/** What it says when there are images for all of them. */
export function joinedTold({ info, shared, layers }: JoinedImages): string {
  const names = (info.platforms ?? []).map(({ architecture }) => architecture).join(" and ");
  const megabytes = (shared.bytes / 1_000_000).toFixed(1);
  return `-----> Made an image for ${names}: ${shared.layers} of ${layers} layers are the same for both, ${megabytes} MB stored once`;
}

/** A result with the name of the processors that it is of. What succeeded, or was stopped, stays as it is. */
export function resultFor(architecture: Architecture, result: BuildResult): BuildResult {
  if (result.kind !== "failed" && result.kind !== "lost") return result;
  return { ...result, message: `The build for ${architecture} failed. ${result.message}` };
}
