import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pod } from "../client/index.ts";

export const MIB = 2 ** 20;
/** A pod's uid and a container's id, as clusters make them. */
export const UID = "3f2b1c4d-aaaa-4bbb-8ccc-0123456789ab";
export const CONTAINER_ID = "f".repeat(63);

/** A folder with files as the kernel shows cgroups; removed by `remove`. */
export interface CgroupTree {
  readonly root: string;
  /** Makes a group, or gives it other numbers. Bytes. */
  group(path: string, used: number, inactive?: number): string;
  end(path: string): void;
  remove(): void;
}

export function makeCgroupTree(version: 1 | 2): CgroupTree {
  const root = mkdtempSync(join(tmpdir(), "conifer-cgroups-"));
  const top = version === 2 ? root : join(root, "memory");
  mkdirSync(top, { recursive: true });
  if (version === 2) writeFileSync(join(root, "cgroup.controllers"), "cpu memory pids\n");
  // A hybrid machine has version 2 beside version 1, without memory.
  else mkdirSync(join(root, "unified"));
  return {
    root,
    group: (path, used, inactive = 0) => {
      const folder = join(top, path);
      mkdirSync(folder, { recursive: true });
      const [current, stat] =
        version === 2
          ? ["memory.current", `anon ${used - inactive}\nfile ${inactive}\ninactive_file ${inactive}\n`]
          : ["memory.usage_in_bytes", `cache 1\ninactive_file 7\ntotal_inactive_file ${inactive}\n`];
      writeFileSync(join(folder, current ?? ""), `${used}\n`);
      writeFileSync(join(folder, "memory.stat"), stat ?? "");
      return folder;
    },
    end: (path) => rmSync(join(top, path), { recursive: true, force: true }),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

export interface QuotaPod {
  readonly name?: string;
  readonly uid?: string;
  readonly memory?: string;
  readonly containerId?: string | undefined;
  readonly state?: "running" | "waiting" | "terminated";
  readonly labels?: Readonly<Record<string, string>>;
}

/** A dyno's pod as its node tells of it. */
export function quotaPod(change: QuotaPod = {}): Pod {
  const { name = "web.1", uid = UID, memory = "536870912", state = "running" } = change;
  const containerId = "containerId" in change ? change.containerId : `containerd://${CONTAINER_ID}`;
  return {
    ...{ apiVersion: "v1", kind: "Pod" },
    metadata: {
      ...{ name: "dyno-d1-abc", namespace: "conifer-apps", uid },
      labels: { "conifer.dev/app": "a1", "conifer.dev/dyno": "d1", ...change.labels },
      annotations: { "conifer.dev/name": name },
    },
    spec: { containers: [{ name: "dyno", resources: { requests: { memory } } }] },
    status: {
      phase: "Running",
      containerStatuses: [
        {
          ...{ name: "dyno", restartCount: 0 },
          ...(containerId === undefined ? {} : { containerID: containerId }),
          state: { [state]: state === "terminated" ? { exitCode: 1 } : {} },
        },
      ],
    },
  };
}
