import type { BuildSpec } from "../../../delivery/build/index.ts";
import { phaseEnvironment, platformEnvironment } from "../../cnb/builds/index.ts";
import { KIND, type Pod, type Secret } from "../client/index.ts";
import { BUILDER_OF_IMAGE, buildLabels, buildObjectName, RUN_USER_OF_IMAGE } from "./build-labels.ts";
import {
  type ForeignPhases,
  inputsOf,
  OURS,
  PARTS,
  type Part,
  partsOf,
  type VolumeName,
} from "./build-parts.ts";
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

/** A builder image of somebody else's, as its pod is made with it. */
export interface PodBuilderImage extends ForeignPhases {
  /** As nodes pull it: `<registry>/<repository>@<digest>`. */
  readonly image: string;
  /** As people call it, with its digest. */
  readonly name: string;
  readonly user: BuildPlacement["user"];
  /** Whom apps on its run image are. */
  readonly runUser: BuildPlacement["user"];
  /** Text of take-turn.sh: what the image has not. */
  readonly takeTurn: string;
}

export interface BuildPodOptions {
  readonly placement: BuildPlacement;
  /** The platform's own when missing. */
  readonly builder?: PodBuilderImage | undefined;
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
  const { placement, isWhole, builder } = options;
  const { uid, gid } = builder?.user ?? placement.user;
  const { pullSecrets, nodeSelector, priorityClass } = placement;
  const name = buildObjectName(spec.id, attempt);
  const parts = partsOf(placement, { uid, gid }, builder ? inputsOf(builder) : OURS);
  return {
    apiVersion: KIND.pod.apiVersion,
    kind: KIND.pod.kind,
    metadata: {
      ...{ name, namespace: placement.namespace, labels: buildLabels(spec, attempt) },
      ...(builder ? { annotations: annotationsOf(builder) } : {}),
    },
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
      volumes: volumes(name, placement, builder !== undefined),
    },
  };
}

/** What is told of the image when the pod is all that is left of its beginnings. */
function annotationsOf({ name, runUser }: PodBuilderImage): Record<string, string> {
  return { [BUILDER_OF_IMAGE]: name, [RUN_USER_OF_IMAGE]: `${runUser.uid}:${runUser.gid}` };
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
  options: BuildPodOptions,
  before: string | undefined,
): Record<string, unknown> {
  const { placement, isWhole } = options;
  const limit = String(limitOf(part));
  const memory = isWhole ? String(WAITING_BYTES) : limit;
  const turn = [before ?? "-", part.name === PARTS.at(-1) ? "-" : part.name];
  const { image, takeTurn, env } = programOf(part, options);
  return {
    ...{ name: part.name, image, imagePullPolicy: "IfNotPresent" },
    command: [...takeTurn, ...turn, ...part.argv],
    workingDir: part.buildpacks ? POD_PATHS.workspace : "/",
    env: Object.entries(env).map(([name, value]) => ({ name, value: unexpanded(value) })),
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

/** Before and after the phases run programs of ours, in our image. */
function programOf({ name }: Part, { placement, hostEnv, builder }: BuildPodOptions) {
  const isOurs = name === "prepare" || name === PARTS.at(-1);
  if (!builder || isOurs) {
    const env = isOurs ? {} : phaseEnvironment(hostEnv);
    return { image: placement.builderImage, takeTurn: ["/cnb/conifer/take-turn"], env };
  }
  return {
    image: builder.image,
    takeTurn: ["/bin/sh", "-c", unexpanded(builder.takeTurn), "take-turn"],
    env: platformEnvironment(builder.platformApi, hostEnv),
  };
}

/** Kubernetes puts variables in place of their names in parentheses behind a dollar sign. */
function unexpanded(text: string): string {
  return text.replaceAll("$", "$$$$");
}

function mounts(part: Part, { trust }: BuildPlacement): object[] {
  const paths = { ...POD_PATHS, trust: CERTIFICATES };
  const inFolder = part.name === "prepare";
  const listed = Object.entries(part.volumes) as [VolumeName, "read" | "write"][];
  const own = listed.flatMap(([name, use]) => {
    if (name === "trust" && !trust) return [];
    // The first container fills one folder, of which the others see parts.
    const isPart = inFolder && ["layouts", "workspace", "cache"].includes(name);
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

function volumes(secretName: string, { trust, diskBytes }: BuildPlacement, isForeign: boolean): object[] {
  const folder = (name: VolumeName, sizeLimit: number) => ({
    name,
    emptyDir: { sizeLimit: String(sizeLimit) },
  });
  return [
    { name: "task", secret: { secretName, defaultMode: 0o444 } },
    folder("build", 64 * MIB),
    ...(["workspace", "layers", "layouts"] as const).map((name) => folder(name, diskBytes)),
    ...(isForeign ? (["cache", "scratch"] as const).map((name) => folder(name, diskBytes)) : []),
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
