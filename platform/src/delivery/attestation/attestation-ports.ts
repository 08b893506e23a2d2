import type { Artifact } from "./artifact.ts";

/** Where what is said of images is kept: beside them. */
export interface ArtifactStore {
  /**
   * Keeps an artifact in the app's repository, where the image it is about is already. All of it is durable on return, and
   * found among the image's referrers; it is collected with the image and not before. The same twice is the same as once.
   * Throws unavailable, or what the store throws, when it cannot be kept.
   */
  attach(appId: string, artifact: Artifact): Promise<void>;
}
