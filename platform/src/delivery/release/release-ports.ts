import type { Claim } from "../../kernel/index.ts";
import type { Release } from "./release.ts";

/** Runs a release's command somewhere before the release becomes current. */
export interface ReleaseCommand {
  /**
   * Runs the `release` process of the release's image with its config, one hour at most, and returns its exit code.
   * Calling again for the same release (after a restart) joins the run that is under way. Aborting only stops waiting.
   * Throws `StaleClaim` instead of starting anything when another process has taken the claim.
   */
  run(release: Release, on: CommandRun, signal: AbortSignal): Promise<number>;
}

export interface CommandRun {
  /** Takes what the command prints. */
  readonly output: (text: string) => Promise<void>;
  /** On the app's releases. */
  readonly claim: Claim;
}

/** How the dynos of a new release fared. */
export type DeployVerdict =
  | { readonly kind: "up" }
  /** The release has no web dynos to wait for. */
  | { readonly kind: "none" }
  | { readonly kind: "crashed"; readonly message: string }
  /** A newer release took over, or it took too long to tell. */
  | { readonly kind: "unknown"; readonly message: string };

export interface DeployVerifier {
  /** Waits until the web dynos of the release are up or have failed to start. */
  verify(release: Release, signal: AbortSignal): Promise<DeployVerdict>;
}

/** The images that clients pushed to apps' repositories. */
export interface PushedImages {
  /**
   * The digest of an image's manifest; undefined when the app has none of that id. The id is what clients call an image's,
   * the digest of its config, or that of its manifest.
   */
  find(image: {
    readonly appId: string;
    readonly type: string;
    readonly id: string;
  }): Promise<string | undefined>;
}
