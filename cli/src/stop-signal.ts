import { CliError } from "./cli-error.ts";

/** Aborts at the first Ctrl-C or SIGTERM, so that what was begun can be put right; a second one ends at once. */
export function stopSignal(message: string): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => controller.abort(new CliError("failed", message)));
  }
  return controller.signal;
}
