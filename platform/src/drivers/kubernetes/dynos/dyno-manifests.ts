import { createHash } from "node:crypto";
import { type DynoSpec, type RunOptions, shellArgv } from "../../../runtime/dyno/index.ts";
import { KIND, type OwnerReference, type Pod, type ReplicaSet, type Secret } from "../client/index.ts";
import {
  ANNOTATION,
  DYNO_ACCOUNT,
  type DynoPart,
  type DynoTitle,
  dynoLabels,
  dynoObjectName,
  LABEL,
  titleAnnotations,
  titleLabels,
} from "./dyno-labels.ts";
import { type DynoNodes, placeOnNodes } from "./pod-nodes.ts";
import { makeGate } from "./start-gate.ts";
import { makeStopHook } from "./stop-hook.ts";

/** What holds for all dynos of a namespace. */
export interface DynoPlacement {
  readonly namespace: string;
  /** Where nodes pull a dyno's image: `<registry>/<repository>@<digest>`. */
  readonly imageRef: (spec: Pick<DynoSpec, "image" | "appId">) => string;
  /** The user that owns an image's files. */
  readonly user: { readonly uid: number; readonly gid: number };
  /** Resolvers for dynos; none: those of the node. Never the cluster's own, which names what others run. */
  readonly nameservers: readonly string[];
  /** Processor of one share that is set aside, in thousandths of a core. */
  readonly cpuMillisPerShare: number;
  /** Secrets with credentials for the registry. */
  readonly pullSecrets: readonly string[];
  /** Bytes that a dyno may write to its files, its image not counted; above that its node ends it. */
  readonly diskBytes: number;
  readonly nodes: DynoNodes;
  /** So long a dyno stays on a node that does not answer. */
  readonly lostNodeSeconds: number;
}

/** A dyno's spec without what may change while it runs and without its environment. */
export type DynoBody = Omit<DynoSpec, "env" | "duty">;

export const CONTAINER = "dyno";
const HARD_MEMORY_FACTOR = 2;
const LEAST_DISK_BYTES = 64 * 2 ** 20;

/** The node tells every process where the API server is; an app is told nothing, unless its own config vars say so. */
const NO_CLUSTER: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ...["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTPS", "PORT"],
    ...["", "_ADDR", "_PORT", "_PROTO"].map((part) => `PORT_443_TCP${part}`),
  ].map((name) => [`KUBERNETES_${name}`, ""]),
);

/** The config vars, and how the dyno is run, from which any Conifer process can make the rest again. */
export function makeDynoSecret(
  spec: DynoSpec,
  options: { readonly namespace: string; readonly part: DynoPart; readonly claim: number },
): Secret {
  const { env, duty: _, ...body } = spec;
  const data = Object.entries({ ...NO_CLUSTER, ...env }).map(([name, value]) => [
    name,
    Buffer.from(value).toString("base64"),
  ]);
  return {
    apiVersion: KIND.secret.apiVersion,
    kind: KIND.secret.kind,
    metadata: {
      name: dynoObjectName(spec.id),
      namespace: options.namespace,
      labels: { ...dynoLabels(spec, options.part), ...titleLabels(spec) },
      annotations: {
        [ANNOTATION.spec]: JSON.stringify(body),
        [ANNOTATION.claim]: String(options.claim),
      },
    },
    data: Object.fromEntries(data),
  };
}

/** The body that a dyno's Secret holds; undefined when it was edited into something else. */
export function readDynoBody(secret: Pick<Secret, "metadata">): DynoBody | undefined {
  try {
    const body = JSON.parse(secret.metadata.annotations?.[ANNOTATION.spec] ?? "") as DynoBody;
    return typeof body.id === "string" && typeof body.image === "string" ? body : undefined;
  } catch {
    return undefined;
  }
}

