import type { BuildSpec } from "../../../delivery/build/index.ts";
import { LAYOUTS, phaseEnvironment } from "../../cnb/builds/index.ts";
import { KIND, type Pod, type Secret } from "../client/index.ts";
import { buildLabels, buildObjectName } from "./build-labels.ts";
import { type BuildTask, POD_PATHS, TASK_FILE } from "./build-task.ts";

/** Where builds run, and with how much. */
export interface BuildPlacement {
  readonly namespace: string;
  /** `<registry as nodes call it>/<repository>@<digest>`. */
  readonly builderImage: string;
  readonly pullSecrets: readonly string[];
  readonly user: { readonly uid: number; readonly gid: number };
  /** What the app's own build may take: both what is set aside for it and the most it gets. */
  readonly memoryBytes: number;
  /** Thousandths of a core that are set aside; more is taken where nobody else wants it. */
  readonly cpuMillis: number;
  /** Bytes that each of the source, the layers and the image may take on the node's disk. */
  readonly diskBytes: number;
  /** Build-class nodes; any node when missing. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly object[];
  /** A class that gives way to dynos and takes nobody's place. */
  readonly priorityClass?: string;
  /** `ClusterFirst` where the registry is called by a Service's name. */
  readonly dnsPolicy: "Default" | "ClusterFirst";
  /** A ConfigMap with the certificates that builds trust; those of the image when missing. */
  readonly trust?: string;
  /** How long a pod of a node that does not answer is waited for. */
  readonly lostNodeSeconds: number;
}

/** The file in the ConfigMap of certificates. */
export const TRUST_FILE = "ca-certificates.crt";
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

const MIB = 1024 * 1024;

interface Part {
  readonly name: string;
  readonly argv: readonly string[];
  /** Volume → whether it may be written to. */
  readonly volumes: Readonly<Partial<Record<VolumeName, "read" | "write">>>;
  readonly memoryBytes?: number;
  /** Runs programs of buildpacks, which may write anywhere in their container and call registries of packages. */
  readonly buildpacks?: true;
}

type VolumeName = "task" | "build" | "layouts" | "layers" | "workspace" | "trust";

const PROGRAM = ["node", "/cnb/conifer/pod.mjs"];
const RUN = ["-run", `${POD_PATHS.build}/run.toml`];
const LAYERS = ["-layers", POD_PATHS.layers];
const APP = ["-app", POD_PATHS.workspace];
/** The cache is an image too: pods share no folder. */
const CACHE = ["-cache-image", LAYOUTS.cache.name];
const LAYOUT = ["-layout", "-layout-dir", POD_PATHS.layouts];
const INPUTS = [
  ...["-platform", `${POD_PATHS.build}/platform`, "-build-config", `${POD_PATHS.build}/build-config`],
  ...["-buildpacks", `${POD_PATHS.build}/buildpacks`],
];

/**
 * The containers of a pod in the order of their turns. What holds a credential runs nothing of buildpacks, and what runs
 * buildpacks reaches neither the credential nor what is pushed with it.
 */
