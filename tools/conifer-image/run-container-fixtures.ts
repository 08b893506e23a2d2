import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { awaitLine } from "../../conformance/src/await-line.ts";
import { within } from "../../conformance/src/running-platform.ts";
import type { OciConfig } from "../../platform/src/delivery/image/index.ts";
import { findProgram } from "../cluster/machine-needs.ts";
import { type ContainerFlags, makeRuncConfig } from "./container-flags-fixtures.ts";

/** Why containers cannot be run here, for a test's name; undefined where they can. On CI that is a failure. */
export function whyNoContainers(): string | undefined {
  const missing = ["runc", "ip", "nft", "git", "curl"].filter((name) => !findProgram(name));
  const why =
    process.getuid?.() !== 0 ? "needs root" : missing.length > 0 ? `needs ${missing.join(", ")}` : undefined;
  if (why !== undefined && process.env.CI === "true") throw new Error(`this test ${why}`);
  return why;
}

/** A network that a container alone is in, at an address that this machine reaches. */
export interface ContainerNetwork {
  readonly path: string;
  readonly address: string;
  remove(): void;
}

/** Makes one, of the addresses for benchmarks (RFC 2544), by this process's id and a number. */
export function makeContainerNetwork(n: number): ContainerNetwork {
  const name = `cnfbox${process.pid % 100_000}-${n}`;
  const [third, fourth] = [process.pid % 256, (n * 4) % 252];
  const at = (host: number) => `198.18.${third}.${fourth + host}`;
  const link = `cfb${process.pid % 100_000}-${n}`;
  const ip = (...args: string[]) => execFileSync("ip", args, { stdio: "pipe" });
  const inside = (...args: string[]) => ip("-n", name, ...args);
  ip("netns", "add", name);
  ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name);
  ip("addr", "add", `${at(1)}/30`, "dev", link);
  ip("link", "set", link, "up");
  inside("addr", "add", `${at(2)}/30`, "dev", "eth0");
  for (const one of ["lo", "eth0"]) inside("link", "set", one, "up");
  inside("route", "add", "default", "via", at(1));
  return {
    path: `/run/netns/${name}`,
    address: at(2),
    // The link's other end goes with it.
    remove: () => void ip("netns", "del", name),
  };
}

export interface ContainerOptions {
  readonly image: OciConfig;
  readonly flags: ContainerFlags;
  readonly rootfs: string;
  readonly volume: string;
  readonly network: ContainerNetwork;
  /** A folder of the container's own, for what an engine keeps of it. */
  readonly place: string;
  readonly name: string;
}

export interface RunContainer {
  output(): string;
  /** Resolves when it says that it is ready. */
  ready(): Promise<void>;
  /** As `docker exec` does. Returns what was said; throws where the status is not 0. */
  exec(...argv: string[]): string;
  /** As `docker stop --time` does: SIGTERM to process 1, and SIGKILL when the time is over. Resolves with the status. */
  stop(): Promise<number | null>;
  /** As `docker kill` does. */
  kill(): Promise<number | null>;
  readonly ended: Promise<number | null>;
}

const READY_MS = 120_000;
const STOP_MS = 60_000;

/** Starts what the image begins with, in a container with the rights that the flags give. */
export function runContainer(options: ContainerOptions): RunContainer {
  const { place, name, network } = options;
  mkdirSync(place, { recursive: true });
  // A resolver that nobody is, but not on loopback.
  writeFileSync(join(place, "resolv.conf"), "nameserver 192.0.2.53\n");
  writeFileSync(join(place, "hosts"), "127.0.0.1 localhost\n");
  const site = { ...options, network: network.path, group: name, files: place };
  writeFileSync(
    join(place, "config.json"),
    JSON.stringify(makeRuncConfig(options.image, options.flags, site)),
  );
  const state = join(place, "state");
  const child = spawn("runc", ["--root", state, "run", "--bundle", place, name], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += chunk));
  const ended = once(child, "close").then(([code]) => code as number | null);
  const runc = (...args: string[]) =>
    execFileSync("runc", ["--root", state, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const end = async (signal: string) => {
    if (child.exitCode === null && child.signalCode === null) runc("kill", name, signal);
    return await within(ended, STOP_MS, `the container did not end in its time:\n${text}`).catch((thrown) => {
      runc("kill", name, "KILL");
      throw thrown;
    });
  };
  return {
    output: () => text,
    ready: () =>
      awaitLine(child, {
        ...{ who: "the container", line: "Good to know", withinMs: READY_MS, text: () => text },
      }),
    exec: (...argv) => {
      const { status, stdout, stderr } = spawnSync("runc", ["--root", state, "exec", name, ...argv], {
        encoding: "utf8",
      });
      if (status !== 0) throw new Error(`${argv.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
      return stdout;
    },
    stop: () => end("TERM"),
    kill: () => end("KILL"),
    ended,
  };
}

/** What containers of such names have left on the machine: groups, processes and mounts. */
export function containerRemains(name: string, folder: string): readonly string[] {
  const hierarchies = readdirSync("/sys/fs/cgroup").map((one) => join("/sys/fs/cgroup", one));
  const groups = ["/sys/fs/cgroup", ...hierarchies]
    .map((one) => join(one, name))
    .filter((one) => existsSync(one));
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const states = existsSync(join(folder, "state")) ? readdirSync(join(folder, "state")) : [];
  return [...groups, ...mounts.filter((line) => line.includes(folder)), ...states];
}

/** Removes what a test made, where nothing is mounted any more. */
export function removeContainerFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
