import type { Actor } from "../../kernel/index.ts";
import type { BaseFacts, ImageInfo, ImagePlatform } from "../image/index.ts";

type Architecture = ImagePlatform["architecture"];

/** A run image for one kind of processors. */
export interface PlatformBuild {
  /** Of its manifest. */
  readonly digest: string;
  /** The diffID of its highest layer. */
  readonly topLayer: string;
  /** Missing in the record of a pass from before it was told: whatever it is for, nothing else is at hand. */
  readonly architecture?: Architecture;
}

/** A build of a run image, as this installation has it. */
export interface RunImageBuild extends PlatformBuild {
  /** By which images name it: the same for all of its builds. */
  readonly name: string;
  /** The same run image for other processors, where that is at hand too. */
  readonly others?: readonly PlatformBuild[];
}

/** What is shown of an image, as far as it decides about a rebase. An index says what its first image stands on. */
export type Standing = Pick<ImageInfo, "architecture"> & { readonly base: BaseFacts };

/** The run image for these processors; undefined where it is not at hand. */
export function buildFor(target: RunImageBuild, architecture: Architecture): PlatformBuild | undefined {
  const isFor = (build: PlatformBuild) =>
    build.architecture === undefined || build.architecture === architecture;
  return isFor(target) ? target : target.others?.find(isFor);
}

/** One run image of builds for different processors, the first's before the others'; they have one name. */
export function joinBuilds(first: RunImageBuild, ...more: readonly RunImageBuild[]): RunImageBuild {
  const { others = [], ...build } = first;
  const joined = [...others];
  for (const { digest, topLayer, architecture, others: beside = [] } of more)
    for (const one of [{ digest, topLayer, ...(architecture ? { architecture } : {}) }, ...beside])
      if (one.architecture !== undefined && !buildFor({ ...build, others: joined }, one.architecture))
        joined.push(one);
  return joined.length === 0 ? build : { ...build, others: joined };
}

/**
 * - `running`: goes on by itself.
 * - `paused`: the operator has stopped it for a while; apps that have their release are looked after to their end.
 * - `halted`: more apps failed than may; goes on when the operator says so.
 * - `stopped`: the operator has ended it. `done`: every app had its turn.
 */
export type PassStatus = "running" | "paused" | "halted" | "stopped" | "done";

/** A pass brings apps onto one build of a run image, wave after wave. */
export interface RebasePass {
  readonly id: string;
  readonly status: PassStatus;
  readonly runImage: RunImageBuild;
  /** The wave that is under way, from 0, and how many there are. */
  readonly wave: number;
  readonly waves: number;
  readonly limit: FailureLimit;
  /** Failures that were there when the operator let a halted pass go on: they no longer count. */
  readonly forgiven: number;
  /** Apps that are rebased or looked after at the same time, at the most. */
  readonly atOnce: number;
  /** For how long new dynos must stay up. */
  readonly settleSeconds: number;
  /** Why it does not go on, and what to do. */
  readonly message: string | null;
  readonly actor: Actor;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
}

/** How many apps may fail: so many, or so many percent of those in the waves until now. */
export type FailureLimit =
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "share"; readonly percent: number };

/**
 * - `waiting`: for its turn. `due`: its turn has come; it has no release yet.
 * - `watching`: has its release, whose dynos are watched.
 * - `done`, `failed` (and back on the release before), `skipped` (left as it was; the message says why).
 */
export type RebaseState = "waiting" | "due" | "watching" | "done" | "failed" | "skipped";

export const REBASE_STATES: readonly RebaseState[] = [
  ...(["waiting", "due", "watching"] as const),
  ...(["done", "failed", "skipped"] as const),
];

/** An app in a pass. */
export interface RebaseTurn {
  readonly passId: string;
  readonly appId: string;
  readonly wave: number;
  readonly state: RebaseState;
  /** Whether its dynos were well before, and so are watched afterwards. */
  readonly judged: boolean;
  readonly message: string | null;
  readonly dueAt: Date | null;
  /** The release it was on, the one on the new run image, and the one that went back. */
  readonly fromReleaseId: string | null;
  readonly releaseId: string | null;
  readonly backReleaseId: string | null;
  /** When the new release was seen to be current. */
  readonly releasedAt: Date | null;
  readonly updatedAt: Date;
}

/** Whether an app's image stands on another build of the run image. Those of other run images, and of none, do not. */
export function isBehind({ base, architecture }: Standing, target: RunImageBuild): boolean {
  const build = buildFor(target, architecture);
  if (!build || base.name !== target.name || base.topLayer === "") return false;
  if (base.topLayer !== build.topLayer) return true;
  return base.digest !== undefined && base.digest !== build.digest;
}

/** Why an app's current image is left as it is; undefined when it is to be rebased. */
export function whySkipped(info: ImageInfo | null, target: RunImageBuild): string | undefined {
  if (!info) return "it has no code";
  if (info.runImage.topLayer === "") return "its image does not stand on a run image";
  if (info.runImage.name !== target.name) return `its image stands on ${info.runImage.name} by now`;
  const platforms = info.platforms ?? [info];
  const without = platforms.find(({ architecture }) => !buildFor(target, architecture));
  if (without) return `${target.name} is not at hand for ${without.architecture}`;
  return isBehind({ ...info, base: info.runImage }, target)
    ? undefined
    : "its image stands on this build already";
}

/** `Rebase onto 1a2b3c4d5e6f`: the first digits of the run image's digest. */
export function describeRebase({ digest }: Pick<RunImageBuild, "digest">): string {
  return `Rebase onto ${shortDigest(digest)}`;
}

export function shortDigest(digest: string): string {
  return digest.slice("sha256:".length, "sha256:".length + 12);
}
