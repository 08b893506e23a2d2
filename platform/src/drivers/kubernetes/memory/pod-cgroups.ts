import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";

/** Finds containers' cgroups in a node's tree, whoever made it. */
export interface PodCgroups {
  /** The folder of a pod's container in the hierarchy that counts memory; undefined while there is none. */
  find(uid: string, containerId: string): string | undefined;
}

export interface PodCgroupsOptions {
  /** The node's `/sys/fs/cgroup`. */
  readonly root: string;
  readonly nowMs: () => number;
  /** The whole tree is walked so often at the most. Default 10 s. */
  readonly walkAgainMs?: number;
}

const WALK_AGAIN_MS = 10_000;
/** A kubelet's folders lie at most so deep, also one that is told to keep below a group of its own. */
const DEEPEST = 6;
/** Folders of a node that are looked into at most in one walk. */
const MOST_FOLDERS = 5_000;

/**
 * A kubelet makes a folder for each pod below one for each class of pods, below one for all: `kubepods/burstable/pod<uid>`, or
 * with systemd `kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<uid>.slice`, the uid with underscores. Where
 * the top of that lies is the operator's choice. So the folders that hold pods are looked for once and remembered.
 */
export function makePodCgroups({ root, nowMs, walkAgainMs = WALK_AGAIN_MS }: PodCgroupsOptions): PodCgroups {
  let homes: readonly string[] = [];
  let walkedAt = Number.NEGATIVE_INFINITY;
  const findPod = (uid: string) =>
    homes.flatMap((home) => podFolders(home, uid)).find((at) => existsSync(at));
  return {
    find: (uid, containerId) => {
      let pod = findPod(uid);
      const now = nowMs();
      if (!pod && Math.abs(now - walkedAt) >= walkAgainMs) {
        walkedAt = now;
        homes = homesOfPods(memoryRoot(root));
        pod = findPod(uid);
      }
      const name = pod && foldersIn(pod).find((each) => isOfContainer(each, containerId));
      return pod && name ? join(pod, name) : undefined;
    },
  };
}

/** Version 2 has one hierarchy; version 1 one for each controller. */
function memoryRoot(root: string): string {
  return existsSync(join(root, "cgroup.controllers")) ? root : join(root, "memory");
}

function podFolders(home: string, uid: string): string[] {
  const parent = basename(home);
  if (!parent.endsWith(".slice")) return [join(home, `pod${uid}`)];
  return [join(home, `${parent.slice(0, -".slice".length)}-pod${uid.replaceAll("-", "_")}.slice`)];
}

const POD = /(?:^|-)pod[0-9a-f]{8}[0-9a-f_-]{24,28}(?:\.slice)?$/;
/** What is no kubelet's: single services, and what people run. */
const FOREIGN = /\.(?:scope|service|socket|mount|swap)$|^user\.slice$/;

/** The folders that hold folders of pods. */
function homesOfPods(top: string): string[] {
  const homes: string[] = [];
  let level = [top];
  let left = MOST_FOLDERS;
  for (let depth = 0; depth < DEEPEST && level.length > 0; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      if (left-- <= 0) return homes;
      const names = foldersIn(folder);
      if (names.some((name) => POD.test(name))) homes.push(folder);
      for (const name of names) if (!POD.test(name) && !FOREIGN.test(name)) next.push(join(folder, name));
    }
    level = next;
  }
  return homes;
}

/** `<id>`, or `<runtime>-<id>.scope` with systemd; a runtime may keep a watcher of its own beside it. */
function isOfContainer(name: string, id: string): boolean {
  const bare = name.endsWith(".scope") ? name.slice(0, -".scope".length) : name;
  return bare === id || (bare.endsWith(`-${id}`) && !bare.includes("conmon"));
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch {
    return [];
  }
}
