/** An address and port that a process listens on. */
export interface ListeningPlace {
  readonly address: string;
  readonly port: number;
}

/** What the dyno manager says in an app's log, in Heroku's words (facts: runtime §4 and §5, routing §5). */
export const dynoTexts = {
  starting: (command: string) => `Starting process with command \`${command}\``,
  startingInside: (command: string) => `Starting process inside with command \`${command}\``,
  changed: (from: string, to: string) => `State changed from ${from} to ${to}`,
  restarting: "Restarting",
  terminating: "Stopping all processes with SIGTERM",
  killing: "Stopping process with SIGKILL",
  killingRest: "Stopping remaining processes with SIGKILL",
  exited: (status: number) => `Process exited with status ${status}`,
  awaitingClient: "Awaiting client",
  clientGone: "Client connection closed. Sending SIGHUP to all processes",
  idle: "Idle for an hour. Sending SIGHUP to all processes",
  lifetimeOver: "The time this dyno may run is over",
  bootTimeout: (seconds: number) =>
    `Error R10 (Boot timeout) -> Web process failed to bind to $PORT within ${seconds} seconds of launch`,
  exitTimeout: (seconds: number) =>
    `Error R12 (Exit timeout) -> At least one process failed to exit within ${seconds} seconds of SIGTERM`,
  attachError: "Error R13 (Attach error) -> Failed to attach to process",
  /** Both in bytes. */
  memoryInUse: (used: number, quota: number) =>
    `Process running mem=${Math.round(used / 2 ** 20)}M(${((used / quota) * 100).toFixed(1)}%)`,
  quotaExceeded: "Error R14 (Memory quota exceeded)",
  memoryExceeded: "Error R15 (Memory quota vastly exceeded)",
  diskExceeded: ({ bytes, entries }: { readonly bytes: number; readonly entries: number }) =>
    `Error: The dyno has written more than the ${Math.round(bytes / 2 ** 20)} MB, or ${entries} files, that it may. Its files begin anew when it starts again`,
  idling: "Idling",
  unidling: "Unidling",
  cycling: "Cycling",
  platformError: (message: string) => `Error R99 (Platform error) -> ${message}`,
} as const;

/** Tells a developer whose web process listens at the wrong place where it does, and where it should. */
export function wrongPlace(found: readonly ListeningPlace[], port: number): string | undefined {
  if (found.length === 0) return undefined;
  const places = found.map(({ address, port: at }) =>
    address.includes(":") ? `[${address}]:${at}` : `${address}:${at}`,
  );
  return `The process listens on ${[...new Set(places)].join(", ")}; listen on 0.0.0.0 or :: and on $PORT (${port}) to get requests`;
}
