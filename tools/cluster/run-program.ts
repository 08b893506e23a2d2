import { spawn } from "node:child_process";
import { ClusterError } from "./cluster-error.ts";

interface ProgramOptions {
  /** What the program reads. */
  readonly input?: string;
  /** Called with each piece of standard error as it comes, beside its being kept for the message. */
  readonly onOutput?: (text: string) => void;
  readonly environment?: NodeJS.ProcessEnv;
  readonly folder?: string;
}

const KEPT = 8_000;

/**
 * Runs a program and returns what it printed.
 * @throws ClusterError that names the program, how it ended and the last it said on standard error; also when it cannot be started
 */
export async function runProgram(
  command: string,
  args: readonly string[],
  { input, onOutput, environment, folder }: ProgramOptions = {},
): Promise<string> {
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "pipe"],
    ...(environment && { env: environment }),
    ...(folder !== undefined && { cwd: folder }),
  });
  let output = "";
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-KEPT);
    onOutput?.(text);
  });
  child.stdin.on("error", () => {}); // a program that ends before it has read all tells by its status
  child.stdin.end(input ?? "");
  const how = await new Promise<string | undefined>((resolve) => {
    child.once("error", (thrown) => resolve(thrown.message));
    child.once("close", (status, signal) =>
      resolve(status === 0 ? undefined : signal ? `ended by ${signal}` : `status ${status}`),
    );
  });
  if (how === undefined) return output;
  const name = [command, ...args].join(" ").slice(0, 120);
  throw new ClusterError("failed", `${name}: ${how}${said.trim() === "" ? "" : `\n${said.trim()}`}`);
}

/** The same for what may fail: whether it ended well. */
export async function tryProgram(command: string, args: readonly string[]): Promise<boolean> {
  return runProgram(command, args).then(
    () => true,
    () => false,
  );
}