function partsOf({ user, memoryBytes }: BuildPlacement): readonly Part[] {
  const owner = ["-uid", String(user.uid), "-gid", String(user.gid)];
  const phase = (name: string, ...args: string[]) => [`/cnb/lifecycle/${name}`, ...args];
  return [
    {
      name: "prepare",
      argv: [...PROGRAM, "prepare"],
      volumes: { task: "read", build: "write", layouts: "write", workspace: "write" },
    },
    {
      name: "analyzer",
      argv: phase(
        "analyzer",
        ...[...LAYERS, ...LAYOUT, ...RUN, ...owner],
        ...["-previous-image", LAYOUTS.previous.name, LAYOUTS.image.name],
      ),
      volumes: { build: "read", layouts: "read", layers: "write" },
    },
    {
      name: "detector",
      argv: phase(
        "detector",
        ...[...LAYERS, ...APP, ...INPUTS],
        ...["-order", `${POD_PATHS.build}/order.toml`, "-run", `${POD_PATHS.build}/run.toml`],
      ),
      volumes: { build: "read", layers: "write", workspace: "write", trust: "read" },
      buildpacks: true,
    },
    {
      name: "restorer",
      argv: phase("restorer", ...LAYERS, ...LAYOUT, ...CACHE, ...owner),
      volumes: { build: "read", layouts: "read", layers: "write" },
    },
    {
      name: "builder",
      argv: phase("builder", ...LAYERS, ...APP, ...INPUTS),
      volumes: { build: "read", layers: "write", workspace: "write", trust: "read" },
      memoryBytes,
      buildpacks: true,
    },
    {
      name: "exporter",
      argv: phase(
        "exporter",
        ...[...LAYERS, ...APP, ...LAYOUT, ...CACHE, ...RUN, ...owner, LAYOUTS.image.name],
      ),
      volumes: { build: "read", layouts: "write", layers: "write", workspace: "read" },
      memoryBytes: 512 * MIB,
    },
    {
      name: "deliver",
      argv: [...PROGRAM, "deliver"],
      volumes: { task: "read", build: "read", layouts: "read" },
    },
  ];
}

/** The names of a pod's containers, in the order of their turns. */
export const PARTS = [
  "prepare",
  "analyzer",
  "detector",
  "restorer",
  "builder",
  "exporter",
  "deliver",
] as const;
export type PartName = (typeof PARTS)[number];

/** What a build's pod is told. */
export function makeBuildSecret(task: BuildTask, attempt: number, namespace: string): Secret {
  return {
    apiVersion: KIND.secret.apiVersion,
    kind: KIND.secret.kind,
    metadata: {
      name: buildObjectName(task.spec.id, attempt),
      namespace,
      labels: buildLabels(task.spec, attempt),
    },
    type: "conifer.dev/build",
    data: { [TASK_FILE]: Buffer.from(JSON.stringify(task)).toString("base64") },
  };
}

export interface BuildPodOptions {
  readonly placement: BuildPlacement;
  readonly hostEnv: Readonly<Record<string, string>>;
  /**
   * Whether the cluster sets memory aside for a pod as a whole. Then it is what the hungriest turn may take, since the other
   * containers wait meanwhile; without, it is the sum of all.
   */
  readonly isWhole: boolean;
}

/** The pod of a build: all its containers begin at once and take turns; none is ever started again. */
export function makeBuildPod(
  spec: Pick<BuildSpec, "id" | "appId" | "ownerId" | "timeoutSeconds">,
  attempt: number,
  options: BuildPodOptions,
): Pod {
  const { placement, isWhole } = options;
  const { uid, gid } = placement.user;
  const { pullSecrets, nodeSelector, priorityClass } = placement;
  const name = buildObjectName(spec.id, attempt);
  const parts = partsOf(placement);
  return {
    apiVersion: KIND.pod.apiVersion,
    kind: KIND.pod.kind,
    metadata: { name, namespace: placement.namespace, labels: buildLabels(spec, attempt) },
    spec: {
      restartPolicy: "Never",
      activeDeadlineSeconds: Math.max(1, Math.ceil(spec.timeoutSeconds)),
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      dnsPolicy: placement.dnsPolicy,
      securityContext: {
        runAsNonRoot: true,
        ...{ runAsUser: uid, runAsGroup: gid },
        seccompProfile: { type: "RuntimeDefault" },
      },
      ...(pullSecrets.length > 0
        ? { imagePullSecrets: pullSecrets.map((secret) => ({ name: secret })) }
        : {}),
      ...(isWhole ? { resources: wholeResources(parts, placement) } : {}),
      ...(nodeSelector ? { nodeSelector } : {}),
      ...(priorityClass ? { priorityClassName: priorityClass } : {}),
      tolerations: [...tolerateLostNode(placement.lostNodeSeconds), ...(placement.tolerations ?? [])],
      containers: parts.map((part, n) => container(part, options, parts[n - 1]?.name)),
      volumes: volumes(name, placement),
    },
  };
}

