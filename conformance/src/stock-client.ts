import { type ExecFileException, execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type LiveCommand, type LiveTerminal, startCommand, startTerminal } from "./live-command.ts";
import { patience } from "./patience.ts";
import { CLONE, type RunningPlatform } from "./running-platform.ts";

/** The client that the journeys are driven with, as users install it. */
export const CLIENT_VERSION = "11.10.0";

const run = promisify(execFile);

/** Installs the client once for this machine, in a folder of its own, and returns its program. */
export async function installStockClient(): Promise<string> {
  const folder = join(
    process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"),
    "conifer",
    `heroku-${CLIENT_VERSION}`,
  );
  const program = join(folder, "node_modules", ".bin", "heroku");
  if (existsSync(program)) return program;
  const making = `${folder}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  writeFileSync(join(making, "package.json"), '{"private":true}\n');
  const args = [
    "install",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    `heroku@${CLIENT_VERSION}`,
  ];
  await run("npm", args, { cwd: making, timeout: 300_000 });
  try {
    // In one step: others look for the program, and use it from then on.
    renameSync(making, folder);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    if (!existsSync(program)) throw error;
  }
  return program;
}

export interface CommandResult {
  /** 1 also when it was ended by a signal, which `all` then tells. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, as a person would see them. */
  readonly all: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly timeoutMs?: number;
}

/** A person at a shell that points at a platform: a home, a folder, and the variables that `npm run -s env` prints. */
export interface Person {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  /** A new folder in the person's home. */
  folder(name: string): string;
  heroku(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  git(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Types an npm command in the clone. */
  npm(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Starts the client and leaves it running, with pipes. */
  start(args: readonly string[], options?: CommandOptions): LiveCommand;
  /** Starts the client in a terminal. */
  terminal(args: readonly string[], options?: TerminalOptions): LiveTerminal;
  /** Starts git and leaves it running. */
  startGit(args: readonly string[], options?: CommandOptions): LiveCommand;
  leave(): void;
}

export interface TerminalOptions extends CommandOptions {
  readonly columns?: number;
  readonly rows?: number;
}

const COMMAND_MS = 120_000;
/** Of git: a push lasts as long as its build. */
const GIT_MS = 600_000;

/**
 * Sits a person down at a platform. With `logIn` the token is in the netrc, as after `heroku login -i`, and once more where
 * git finds it itself: asking the client takes two of its starts for each push, four seconds of a processor.
 */
export async function sitDown(platform: RunningPlatform, options: { logIn: boolean }): Promise<Person> {
  const client = await installStockClient();
  const home = mkdtempSync(join(tmpdir(), "conifer-person-"));
  // Git calls the client by its name for credentials.
  const base = { ...shellEnvironment(home, dirname(client)), NODE_COMPILE_CACHE: compiled(client) };
  const exports = await run("npm", ["run", "-s", "env"], {
    cwd: CLONE,
    env: { ...base, CONIFER_HOME: platform.home },
  });
  const env = { ...base, ...(await evaluate(exports.stdout, base)) };
  if (options.logIn) writeNetrc(home, platform);
  const command =
    (program: string, timeoutMs = COMMAND_MS) =>
    async (args: readonly string[], more: CommandOptions = {}) =>
      await execute(program, args, { cwd: home, timeoutMs, ...more, env: { ...env, ...more.env } });
  const place = (more: CommandOptions = {}) => ({ cwd: more.cwd ?? home, env: { ...env, ...more.env } });
  await execute("git", ["config", "--global", "user.email", "person@example.com"], { cwd: home, env });
  await execute("git", ["config", "--global", "user.name", "A Person"], { cwd: home, env });
  await execute("git", ["config", "--global", "init.defaultBranch", "main"], { cwd: home, env });
  return {
    home,
    env,
    folder: (name) => {
      mkdirSync(join(home, name), { recursive: true });
      return join(home, name);
    },
    heroku: command(client),
    git: command("git", GIT_MS),
    npm: (args, more) =>
      command("npm")(args, { cwd: CLONE, ...more, env: { CONIFER_HOME: platform.home, ...more?.env } }),
    start: (args, more) => startCommand(client, args, place(more)),
    terminal: (args, more) => startTerminal(client, args, { ...more, ...place(more) }),
    startGit: (args, more) => startCommand("git", args, place(more)),
    leave: () => rmSync(home, { recursive: true, force: true }),
  };
}

function shellEnvironment(home: string, programs: string): Record<string, string> {
  const { PATH = "", NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, KUBECONFIG } = process.env;
  return {
    HOME: home,
    PATH: `${programs}:${PATH}`,
    TERM: "dumb",
    NO_COLOR: "1",
    LANG: "C.UTF-8",
    ...(KUBECONFIG ? { KUBECONFIG } : {}),
    ...(NODE_EXTRA_CA_CERTS ? { NODE_EXTRA_CA_CERTS } : {}),
    ...(SSL_CERT_FILE ? { SSL_CERT_FILE } : {}),
  };
}

/** What a shell's environment is after it has evaluated the lines. */
async function evaluate(lines: string, env: Record<string, string>): Promise<Record<string, string>> {
  const { stdout } = await run("sh", ["-c", `${lines}\nenv -0`], { env });
  const pairs = stdout.split("\0").filter((line) => line.includes("="));
  return Object.fromEntries(
    pairs.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

/** Where Node.js keeps what it has compiled of the client: a fifth of a command's processor time. */
const compiled = (client: string) => join(dirname(client), "..", "..", "compiled");

function writeNetrc(home: string, { access, apiPort }: RunningPlatform): void {
  const entry = (machine: string) =>
    `machine ${machine}\n  login ${access.email}\n  password ${access.token}\n`;
  const text = entry(`localhost:${apiPort}`) + entry("localhost");
  writeFileSync(join(home, ".netrc"), text, { mode: 0o600 });
}

/** Runs a program to its end; what it ends with is no error. */
export async function execute(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const timeout = patience(options.timeoutMs ?? COMMAND_MS);
  return await new Promise((resolve) => {
    const child = execFile(
      program,
      [...args],
      {
        cwd: options.cwd,
        env: { ...options.env },
        timeout,
        maxBuffer: 64 * 1024 * 1024,
      },
      (error: ExecFileException | null, stdout, stderr) => {
        const code = error ? (typeof error.code === "number" ? error.code : 1) : 0;
        const ended = error?.signal
          ? `\n(ended by ${error.signal}, after ${timeout / 1000} s at most)\n`
          : "";
        resolve({ code, stdout, stderr, all: stdout + stderr + ended });
      },
    );
    // A program that ends without reading is no fault of ours.
    child.stdin?.on("error", () => {}).end(options.stdin ?? "");
  });
}
