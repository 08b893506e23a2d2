import { type ChildProcess, spawn } from "node:child_process";
import { PassThrough, type Readable } from "node:stream";

/** What every git process of ours runs with: our configuration file and nobody else's. */
export interface GitSettings {
  /** Holds every repository, the hooks and the configuration. */
  readonly folder: string;
  readonly configFile: string;
  /** PATH for git and its children. */
  readonly path: string;
  /** Largest pack of one push. */
  readonly maxPackBytes: number;
  /** Removes, once, what processes that are gone left in a repository; to be awaited before it is used. */
  readonly sweep: (repository: string) => Promise<void>;
}

/** git ended with a failure; the message holds what it wrote to its standard error. */
export class GitFailed extends Error {
  override readonly name = "GitFailed";
  readonly exitCode: number | null;
  constructor(args: readonly string[], exitCode: number | null, stderr: string) {
    super(`git ${args[0]} failed: ${stderr.trim() || `exit status ${exitCode}`}`);
    this.exitCode = exitCode;
  }
}

const STDERR_LIMIT = 8 * 1024;

/**
 * The whole environment of a git process. Neither the system's nor any user's configuration is read: HOME and the
 * XDG variables are absent, and GIT_CONFIG_GLOBAL names our file (git-config(1), "ENVIRONMENT").
 */
export function gitEnvironment(settings: GitSettings): Record<string, string> {
  return {
    PATH: settings.path,
    LANG: "C.UTF-8",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: settings.configFile,
    GIT_TERMINAL_PROMPT: "0",
  };
}

export interface GitRun {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Standard input; empty by default. */
  readonly input?: string;
}

/** Runs git and returns what it printed, at most 64 MiB of it. Throws GitFailed. */
export async function runGit(settings: GitSettings, args: readonly string[], run: GitRun): Promise<string> {
  const stream = streamGit(settings, args, run);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > 64 * 1024 * 1024) throw new Error(`git ${args[0]} printed more than 64 MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Runs git and streams what it prints; the stream fails with GitFailed unless git exits with 0. */
export function streamGit(settings: GitSettings, args: readonly string[], run: GitRun): Readable {
  const child = spawn("git", args, {
    cwd: run.cwd,
    env: { ...gitEnvironment(settings), ...run.env },
    stdio: ["pipe", "pipe", "pipe"],
    signal: run.signal,
  });
  child.stdin.on("error", () => {});
  child.stdin.end(run.input ?? "");
  const output = new PassThrough();
  const stderr = collectStderr(child);
  child.stdout.pipe(output, { end: false });
  child.once("error", (cause) =>
    output.destroy(new Error(`git could not be run: ${cause.message}`, { cause })),
  );
  child.once("close", (code) => {
    if (code === 0) output.end();
    else output.destroy(new GitFailed(args, code, stderr()));
  });
  output.once("close", () => child.kill());
  return output;
}

/** Keeps the last few KiB of a child's standard error. */
export function collectStderr(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    text = (text + chunk.toString("utf8")).slice(-STDERR_LIMIT);
  });
  return () => text;
}
