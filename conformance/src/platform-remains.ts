import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listIfThere } from "./passing-files.ts";

/** What a platform that has ended may not leave behind on the machine, one line for each thing found. */
export function findRemains(home: string): readonly string[] {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return [
    ...mounts.filter((line) => line.includes(home)).map((line) => `mount: ${line}`),
    ...findGroups(home).map((path) => `cgroup: ${path}`),
    ...listIfThere(join(home, "dynos"))
      .filter((name) => !name.startsWith("."))
      .map((name) => `dyno folder: ${name}`),
    ...listIfThere(join(home, "builds"))
      .filter((name) => !name.startsWith("."))
      .flatMap((name) => listIfThere(join(home, "builds", name)).map((file) => `${name}/${file}`))
      .filter((path) => !KEPT.test(path))
      .map((path) => `of a build: ${path}`),
  ];
}

/** How a build ended and what it said: remembered for a control that asks again. */
const KEPT = /\/(result\.json|output\.log)$/;

/** Deep enough for a group below that of a systemd user session or of a container. */
const DEPTH = 7;

/** The groups of a home, in every hierarchy. */
export function findGroups(home: string): readonly string[] {
  const name = `conifer-${createHash("sha256").update(home).digest("hex").slice(0, 12)}`;
  const walk = (folder: string, depth: number): readonly string[] =>
    depth === 0
      ? []
      : listIfThere(folder).flatMap((entry) =>
          entry === name ? [join(folder, entry)] : walk(join(folder, entry), depth - 1),
        );
  return walk("/sys/fs/cgroup", DEPTH);
}
