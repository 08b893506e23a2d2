import { BUILDAH_PATHS } from "../../buildah/builds/index.ts";
import type { Pod } from "../client/index.ts";
import { type BuildPlacement, type BuildPodOptions, makeBuildPod, TRUST_FILE } from "./build-pod.ts";
import { POD_PATHS } from "./build-task.ts";

/** Ids of the node that these builds have as theirs, far from those that people and other pods are given. */
export const DOCKERFILE_IDS = { first: 1_879_048_192, count: 65_536 } as const;

/** What the first container says to the one that builds. */
export const PLAN_FOLDER = "/conifer/plan";
/** Where tools look for the system's certificates. */
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

const MIB = 1024 * 1024;
const SMALL_BYTES = 256 * MIB;
const WAITING_BYTES = 16 * MIB;
const SMALL_MILLIS = 5;

interface DockerfilePart {
  readonly name: "prepare" | "builder" | "deliver";
  readonly before: string;
  readonly after: string;
  readonly program: string;
  readonly mounts: readonly Mount[];
  readonly memoryBytes: number;
}

type Mount = readonly [volume: string, path: string, use?: "read"];

/** Folders on the node's disk; what is not named here is small. */
const LARGE = ["workspace", "storage", "out", "work", "cache"] as const;
const SMALL = ["plan", "home", "run", "tmp", "turns"] as const;

/**
 * The pod of a build by Dockerfiles: its containers take turns as those of buildpacks do. The one in the middle runs what the
 * source says. It has no credential, no network that other builds have not, and nothing of the node: it begins as root with two
 * capabilities, to give the ids of a user namespace of its own, and the processes in there have none outside of it.
 */
export function makeDockerfilePod(
  spec: Parameters<typeof makeBuildPod>[0],
  attempt: number,
  options: Pick<BuildPodOptions, "placement" | "hostEnv" | "isWhole">,
): Pod {
  const { placement, isWhole } = options;
  const user = { uid: DOCKERFILE_IDS.first, gid: DOCKERFILE_IDS.first };
  const frame = makeBuildPod(spec, attempt, { ...options, placement: { ...placement, user } });
  const parts = partsWith(placement);
  const memory = String(placement.memoryBytes + parts.length * WAITING_BYTES);
  const cpu = `${placement.cpuMillis + parts.length * SMALL_MILLIS}m`;
  return {
    ...frame,
    spec: {
      ...frame.spec,
      ...(isWhole ? { resources: { requests: { memory, cpu }, limits: { memory } } } : {}),
      containers: parts.map((part) => container(part, options)),
      volumes: volumes(frame.metadata.name, placement),
    },
  };
}

function partsWith({ memoryBytes, trust }: BuildPlacement): readonly DockerfilePart[] {
  const { workspace, storage, out, work, cache, home } = BUILDAH_PATHS;
  const task: Mount = ["task", POD_PATHS.task, "read"];
  const certificates: Mount[] = trust ? [["trust", CERTIFICATES, "read"]] : [];
  return [
    {
      ...{ name: "prepare", before: "-", after: "prepare", program: "prepare", memoryBytes: SMALL_BYTES },
      mounts: [task, ["plan", PLAN_FOLDER], ["home", home], ["workspace", workspace], ["cache", cache]],
    },
    {
      ...{ name: "builder", before: "prepare", after: "builder", program: "build", memoryBytes },
      mounts: [
        ...([
          ["plan", PLAN_FOLDER, "read"],
          ["home", home, "read"],
          ["workspace", workspace, "read"],
        ] as const),
        ...([
          ["storage", storage],
          ["out", out],
          ["work", work],
          ["cache", cache],
        ] as const),
        ...([
          ["run", "/run"],
          ["tmp", "/tmp"],
          ["tmp", "/var/tmp"],
        ] as const),
        ...certificates,
      ],
    },
    {
      ...{ name: "deliver", before: "builder", after: "-", program: "deliver", memoryBytes: SMALL_BYTES },
      mounts: [task, ["plan", PLAN_FOLDER, "read"], ["out", out, "read"], ["cache", cache, "read"]],
    },
  ];
}

function container(
  { name, before, after, program, mounts, memoryBytes }: DockerfilePart,
  { placement, hostEnv, isWhole }: Pick<BuildPodOptions, "placement" | "hostEnv" | "isWhole">,
): Record<string, unknown> {
  const limit = String(memoryBytes);
  const memory = isWhole ? String(WAITING_BYTES) : limit;
  const isBuilder = name === "builder";
  const env = isBuilder ? Object.entries(hostEnv) : [];
  return {
    ...{ name, image: placement.builderImage, imagePullPolicy: "IfNotPresent" },
    command: ["/cnb/conifer/take-turn", before, after, "node", "/cnb/conifer/pod.mjs", program],
    workingDir: "/",
    // Kubernetes puts variables in place of names in parentheses behind a dollar sign.
    env: env.map(([key, value]) => ({ name: key, value: value.replaceAll("$", "$$$$") })),
    resources: {
      requests: { memory, cpu: `${isBuilder ? placement.cpuMillis : SMALL_MILLIS}m` },
      limits: { memory: limit },
    },
    securityContext: isBuilder ? BUILDER_CONTEXT : PLAIN_CONTEXT,
    volumeMounts: [...mounts, ["turns", POD_PATHS.turns] as const].map(([volume, mountPath, use]) => ({
      name: volume,
      mountPath,
      ...(volume === "trust" ? { subPath: TRUST_FILE } : {}),
      ...(use === "read" ? { readOnly: true } : {}),
    })),
  };
}

const PLAIN_CONTEXT = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  readOnlyRootFilesystem: true,
};

/**
 * A user namespace and the mounts in it are what the usual filters of a container runtime refuse. Nothing gains rights by
 * running a program, and of root's own rights it has those to give ids to a namespace.
 */
const BUILDER_CONTEXT = {
  ...PLAIN_CONTEXT,
  ...{ runAsNonRoot: false, runAsUser: 0, runAsGroup: 0 },
  capabilities: { drop: ["ALL"], add: ["SETGID", "SETUID"] },
  seccompProfile: { type: "Unconfined" },
  appArmorProfile: { type: "Unconfined" },
};

function volumes(secretName: string, { trust, diskBytes }: BuildPlacement): object[] {
  const folder = (name: string, bytes: number) => ({ name, emptyDir: { sizeLimit: String(bytes) } });
  return [
    { name: "task", secret: { secretName, defaultMode: 0o444 } },
    ...LARGE.map((name) => folder(name, diskBytes)),
    ...SMALL.map((name) => folder(name, 64 * MIB)),
    ...(trust ? [{ name: "trust", configMap: { name: trust } }] : []),
  ];
}
