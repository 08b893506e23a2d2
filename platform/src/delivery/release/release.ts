import { type Actor, BusinessError, invalidParams } from "../../kernel/index.ts";
import type { ImageInfo } from "../image/index.ts";

/** Why a release was made. */
export type ReleaseCause = "initial" | "config" | "code" | "rollback" | "image" | "rebase" | "retry";

/**
 * - `pending`: waits for an earlier one, or its release command runs.
 * - `succeeded`: was or is current.
 * - `failed`: its release command failed; it never became current.
 */
export type ReleaseStatus = "pending" | "succeeded" | "failed";

/** One version of an app: image, config, who and why. Never changed but for its status. */
export interface Release {
  readonly id: string;
  readonly appId: string;
  readonly version: number;
  readonly status: ReleaseStatus;
  readonly description: string;
  readonly actor: Actor;
  readonly cause: ReleaseCause;
  readonly imageId: string | null;
  /** Digest of the image's manifest; null before the first code. */
  readonly imageDigest: string | null;
  readonly imageInfo: ImageInfo | null;
  readonly imageRemoved: boolean;
  /** Until it becomes current, its image is that of the last release that succeeded before it. */
  readonly inheritsImage: boolean;
  readonly configId: string;
  readonly buildId: string | null;
  /** Its image has a `release` process, which runs before it becomes current. */
  readonly runsCommand: boolean;
  readonly current: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The process type that is run once for a release and never as a dyno of the formation. */
export const RELEASE_PROCESS = "release";

export function hasReleaseCommand(info: ImageInfo | null): boolean {
  return info?.processes.some((process) => process.type === RELEASE_PROCESS) ?? false;
}

/** The client rolls back to the second newest eligible release, so the current one counts too. */
export function eligibleForRollback(release: Release): boolean {
  return release.status === "succeeded" && release.imageDigest !== null && !release.imageRemoved;
}

/** Throws unless a release can be gone back to. */
export function checkRollbackTarget(release: Release): void {
  if (eligibleForRollback(release)) return;
  const name = `v${release.version}`;
  if (release.status !== "succeeded") {
    throw invalidParams(
      `Cannot roll back to ${name}: that release ${release.status === "failed" ? "failed" : "is not finished"}.`,
    );
  }
  if (release.imageDigest === null)
    throw invalidParams(`Cannot roll back to ${name}: it has no code. Choose one made after a push.`);
  throw invalidParams(
    `Cannot roll back to ${name}: its image has been removed. Push that version of the code again.`,
  );
}

export function imageRemoved(): BusinessError {
  return invalidParams("That image has been removed. Push that version of the code again.");
}

/** The text of a release that a build made: `Deploy 1a2b3c4d`. */
export function describeDeploy(version: string | null): string {
  const short = version && /^[0-9a-f]{12,64}$/.test(version) ? version.slice(0, 8) : version?.slice(0, 60);
  return short ? `Deploy ${short}` : "Deploy";
}

/** A release's path parameter: its id, `12`, or `v12`. */
export function parseReleaseIdentity(text: string): { readonly id: string } | { readonly version: number } {
  const version = /^v?(\d{1,9})$/.exec(text)?.[1];
  return version === undefined ? { id: text } : { version: Number(version) };
}

export function noSuchRelease(): BusinessError {
  return new BusinessError("not_found", "Couldn't find that release.", { resource: "release" });
}
