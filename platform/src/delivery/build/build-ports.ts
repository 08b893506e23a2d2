import { CONTAINER_STACK } from "../../apps/region/index.ts";
import type { ImageInfo } from "../image/index.ts";

export interface BuildSpec {
  readonly id: string;
  readonly appId: string;
  readonly appName: string;
  /** The account that owns the app: where room is short, owners share it evenly. */
  readonly ownerId: string;
  /** Where room is short, an owner's builds of a lower rank begin first: 0 production, 1 most, 2 review apps and tests. */
  readonly rank: 0 | 1 | 2;
  /** When the build was accepted, ISO 8601. */
  readonly acceptedAt: string;
  /** Digest of the source in the source store, `sha256:<hex>` of its tar. */
  readonly source: string;
  /** Commit or version the user named; shown and put into SOURCE_VERSION. */
  readonly sourceVersion: string;
  /** The app's config vars, for the buildpacks (CNB platform env). */
  readonly env: Readonly<Record<string, string>>;
  /** Digest of the app's newest image, whose layers may be used again. */
  readonly previousImage?: string;
  readonly stack: string;
  readonly timeoutSeconds: number;
}

/** Whether a build is of a Dockerfile or heroku.yml, and not of buildpacks. */
export function isContainerBuild({ stack }: Pick<BuildSpec, "stack">): boolean {
  return stack === CONTAINER_STACK;
}

/** What a build yields while it runs; exactly one `result` comes last. */
export type BuildNews =
  | { readonly kind: "output"; readonly text: string }
  | { readonly kind: "result"; readonly result: BuildResult };

export type BuildResult =
  | { readonly kind: "succeeded"; readonly image: ImageInfo }
  /** The source or a buildpack is at fault: `message` says what failed, why, and what to do next. */
  | { readonly kind: "failed"; readonly message: string; readonly exitCode: number }
  | { readonly kind: "cancelled" }
  /** The engine went away under the build; the caller may build again. */
  | { readonly kind: "lost"; readonly message: string };

/** Builds a source into an image, wherever the engine does that. */
export interface Builder {
  /**
   * Starts the build, or joins it when a build of that id runs already (a caller that was killed and came back), in
   * which case output starts anew from the beginning. Aborting the signal only stops listening.
   */
  build(spec: BuildSpec, signal: AbortSignal): AsyncIterable<BuildNews>;
  /** Kills the build; its `build` ends with `cancelled`. Unknown ids are ignored. */
  cancel(buildId: string): Promise<void>;
  /** Forgets the app's build cache. */
  clearCache(appId: string): Promise<void>;
}
