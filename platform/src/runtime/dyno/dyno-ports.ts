import type { Duplex } from "node:stream";
import type { Claim } from "../../kernel/index.ts";
import type { AppDynos, DynoNews, DynoSpec } from "./dyno.ts";

/**
 * An engine that runs dynos. It keeps its last desired state and acts on it alone while nobody calls: a formation
 * dyno that ends is started again. Calls for different apps may run concurrently; for one app the claim orders them.
 */
export interface DynoHost extends DynoInsides {
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
   * when the client goes; without, its output goes to the app's log. Throws conflict when there is no room for it now.
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

/** The inside of dynos that run. */
export interface DynoInsides {
  /**
   * Starts a command beside the process of a dyno that is up, and connects a client with it: what the client writes is its
   * input. It has the dyno's files, user, network, limits and environment, with `env` above. The command ends with
   * the dyno, and as an attached dyno does with its client (SIGHUP, `stopSeconds`, SIGKILL); with the command what it
   * started ends, but for what began a session of its own. Throws not_found when there is no such dyno, and conflict when it is
   * not up.
   */
  runInside(dynoId: string, command: InsideCommand): Promise<Duplex>;
}

export interface InsideCommand {
  /** Given to a shell in the dyno. */
  readonly line: string;
  readonly env: Readonly<Record<string, string>>;
  /** A terminal of this size, or no terminal. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
}

export interface RunOptions {
  readonly attach: boolean;
  /** A terminal of this size, or no terminal. Only with `attach`. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
  /** Ends the dyno after so many seconds. */
  readonly lifetimeSeconds?: number;
}
