import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { runTool } from "../../shared/run-tool.ts";
import { goAdvice } from "./go-failures.ts";

/** How much of the output's end is looked through for the cause of a failure; characters. */
const MOST_KEPT = 200_000;

export interface GoCall {
  readonly context: BuildContext;
  readonly root: string;
  readonly env: BuildContext["env"];
}

/**
 * Runs `go` in the app's folder. `show` sends its output to the log as it comes; otherwise it is told of a failure
 * only. Resolves with the output, throws a BuildFailure that begins with `failure` when it fails.
 */
export async function callGo(
  { context, root, env }: GoCall,
  args: readonly string[],
  { show, failure }: { readonly show: boolean; readonly failure: string },
): Promise<string> {
  const lines: string[] = [];
  let length = 0;
  const keep = (line: string) => {
    if (show) context.log.detail(line);
    lines.push(line);
    length += line.length;
    // What is not shown is read by the caller, and whole.
    while (show && length > MOST_KEPT) length -= lines.shift()?.length ?? length;
  };
  const code = await runTool({
    command: path.join(root, "bin", "go"),
    args,
    cwd: context.appDir,
    env,
    log: { detail: keep },
    signal: context.signal,
  });
  const output = lines.join("\n");
  if (code === 0) return output;
  if (!show) context.log.detail(output.slice(-10_000));
  throw new BuildFailure(failure, goAdvice(output));
}
