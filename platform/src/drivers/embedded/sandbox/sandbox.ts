import type { Duplex, Readable, Writable } from "node:stream";
import type { Running } from "../../../kernel/index.ts";
import type { TreeSize } from "../../files/trees/index.ts";
import type { SandboxAbilities } from "./abilities.ts";

/** A file or folder of this machine that a sandbox sees. */
export interface SandboxBind {
  readonly source: string;
  /** Absolute path inside; made when the root has nothing there. */
  readonly target: string;
  /** Writable binds must belong to `Sandboxes.owner`. */
  readonly writable: boolean;
}

export interface SandboxLimits {
  /** The process tree is killed at this much memory where the machine can enforce it. */
  readonly memoryBytes: number;
  /** Relative share of the processor, 1 = ordinary. */
  readonly cpuShare: number;
  readonly pids: number;
}

/**
 * Files that take the place of all of this machine's: the program sees the layers as its whole root, with `/proc`, `/dev`,
 * `/tmp`, `/etc/hosts` and `/etc/resolv.conf` made for it. What is in them is a stranger's: no link in them is followed on
 * this machine, their devices and set-user-id bits mean nothing.
 */
export interface SandboxGuest {
  /** Unpacked image layers, the topmost first; never written. At least one. */
  readonly lowerDirs: readonly string[];
  /** Whom the program is in its own eyes; it owns all of the files. Missing: the user `dyno`. Never root. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/**
 * A process tree to start. Its root is `lowerDirs` on the host base (this machine's `/usr`, read-only, and a made
 * `/etc`, `/dev`, `/proc`, `/tmp`) under a writable layer of its own. It runs as an unprivileged user named `dyno` with
 * no capability, `no_new_privs`, and process 1 is Conifer's own init.
 */
export interface SandboxSpec {
  /** Unique among the running sandboxes of this instance; letters, digits and `-`, at most 63. Also the host name. */
  readonly id: string;
  /** Where the writable layer is put. The sandbox makes this folder and `cleanUp` removes it. */
  readonly directory: string;
  /**
   * Unpacked image layers, the topmost first; never written. What the program may change must belong to
   * `Sandboxes.owner`.
   */
  readonly lowerDirs: readonly string[];
  /**
   * The layers are a whole root file system, of whatever distribution: nothing of this machine's `/usr` is in it, and the
   * program is this user in it where there are user namespaces. Missing: they stand on the host base.
   */
  readonly ownRoot?: { readonly uid: number; readonly gid: number };
  readonly binds: readonly SandboxBind[];
  /**
   * The program is root of a user namespace with a range of ids, and of a mount namespace below the sandbox's, since it makes
   * file systems of others' files: it may do there what a user may do with namespaces, and on this machine nothing
   * more. What it may change must belong to `Sandboxes.builder`. A sandbox that is entered by nobody.
   */
  readonly builder?: true;
  /** Needs overlay and user namespaces; `lowerDirs` and `binds` are then not the program's to see. */
  readonly guest?: SandboxGuest;
  /** The program and its arguments, found on `PATH` of `env`. Never a place for secrets: others can see it. */
  readonly argv: readonly [string, ...string[]];
  /**
   * The program's whole environment. Names that are no shell names (`[A-Za-z_][A-Za-z0-9_]*`) are left out. It never
   * touches what Conifer runs to build the sandbox.
   */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly limits: SandboxLimits;
  /**
   * Gives way where processors are short: all of these sandboxes together have a tenth of the weight of all others together,
   * and of each of Conifer's processes. Where the machine cannot weigh, they are niced.
   */
  readonly background?: true;
  /**
   * `own`: a network of its own where `abilities.network` is so, in which this machine's loopback and its other
   * sandboxes are out of reach. Missing: this machine's network, with whatever proxies it has on loopback.
   */
  readonly network?: "own";
  /** A terminal as standard input, output and error, controlling terminal of the program. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
  /** `pipe` gives `Sandbox.stdin`; `none` is `/dev/null`. Without meaning when there is a terminal. */
  readonly stdin: "pipe" | "none";
}

/**
 * How a sandbox's main program ended. `code` is 128 + the signal's number when a signal ended it; `signal` is told only
 * when the sandbox as a whole was killed.
 */
export interface SandboxExit {
  readonly code: number;
  readonly signal?: NodeJS.Signals;
  /** Why the sandbox could not be built; the program never ran. */
  readonly setUpError?: string;
}

/** A program to start beside the main one of a running sandbox. */
export type EnteringProgram = Pick<SandboxSpec, "argv" | "env" | "cwd" | "terminal" | "guest">;

/** It ends with the sandbox at the latest. */
export interface EnteredProgram {
  /** As those of a sandbox; its input is always a pipe where there is no terminal. */
  readonly pipes?: Sandbox["pipes"];
  readonly terminal?: Duplex;
  /** Resolves with its status when it has ended, whatever it has started. Never rejects. */
  readonly exited: Promise<number>;
  /** Reaches it and what it has started, but for what began a session of its own; also after its end. */
  signal(name: "SIGHUP" | "SIGKILL"): void;
}

/** A TCP socket on which a process of the sandbox listens. */
export interface ListeningSocket {
  /** As bound: `0.0.0.0`, `::`, `127.0.0.1` … */
  readonly address: string;
  readonly port: number;
  /** Where this machine reaches it; missing when it is bound to loopback or another single address. */
  readonly reachableAt?: { readonly host: string; readonly port: number };
}

/** A running sandbox. When its main program ends, or this process dies, every process in it is killed. */
export interface Sandbox {
  readonly id: string;
  /** The outermost process on this machine. */
  readonly pid: number;
  /** Exactly one of `pipes` and `terminal` is there. Read them to their ends: a full pipe blocks the program. */
  readonly pipes?: { readonly stdin?: Writable; readonly stdout: Readable; readonly stderr: Readable };
  readonly terminal?: Duplex;
  /** Resolves when the main program has ended and no process is left. Never rejects. */
  readonly exited: Promise<SandboxExit>;
  /** Sends a signal to every process in the sandbox but its init. Does nothing after the end. */
  signal(name: "SIGTERM" | "SIGHUP" | "SIGINT" | "SIGKILL"): void;
  /** Ends all of it now. */
  kill(): void;
  /**
   * Starts a program in the sandbox: with its files, network, user, limits, and its processes in sight. Throws when the
   * sandbox is ending, or has not begun.
   */
  enter(program: EnteringProgram): Promise<EnteredProgram>;
  /** Stops every process from being scheduled, until `thaw` or `kill`. Only where `abilities.freezer`. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /**
   * Sockets that the sandbox's own processes hold, on whatever network they share with others. With a port: only sockets on
   * it, which costs little when there is none.
   */
  listeningSockets(port?: number): Promise<readonly ListeningSocket[]>;
  /** True while a connection to that local port is established. */
  hasConnections(port: number): Promise<boolean>;
  /**
   * Memory of all its processes: from the cgroup, without content of files that can be dropped at once; else the sum of their
   * resident sets. A caller to whom numbers below `exactFrom` are all alike may get one that is too high then, for far less work.
   */
  memoryBytes(exactFrom?: number): Promise<number>;
  /**
   * What is on the disk for this sandbox alone: what its program has written and, where there are no overlays, a copy of its
   * layers. Not counted further than `most`. With `unnamed`, removed files are among it while a process has them open
   * or, where Conifer is root, mapped.
   */
  written(most: TreeSize, also?: { readonly unnamed: boolean }): Promise<TreeSize>;
  /** True when it was ended for using more memory than its limit. */
  ranOutOfMemory(): Promise<boolean>;
  /** Kills what still runs, removes cgroup, network and `directory`. May be called at any time, also twice. */
  cleanUp(): Promise<void>;
}

/**
 * Starts sandboxes on this machine; made once a process by `openSandboxes`. `stop` takes away what all sandboxes share,
 * once none runs any more.
 */
export interface Sandboxes extends Running {
  readonly abilities: SandboxAbilities;
  /** Who owns, on this machine, the files a sandboxed program may change. Missing: the user who runs Conifer. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Who owns, on this machine, the files that a sandbox with `builder` may change. Missing: the user who runs Conifer. */
  readonly builder?: { readonly uid: number; readonly gid: number };
  /**
   * Returns when the processes exist; the program itself runs some milliseconds later. A program that cannot be found
   * ends with code 127. Throws when the sandbox cannot be built at all, leaving nothing behind.
   */
  start(spec: SandboxSpec): Promise<Sandbox>;
  /** Ends and removes every sandbox whose `directory` lay in this folder, left by a process that was killed. */
  removeRemains(parent: string): Promise<void>;
}
