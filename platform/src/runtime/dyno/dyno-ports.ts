import type { Duplex } from "node:stream";
import type { Claim } from "../../kernel/index.ts";
import type { AppDynos, DynoNews, DynoSpec } from "./dyno.ts";

/**
 * An engine that runs dynos. It keeps its last desired state and acts on it alone while nobody calls: a formation
 * dyno that ends is started again. Calls for different apps may run concurrently; for one app the claim orders them.
 */
export interface DynoHost {
  /**
   * Makes `app.dynos` the app's formation: starts those it does not know by id, stops those not listed (SIGTERM,
   * `stopSeconds`, SIGKILL), takes over changed duties in one step, so that the endpoints change from the old set to
   * the new one at once. Returns when this is recorded and the endpoints have changed, not when dynos are up.
   * The same call twice is the same as once. Throws StaleClaim.
   */
  apply(app: AppDynos, claim: Claim): Promise<void>;
  /** Ends a dyno's process and starts the same spec again under the same id, forgetting any back-off. */
  restart(dynoId: string): Promise<void>;
  /**
   * Starts a one-off dyno. It is never restarted. With `attach` its process waits until a client attaches and ends
   * when the client goes; without, its output goes to the app's log.
   */
  run(spec: DynoSpec, options: RunOptions): Promise<void>;
  /** Connects a client to a one-off dyno that waits for one. Throws not_found when no dyno waits under that id. */
  attach(dynoId: string): Promise<Duplex>;
  /** Stops a one-off dyno; unknown ids are ignored. */
  stop(dynoId: string): Promise<void>;
  /**
   * Yields everything that runs, then changes as they happen, until the signal aborts or the engine goes away (then it
   * throws). Changes of a slow reader are folded: the newest state of each dyno is never lost.
   */
  watch(signal: AbortSignal): AsyncIterable<DynoNews>;
}

export interface RunOptions {
  readonly attach: boolean;
  /** A terminal of this size, or no terminal. Only with `attach`. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
  /** Ends the dyno after so many seconds. */
  readonly lifetimeSeconds?: number;
}
