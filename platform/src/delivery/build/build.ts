import type { Actor } from "../../kernel/index.ts";

/** `cancelled` shows as `failed` in the API, which has no word for it. */
export type BuildStatus = "pending" | "succeeded" | "failed" | "cancelled";

/** One build of an app, from the moment it is accepted. */
export interface Build {
  readonly id: string;
  readonly appId: string;
  /** Its place in line: builds of one app run in this order. */
  readonly sequence: bigint;
  readonly actor: Actor;
  readonly status: BuildStatus;
  /** Digest of the source in the source store; null until a source given by address has been fetched. */
  readonly sourceDigest: string | null;
  readonly sourceUrl: string | null;
  readonly sourceChecksum: string | null;
  /** The commit, or the version the caller named. */
  readonly sourceVersion: string | null;
  readonly sourceDescription: string | null;
  /** The branch to move when the build has succeeded. */
  readonly gitRef: string | null;
  readonly stack: string;
  /** What went wrong. */
  readonly message: string | null;
  /** Set while the build is still pending: from then on it can only succeed. */
  readonly imageId: string | null;
  readonly releaseId: string | null;
  /** How often the engine went away in the middle of it. */
  readonly attempts: number;
  /** When it was first begun with; null while it waits in line. */
  readonly startedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** When its output had told all there is to tell, the fate of its release included. */
  readonly finishedAt: Date | null;
}

/** An engine that goes away under a build is not the source's fault; after this many times it is taken for one. */
export const MOST_ATTEMPTS = 3;

/** Text for the end of a build's output, in the form of Heroku's. */
export function failureText(message: string): string {
  const lines = message.trimEnd().split("\n");
  return `\n${lines.map((line) => ` !     ${line}`).join("\n")}\n\n`;
}

/** What a waiting build shows: how many are before it. */
export function waitingText(before: number): string {
  const builds = before === 1 ? "another build of this app" : `${before} other builds of this app`;
  return `-----> Waiting for ${builds} to finish...\n`;
}

/** What is shown when the engine is away. */
export const NO_ENGINE = "-----> Waiting for the build engine...\n";
export const BUILDING_AGAIN = "\n-----> The build engine went away; building again\n";