/** Names all values of a Secret, and none of them. */
export function digestOfData(data: Readonly<Record<string, string>> | undefined): string {
  const sorted = Object.entries(data ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex");
}

/** A dyno of a formation: one pod that the cluster keeps running, here or elsewhere, with or without Conifer. */
export function makeDynoSet(
  body: DynoBody,
  title: DynoTitle,
  placement: DynoPlacement,
  secretUid: string,
): ReplicaSet {
  const name = dynoObjectName(body.id);
  const labels = { ...dynoLabels(body, "formation"), ...titleLabels(title) };
  return {
    apiVersion: KIND.replicaSet.apiVersion,
    kind: KIND.replicaSet.kind,
    metadata: {
      name,
      namespace: placement.namespace,
      labels,
      ownerReferences: [ownedBySecret(name, secretUid)],
    },
    spec: {
      replicas: 1,
      selector: { matchLabels: { [LABEL.dyno]: body.id } },
      template: {
        metadata: { labels, annotations: podAnnotations(body, title) },
        spec: { ...podSpec(body, placement), restartPolicy: "Always" },
      },
    },
  };
}

/** A one-off dyno: a pod of its own that is never started again. */
export function makeOneOffPod(
  body: DynoBody,
  options: RunOptions,
  placement: DynoPlacement,
  secretUid: string,
): Pod {
  const name = dynoObjectName(body.id);
  const { attach, terminal, lifetimeSeconds } = options;
  return {
    apiVersion: KIND.pod.apiVersion,
    kind: KIND.pod.kind,
    metadata: {
      name,
      namespace: placement.namespace,
      labels: { ...dynoLabels(body, "one-off"), ...titleLabels(body) },
      annotations: { ...podAnnotations(body, body), ...clientAnnotations(options) },
      ownerReferences: [ownedBySecret(name, secretUid)],
    },
    spec: {
      ...podSpec(body, placement, { attach, terminal: terminal !== undefined }),
      restartPolicy: "Never",
      ...(lifetimeSeconds ? { activeDeadlineSeconds: Math.ceil(lifetimeSeconds) } : {}),
    },
  };
}

function clientAnnotations({ attach, terminal }: RunOptions): Record<string, string> {
  return {
    ...(attach ? { [ANNOTATION.client]: "awaited" } : {}),
    ...(attach && terminal ? { [ANNOTATION.terminal]: `${terminal.columns}x${terminal.rows}` } : {}),
  };
}

function ownedBySecret(name: string, uid: string): OwnerReference {
  return { apiVersion: KIND.secret.apiVersion, kind: KIND.secret.kind, name, uid };
}

function podAnnotations(body: DynoBody, title: DynoTitle): Record<string, string> {
  return { ...titleAnnotations(title), [ANNOTATION.type]: body.type, [ANNOTATION.appName]: body.appName };
}

interface Standard {
  readonly attach: boolean;
  readonly terminal: boolean;
}

function podSpec(body: DynoBody, placement: DynoPlacement, io?: Standard): Record<string, unknown> {
  const { uid, gid } = body.container?.user ?? body.user ?? placement.user;
  const { nameservers, pullSecrets } = placement;
  return {
    serviceAccountName: DYNO_ACCOUNT,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // Process 1 is the sandbox's own, so that the app gets signals as any process does.
    shareProcessNamespace: true,
    terminationGracePeriodSeconds: body.stopSeconds,
    securityContext: {
      runAsNonRoot: true,
      ...{ runAsUser: uid, runAsGroup: gid, fsGroup: gid },
      seccompProfile: { type: "RuntimeDefault" },
    },
    ...(nameservers.length > 0
      ? { dnsPolicy: "None", dnsConfig: { nameservers } }
      : { dnsPolicy: "Default" }),
    ...(pullSecrets.length > 0 ? { imagePullSecrets: pullSecrets.map((name) => ({ name })) } : {}),
    ...placeOnNodes(body, placement.nodes, placement.lostNodeSeconds),
    topologySpreadConstraints: [spread(body)],
    containers: [container(body, placement, io)],
  };
}

function container(body: DynoBody, placement: DynoPlacement, io?: Standard): Record<string, unknown> {
  const argv = io?.attach ? makeGate(argvOf(body.command)) : argvOf(body.command);
  const port = dynoPort(body.id);
  return {
    name: CONTAINER,
    image: placement.imageRef(body),
    command: argv.map(escapeExpansion),
    envFrom: [{ secretRef: { name: dynoObjectName(body.id) } }],
    env: [
      { name: "PORT", value: String(port) },
      {
        name: "DYNO",
        // The name may change while the dyno runs; a restart of its process sees the new one.
        valueFrom: {
          fieldRef: { apiVersion: "v1", fieldPath: `metadata.annotations['${ANNOTATION.name}']` },
        },
      },
    ],
    resources: resources(body, placement),
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    lifecycle: makeStopHook(),
    ...(io?.attach ? { stdin: true, stdinOnce: true, ...(io.terminal ? { tty: true } : {}) } : {}),
    ...(body.type === "web" && !io ? probes(port, body.bootSeconds) : {}),
  };
}

function argvOf(command: DynoBody["command"]): readonly string[] {
  switch (command.kind) {
    case "process":
      return [`/cnb/process/${command.type}`];
    case "program":
      return command.argv;
    case "shell":
      return shellArgv(command.line);
  }
}

/** Kubernetes replaces `$(NAME)` in commands by variables; a dollar sign that is doubled means itself. */
export function escapeExpansion(text: string): string {
  return text.replaceAll("$", "$$$$");
}

/**
 * Above the quota a dyno is told of (R14), at twice the quota it is ended (R15). Little disk is set aside for it: without a
 * request of its own the limit would be set aside.
 */
function resources({ limits }: DynoBody, { cpuMillisPerShare, diskBytes }: DynoPlacement) {
  return {
    requests: {
      memory: String(limits.memoryBytes),
      cpu: quantity(limits.cpuShare * cpuMillisPerShare),
      "ephemeral-storage": String(Math.min(diskBytes, LEAST_DISK_BYTES)),
    },
    limits: {
      memory: String(limits.memoryBytes * HARD_MEMORY_FACTOR),
      "ephemeral-storage": String(diskBytes),
    },
  };
}

/** Thousandths of a core, as the API writes them back: whole cores without `m`. */
export function quantity(millis: number): string {
  const whole = Math.max(1, Math.round(millis));
  return whole % 1_000 === 0 ? String(whole / 1_000) : `${whole}m`;
}

/** `PORT` of every dyno is one of these. */
export const DYNO_PORTS = { first: 20_000, last: 31_999 } as const;

/** `PORT` of a dyno: its own address, so any would do; it differs between dynos, lest a program get used to one. */
export function dynoPort(dynoId: string): number {
  const { first, last } = DYNO_PORTS;
  return first + (createHash("sha256").update(dynoId).digest().readUInt32BE(0) % (last - first + 1));
}

/** The driver finds a late listener first and says so; these are for when no Conifer runs. */
const LATE_SECONDS = 2;

function probes(port: number, bootSeconds: number) {
  return {
    startupProbe: {
      tcpSocket: { port },
      periodSeconds: 1,
      timeoutSeconds: 1,
      failureThreshold: Math.ceil(bootSeconds) + LATE_SECONDS,
      terminationGracePeriodSeconds: 1,
    },
    readinessProbe: { tcpSocket: { port }, periodSeconds: 10, timeoutSeconds: 5 },
  };
}

function spread({ appId, type }: DynoBody) {
  return {
    maxSkew: 1,
    topologyKey: "kubernetes.io/hostname",
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: { [LABEL.app]: appId, [LABEL.type]: labelOfType(type) } },
  };
}

function labelOfType(type: string): string {
  return dynoLabels({ id: "", appId: "", type }, "formation")[LABEL.type] ?? "";
}
