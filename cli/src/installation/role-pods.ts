import { bucketAccess } from "./bucket-access.ts";
import {
  ADMIN_SECRET,
  DATABASE_SECRET,
  type Installation,
  installationLabels,
  isPart,
  KEYS,
  METRICS_SECRET,
  objectName,
  priorityClassName,
  roleSelector,
  SETTINGS,
  TRUST,
} from "./installation-names.ts";
import {
  ADVISORIES_FOLDER,
  HOME,
  KEYS_FOLDER,
  METRICS_TOKEN,
  settingsDigest,
  TRUST_FOLDER,
} from "./installation-settings.ts";
import { shapeOf } from "./role-shape.ts";
import { PORT, ROLE, type Role, type RoleShape } from "./role-table.ts";

const USER = 1000;
/** Files of the node's containers belong to root; the agent reads them as their owner, without any capability. */
const AGENT_USER = 0;
/**
 * How long a router or the API that is told to end still takes connections: until then balancers have learned of it. The
 * router knows of its end meanwhile, and tells those who stay connected; the API is only told of it afterwards.
 */
const LEAVE_SECONDS = 5;

type Fields = Readonly<Record<string, unknown>>;

/** The pod of a role, as Pod Security `restricted` allows it; the agent's is root and mounts folders of its node. */
export function makeRolePod(role: Role, installation: Installation): Fields {
  const { values } = installation;
  const shape = shapeOf(role, installation);
  return {
    metadata: {
      labels: { ...installationLabels(installation), ...roleSelector(role) },
      // Settings are read at start only.
      annotations: { "conifer.dev/settings": settingsDigest(installation) },
    },
    spec: {
      serviceAccountName: shape.account ? objectName(role) : "default",
      automountServiceAccountToken: shape.account,
      enableServiceLinks: false,
      priorityClassName: priorityClassName(installation),
      terminationGracePeriodSeconds: shape.graceSeconds,
      securityContext: {
        runAsNonRoot: role !== "agent",
        runAsUser: role === "agent" ? AGENT_USER : USER,
        runAsGroup: USER,
        fsGroup: USER,
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      },
      ...(values.imagePullSecrets.length > 0 && {
        imagePullSecrets: values.imagePullSecrets.map((name) => ({ name })),
      }),
      ...placement(role, installation),
      containers: [makeContainer(role, installation)],
      volumes: [
        ...makeVolumes(role, installation),
        ...bucketAccess(role, installation).volumes,
        ...(trusts(role, installation) ? [{ name: "trust", configMap: { name: TRUST } }] : []),
        ...advisoriesAs(role, installation).map((claimName) => ({
          name: "advisories",
          persistentVolumeClaim: { claimName, readOnly: true },
        })),
        ...pullsAs(role, installation).map((secretName) => ({
          name: "pulls",
          secret: { secretName, defaultMode: 0o440 },
        })),
      ],
    },
  };
}

/**
 * Pods of one role keep apart as far as they can. Zones are a preference of another kind: of several constraints the
 * scheduler forgets all on a node that lacks the label of one, and many clusters have no zones.
 */
function placement(role: Role, installation: Installation): Fields {
  const { values } = installation;
  const labelSelector = { matchLabels: roleSelector(role) };
  const overNodes = {
    maxSkew: 1,
    topologyKey: "kubernetes.io/hostname",
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector,
    matchLabelKeys: ["pod-template-hash"],
  };
  const overZones = {
    weight: 50,
    podAffinityTerm: { topologyKey: "topology.kubernetes.io/zone", labelSelector },
  };
  return {
    ...(shapeOf(role, installation).kind === "Deployment" && {
      topologySpreadConstraints: [overNodes],
      affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [overZones] } },
    }),
    // Dynos may be on any node, so agents are on all.
    ...(role === "agent"
      ? { tolerations: [{ operator: "Exists" }] }
      : {
          ...(Object.keys(values.nodeSelector).length > 0 && { nodeSelector: values.nodeSelector }),
          ...tolerations(shapeOf(role, installation).kind, values.tolerations),
        }),
  };
}

/** So long a pod that keeps nothing stays on a node that does not answer; by default it would be five minutes. */
const LOST_NODE_SECONDS = 5;

/** One that has a volume cannot go elsewhere before its node is known to be gone. */
function tolerations(kind: RoleShape["kind"], given: readonly Fields[]): Fields {
  const lost = ["not-ready", "unreachable"].map((what) => ({
    key: `node.kubernetes.io/${what}`,
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds: LOST_NODE_SECONDS,
  }));
  const all = [...given, ...(kind === "Deployment" ? lost : [])];
  return all.length > 0 ? { tolerations: all } : {};
}

