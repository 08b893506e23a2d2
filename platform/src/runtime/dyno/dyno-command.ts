/** People type for bash; where the base has none, the POSIX shell must do. */
const SHELL_LINE = 'if [ -x /bin/bash ]; then exec /bin/bash -c "$1"; else exec /bin/sh -c "$1"; fi';

/** How a line of shell is run in a dyno. */
export function shellArgv(line: string): readonly string[] {
  return ["/bin/sh", "-c", SHELL_LINE, "sh", line];
}

/** How long a one-off dyno waits for its client (R13). */
export const AWAIT_CLIENT_MS = 60_000;
