import type { BuildResult } from "../../../delivery/build/index.ts";

/** How phases ended. */
export interface PhaseEnd {
  readonly exitCode: number;
  readonly outOfMemory: boolean;
}

/** How a build ended that made no image, for the person who waits (exit codes: Platform API 0.15, creator). */
export function failureOf(end: PhaseEnd, memoryBytes: number): Extract<BuildResult, { kind: "failed" }> {
  const { exitCode, outOfMemory } = end;
  const failed = (message: string) => ({ kind: "failed" as const, message, exitCode });
  if (outOfMemory)
    return failed(
      `The build needed more than ${Math.round(memoryBytes / 1024 / 1024)} MB of memory and was stopped. ` +
        "Make the build smaller, or ask the operator for more.",
    );
  if (exitCode === 20)
    return failed(
      "No buildpack takes this source. The lines above say what each one looks for; add what fits.",
    );
  if (exitCode === 21)
    return failed("No buildpack takes this source, and one failed while looking at it. See the lines above.");
  if (exitCode === 51) return failed("A buildpack could not build this source. The lines above say why.");
  const phase = PHASES.find(({ from, to }) => exitCode >= from && exitCode <= to);
  return failed(
    `The build failed${phase ? ` while ${phase.doing}` : ""} (exit status ${exitCode}). See above.`,
  );
}

const PHASES = [
  { from: 20, to: 29, doing: "looking for buildpacks" },
  { from: 30, to: 39, doing: "reading the previous image" },
  { from: 40, to: 49, doing: "restoring the cache" },
  { from: 50, to: 59, doing: "building" },
  { from: 60, to: 69, doing: "making the image" },
];

export function timeoutText(seconds: number): string {
  const counted = (count: number, unit: string) => `${count} ${unit}${count === 1 ? "" : "s"}`;
  const time = seconds % 60 === 0 ? counted(seconds / 60, "minute") : counted(seconds, "second");
  return `The build was not done after ${time} and was stopped. Make it shorter, or ask the operator for more time.`;
}
