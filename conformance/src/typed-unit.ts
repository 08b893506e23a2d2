import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { awaitLine } from "./await-line.ts";
import { within } from "./running-platform.ts";

/** A systemd unit's settings by their names, in order; sections do not matter where no name is in two. */
export type UnitSettings = ReadonlyMap<string, readonly string[]>;

export function readUnit(text: string): UnitSettings {
  const settings = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [, name, value = ""] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) settings.set(name, [...(settings.get(name) ?? []), value]);
  }
  return settings;
}

/** The lines of a file for `EnvironmentFile=`: comments and empty lines are none. (systemd.exec(5)) */
export function readEnvironmentFile(text: string): Readonly<Record<string, string>> {
  const lines = text.split("\n").filter((line) => /^[A-Z_]+=/.test(line));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

export interface ServiceOptions {
  /** The path of the unit. */
  readonly unit: string;
  /** Says where a path of the unit is for this test. */
  readonly here: (path: string) => string;
  /** Variables that are this test's, such as ports that are free. */
  readonly env: Readonly<Record<string, string>>;
}

export interface StartedService {
  output(): string;
  /** As `systemctl stop` does with `KillMode=mixed`: the main process alone is told. Resolves with its status. */
  stop(): Promise<number | null>;
}

const READY_MS = 120_000;

/**
 * Starts what a unit starts, with its variables, its folder, and those of its protections that a process can give itself:
 * no new privileges, descriptors, and a system that is read-only where this is root.
 */
export async function startService({ unit, here, env }: ServiceOptions): Promise<StartedService> {
  const settings = readUnit(readFileSync(unit, "utf8"));
  const one = (name: string) => settings.get(name)?.at(-1) ?? "";
  const variables = Object.fromEntries(
    (settings.get("Environment") ?? []).flatMap((line) => line.split(" ").map((pair) => pair.split("="))),
  );
  const file = readEnvironmentFile(readFileSync(here(one("EnvironmentFile").replace(/^-/, "")), "utf8"));
  const all = Object.entries({ ...variables, ...file }).map(([name, value]) => [name, here(String(value))]);
  const [command = "", ...args] = [...fenceOf(one), ...here(one("ExecStart")).split(" ")];
  const child = spawn(command, args, {
    cwd: here(one("WorkingDirectory")),
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...Object.fromEntries(all), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += chunk));
  const ended = once(child, "exit").then(([code]) => code as number | null);
  await awaitLine(child, {
    ...{ who: "the service", line: "Conifer is ready", withinMs: READY_MS },
    text: () => text,
  });
  const stopMs = Number(one("TimeoutStopSec")) * 1_000;
  return {
    output: () => text,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill(one("KillSignal") as "SIGTERM");
      return await within(ended, stopMs, `the service did not end in its time:\n${text}`);
    },
  };
}

function fenceOf(one: (name: string) => string): readonly string[] {
  const readOnly = "for at in /usr /etc; do mount --bind $at $at; mount -o remount,bind,ro $at; done";
  return [
    // A run of tests that is killed must not leave it behind.
    ...["setpriv", "--pdeathsig", "TERM"],
    ...(one("ProtectSystem") === "full" && process.getuid?.() === 0
      ? ["unshare", "--mount", "--propagation", "slave", "sh", "-ec", `${readOnly}; exec "$@"`, "sh"]
      : []),
    ...["prlimit", `--nofile=${Math.min(Number(one("LimitNOFILE")), mostDescriptors())}`],
    ...(one("NoNewPrivileges") === "yes" ? ["setpriv", "--no-new-privs"] : []),
  ];
}

/** Where this process may not have as many as the unit gives. */
function mostDescriptors(): number {
  const [, hard = ""] = /^Max open files +\d+ +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
  return Number(hard) || Number.POSITIVE_INFINITY;
}
