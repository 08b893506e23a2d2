/**
 * What a dyno runs: a process type of its image, a program with its arguments, or a command line given to a shell in the
 * dyno.
 */
export type DynoCommand =
  | { readonly kind: "process"; readonly type: string }
  | { readonly kind: "program"; readonly argv: readonly string[] }
  | { readonly kind: "shell"; readonly line: string };

/** What a dyno may use. Sizes come from the catalogue of dyno sizes. */
export interface DynoLimits {
  readonly memoryBytes: number;
  /** Relative share of the processor, 1 = one Standard-1X. */
  readonly cpuShare: number;
  readonly pids: number;
}

/** How a container image is run. */
export interface DynoContainer {
  /** Whom the process is, in its own eyes; missing: the engine's usual user, which is not root. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/**
 * One dyno as it should be. Immutable but for `duty`: another image, environment or size is another dyno with
 * another id. `env` holds config vars and dyno metadata, but not `PORT`, which the host gives.
 */
export interface DynoSpec {
  readonly id: string;
  /** As users see it: `web.1`, `run.4821`. */
  readonly name: string;
  readonly type: string;
  readonly appId: string;
  readonly appName: string;
  readonly releaseId: string;
  readonly releaseVersion: number;
  /** Digest of the image's manifest in the image store, `sha256:…`. */
  readonly image: string;
  /** Set when the image is one for several kinds of processors: any machine with one of them may run it. */
  readonly architectures?: readonly string[];
  /** Set when the image stands for itself: its files are all there is, whatever is in it, and nothing runs as root. */
  readonly container?: DynoContainer;
  /** Whom the processes of a buildpacks' image are, where the engine does not read that from the image; missing: its usual. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly command: DynoCommand;
  /** The command as the log shows it: ``Starting process with command `…` ``. */
  readonly displayCommand: string;
  readonly env: Readonly<Record<string, string>>;
  /** The name of its size, as the catalogue writes it; undefined where its maker knew none. */
  readonly size?: string;
  readonly limits: DynoLimits;
  /** It may sleep while nobody visits its app; set by its size. An engine that cannot wake it lets it run. */
  readonly sleeps?: true;
  /** Seconds from start until a dyno that serves must listen on PORT (R10), and from SIGTERM to SIGKILL (R12). */
  readonly bootSeconds: number;
  readonly stopSeconds: number;
  /**
   * - `serve`: a web dyno; `up` once it listens on PORT, then in the endpoints.
   * - `stand-by`: boots and listens as `serve` does, but gets no requests yet.
   * - `warm`: was serving; kept for a rollback, without requests, frozen where the engine can.
   * - `work`: any other process type; `up` once its process runs.
   */
  readonly duty: "serve" | "stand-by" | "warm" | "work";
}

/** All formation dynos of one app. A dyno that is not listed is to be stopped. */
export interface AppDynos {
  readonly appId: string;
  readonly dynos: readonly DynoSpec[];
}

/** Why a dyno is `crashed`. `room`: it was not started, for want of memory, and is once there is some. */
export type CrashReason = "exit" | "boot-timeout" | "memory" | "disk" | "image" | "platform" | "room";

/**
 * What a dyno is doing. `crashed` dynos of a formation are started again by the host, with back-off, for as long as
 * they are desired; `restartAt` says when. `address` is where the router reaches it.
 */
export type DynoState =
  | { readonly kind: "starting" }
  | { readonly kind: "up"; readonly address?: { readonly host: string; readonly port: number } }
  | {
      readonly kind: "crashed";
      readonly reason: CrashReason;
      readonly exitCode?: number;
      readonly restartAt?: string;
    }
  | { readonly kind: "stopping" }
  /** It sleeps until somebody visits its app. */
  | { readonly kind: "idle" }
  /** Ended and will not come back: a one-off dyno, or one that is no longer desired. */
  | { readonly kind: "complete"; readonly exitCode: number; readonly signal?: string };

export interface DynoObservation {
  readonly id: string;
  readonly appId: string;
  readonly name: string;
  readonly type: string;
  readonly releaseId: string;
  readonly releaseVersion: number;
  readonly duty: DynoSpec["duty"];
  /** Set when the engine lets it sleep. */
  readonly sleeps?: true;
  readonly state: DynoState;
  /** When the state was entered, ISO 8601 with milliseconds. */
  readonly since: string;
}

/** What a watch of the host yields: first everything, then each change. `complete` is the last word on an id. */
export type DynoNews =
  | { readonly kind: "all"; readonly dynos: readonly DynoObservation[] }
  | { readonly kind: "changed"; readonly dyno: DynoObservation };