/** Memory of what only moves files. */
const SMALL_BYTES = 256 * MIB;
/** Memory of a container that waits for its turn, or has had it: a shell. */
const WAITING_BYTES = 16 * MIB;
/** Thousandths of a core that are set aside for what only moves files. */
const SMALL_MILLIS = 5;

/** Requests equal limits: a build gets no memory that was not set aside. */
function wholeResources(parts: readonly Part[], { cpuMillis }: BuildPlacement): object {
  const memory = String(Math.max(...parts.map(limitOf)) + parts.length * WAITING_BYTES);
  return { requests: { memory, cpu: `${cpuMillis + parts.length * SMALL_MILLIS}m` }, limits: { memory } };
}

/** The most memory that a container may take. */
const limitOf = ({ memoryBytes = SMALL_BYTES }: Part) => memoryBytes;

function container(
  part: Part,
  { placement, hostEnv, isWhole }: BuildPodOptions,
  before: string | undefined,
): Record<string, unknown> {
  const limit = String(limitOf(part));
  const memory = isWhole ? String(WAITING_BYTES) : limit;
  const isLast = part.name === PARTS.at(-1);
  const env = part.name === "prepare" || isLast ? {} : phaseEnvironment(hostEnv);
  return {
    name: part.name,
    image: placement.builderImage,
    imagePullPolicy: "IfNotPresent",
    command: ["/cnb/conifer/take-turn", before ?? "-", isLast ? "-" : part.name, ...part.argv],
    workingDir: part.buildpacks ? POD_PATHS.workspace : "/",
    env: Object.entries(env).map(([name, value]) => ({ name, value: value.replaceAll("$", "$$$$") })),
    resources: {
      requests: { memory, cpu: part.name === "builder" ? `${placement.cpuMillis}m` : `${SMALL_MILLIS}m` },
      limits: { memory: limit },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      ...(part.buildpacks ? {} : { readOnlyRootFilesystem: true }),
    },
    volumeMounts: mounts(part, placement),
  };
}

function mounts(part: Part, { trust }: BuildPlacement): object[] {
  const paths = { ...POD_PATHS, trust: CERTIFICATES };
  const inFolder = part.name === "prepare";
  const listed = Object.entries(part.volumes) as [VolumeName, "read" | "write"][];
  const own = listed.flatMap(([name, use]) => {
    if (name === "trust" && !trust) return [];
    // The first container fills one folder, of which the others see parts.
    const isPart = inFolder && (name === "layouts" || name === "workspace");
    return [
      {
        name,
        mountPath: isPart ? `${POD_PATHS.build}/${name}` : paths[name],
        ...(name === "trust" ? { subPath: TRUST_FILE } : {}),
        ...(use === "read" ? { readOnly: true } : {}),
      },
    ];
  });
  return [...own, { name: "turns", mountPath: POD_PATHS.turns }];
}

function volumes(secretName: string, { trust, diskBytes }: BuildPlacement): object[] {
  const folder = (name: VolumeName, sizeLimit: number) => ({
    name,
    emptyDir: { sizeLimit: String(sizeLimit) },
  });
  return [
    { name: "task", secret: { secretName, defaultMode: 0o444 } },
    folder("build", 64 * MIB),
    ...(["workspace", "layers", "layouts"] as const).map((name) => folder(name, diskBytes)),
    { name: "turns", emptyDir: { sizeLimit: String(MIB) } },
    ...(trust ? [{ name: "trust", configMap: { name: trust } }] : []),
  ];
}

function tolerateLostNode(seconds: number) {
  return ["not-ready", "unreachable"].map((what) => ({
    key: `node.kubernetes.io/${what}`,
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds: seconds,
  }));
}