function makeContainer(role: Role, installation: Installation): Fields {
  const { values } = installation;
  const { ports, keys } = ROLE[role];
  const probe = (path: string) => ({ httpGet: { path, port: "probes" } });
  return {
    name: role,
    image: values.image,
    imagePullPolicy: values.imagePullPolicy,
    command: ["/conifer/bin/role", role],
    envFrom: [{ configMapRef: { name: SETTINGS } }],
    env: makeEnvironment(role, installation),
    ports: [...ports, "probes" as const].map((name) => ({
      name,
      containerPort: PORT[name],
      protocol: "TCP",
    })),
    // Migrations of a large store, or the repair of a volume after a crash, come before the first answer.
    startupProbe: { ...probe("/livez"), periodSeconds: 2, failureThreshold: 150, timeoutSeconds: 2 },
    livenessProbe: { ...probe("/livez"), periodSeconds: 10, failureThreshold: 6, timeoutSeconds: 5 },
    // Without the database the API still answers, and says so: with every pod out of the Service nobody would.
    readinessProbe: { ...probe("/readyz/start"), periodSeconds: 3, failureThreshold: 2, timeoutSeconds: 3 },
    ...(role === "api" && {
      lifecycle: { preStop: { sleep: { seconds: LEAVE_SECONDS } } },
    }),
    resources: {
      requests: {
        cpu: values[`${role}.cpu`],
        memory: values[`${role}.memory`],
        "ephemeral-storage": "64Mi",
      },
      limits: { memory: values[`${role}.memoryLimit`], "ephemeral-storage": "2Gi" },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [
      { name: "home", mountPath: HOME },
      { name: "tmp", mountPath: "/tmp" },
      ...(keys.length > 0 ? [{ name: "keys", mountPath: KEYS_FOLDER, readOnly: true }] : []),
      ...(trusts(role, installation) ? [{ name: "trust", mountPath: TRUST_FOLDER, readOnly: true }] : []),
      ...advisoriesAs(role, installation).map(() => ({
        name: "advisories",
        mountPath: ADVISORIES_FOLDER,
        readOnly: true,
      })),
      ...pullsAs(role, installation).map(() => ({ name: "pulls", mountPath: PULLS_FOLDER, readOnly: true })),
      ...bucketAccess(role, installation).mounts,
      ...(role === "agent" ? AGENT_MOUNTS : []),
    ],
  };
}

/** With cgroups of version 1 each controller is a mount of its own below, which is to be read-only as well. */
const AGENT_MOUNTS: readonly Fields[] = [
  { name: "pod-logs", mountPath: "/var/log/pods", readOnly: true },
  { name: "cgroups", mountPath: "/node/cgroup", readOnly: true, recursiveReadOnly: "IfPossible" },
];

/** The agent lives in another namespace and calls nobody but our own. */
function trusts(role: Role, { values }: Installation): boolean {
  return role !== "agent" && values.caBundle !== undefined;
}

/** The claim of the volume with the operator's advisories: workers load them, and nobody else needs it. */
function advisoriesAs(role: Role, { values }: Installation): readonly string[] {
  return role === "worker" && values.advisories !== undefined ? [values.advisories] : [];
}

/** The Secret with users and passwords of registries: workers fetch builders, and nobody else needs it. */
function pullsAs(role: Role, { values }: Installation): readonly string[] {
  return role === "worker" && values.pullCredentials !== undefined ? [values.pullCredentials] : [];
}

const PULLS_FOLDER = "/etc/conifer/pulls";

function makeEnvironment(role: Role, installation: Installation): readonly Fields[] {
  const { values } = installation;
  const text = (name: string, value: string | undefined) => (value === undefined ? [] : [{ name, value }]);
  const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  const secret = (name: string, from: string, key: string, more: Fields = {}) => ({
    name,
    valueFrom: { secretKeyRef: { name: from, key, ...more } },
  });
  return [
    field("POD_NAME", "metadata.name"),
    field("POD_IP", "status.podIP"),
    ...(role === "agent" ? [field("NODE_NAME", "spec.nodeName")] : []),
    ...(role === "router" ? text("CONIFER_ROUTER_LEAVE", String(LEAVE_SECONDS)) : []),
    // The API plans rebases onto it, workers build on it; others would only be restarted by a new one.
    ...(role === "api" || role === "worker" ? text("CONIFER_RUN_IMAGE", values.runImage) : []),
    ...(role === "worker"
      ? [
          ...text("CONIFER_BUILDER_IMAGE", values.builderImage),
          ...pullsAs(role, installation).flatMap(() =>
            text("CONIFER_PULL_CREDENTIALS", `${PULLS_FOLDER}/.dockerconfigjson`),
          ),
        ]
      : []),
    ...bucketAccess(role, installation).environment,
    ...advisoriesAs(role, installation).flatMap(() => text("CONIFER_ADVISORIES", ADVISORIES_FOLDER)),
    // A role starts without it, too: then nobody scrapes.
    secret(METRICS_TOKEN, METRICS_SECRET, "token", { optional: true }),
    ...(ROLE[role].database ? [secret("DATABASE_URL", DATABASE_SECRET, "url")] : []),
    ...(role === "database" && isPart(role, installation)
      ? [secret("CONIFER_DATABASE_PASSWORD", DATABASE_SECRET, "password")]
      : []),
    ...(role === "api"
      ? [
          secret("CONIFER_ADMIN_EMAIL", ADMIN_SECRET, "email"),
          secret("CONIFER_ADMIN_PASSWORD", ADMIN_SECRET, "password"),
          secret("CONIFER_ADMIN_TOKEN", ADMIN_SECRET, "token"),
        ]
      : []),
  ];
}

/** The volume that outlives a pod is named by its StatefulSet, not here. */
function makeVolumes(role: Role, installation: Installation): readonly Fields[] {
  const { state, keys } = shapeOf(role, installation);
  const onNode = (name: string, path: string, type: string) => ({ name, hostPath: { path, type } });
  return [
    ...(role === "agent"
      ? [onNode("home", "/var/lib/conifer/agent", "DirectoryOrCreate")]
      : state === "scratch"
        ? [{ name: "home", emptyDir: {} }]
        : []),
    { name: "tmp", emptyDir: { sizeLimit: "1Gi" } },
    ...(keys.length > 0
      ? [
          {
            name: "keys",
            secret: {
              secretName: KEYS,
              defaultMode: 0o440,
              items: keys.map((key) => ({ key, path: key })),
            },
          },
        ]
      : []),
    ...(role === "agent"
      ? [onNode("pod-logs", "/var/log/pods", "Directory"), onNode("cgroups", "/sys/fs/cgroup", "Directory")]
      : []),
  ];
}
