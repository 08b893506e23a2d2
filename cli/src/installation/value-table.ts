import { ROLES, type Role } from "./role-table.ts";
import {
  bytes,
  cpu,
  fieldList,
  labelMap,
  oneOf,
  text,
  textMap,
  texts,
  truth,
  type ValueSpec,
  whole,
} from "./value-readers.ts";

const LABEL = "[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?";
const NAMESPACE = { form: "a name of a namespace", pattern: new RegExp(`^${LABEL}$`) };
const CLAIM = {
  form: "the name of a volume claim",
  pattern: new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})*$`),
};
const SECRET_NAME = { form: "a name of a Secret", pattern: new RegExp(`^${LABEL}$`) };
const HOST = { form: "a host name", pattern: new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})*$`) };
const ADDRESS = { form: "<host>:<port>", pattern: /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):[0-9]{1,5}$/ };
const EMAIL = { form: "an e-mail address", pattern: /^(?=.{1,254}$)[^\s@"<>:,;]+@[^\s@"<>:,;]+$/ };
const DATABASE = { form: "a postgres:// address", pattern: /^postgres(?:ql)?:\/\/./, secret: true };
const METRICS = { form: "16 to 512 characters without spaces", pattern: /^[!-~]{16,512}$/, secret: true };
/** What the registry takes, and nothing else: what it refuses is to be told before anything is installed. */
const S3_FOLDER = "[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}";
const S3_ENDPOINT = /^https?:\/\/[^\s/?#@]+\/?$/;
const PLATFORM_IMAGE = {
  form: "conifer/<name>@sha256:<digest>",
  pattern: /^conifer\/[a-z0-9-]+@sha256:[0-9a-f]{64}$/,
};

const NODE_PORT = "Port on every node; 0 lets the cluster choose.";

/** Processors and memory that a role asks for, and the memory that it may have at the most. */
const RESOURCES: Readonly<Record<Role, readonly [cpu: string, memory: string, most: string]>> = {
  database: ["200m", "256Mi", "1Gi"],
  files: ["100m", "128Mi", "768Mi"],
  registry: ["100m", "128Mi", "512Mi"],
  logs: ["100m", "128Mi", "512Mi"],
  api: ["100m", "192Mi", "768Mi"],
  worker: ["100m", "192Mi", "2Gi"],
  router: ["100m", "128Mi", "512Mi"],
  agent: ["50m", "96Mi", "384Mi"],
};

type ResourceValues = Readonly<
  Record<`${Role}.cpu` | `${Role}.memory` | `${Role}.memoryLimit`, ValueSpec<string>>
>;

const resourceValues = Object.fromEntries(
  ROLES.flatMap((role) => {
    const [processors, memory, most] = RESOURCES[role];
    return [
      [`${role}.cpu`, cpu("Processors it asks for.", processors)],
      [`${role}.memory`, bytes("Memory it asks for.", memory)],
      [`${role}.memoryLimit`, bytes("Memory it may have at the most.", most)],
    ];
  }),
) as ResourceValues;

/** Settings that name the collector of traces: the first that is given holds. */
export const TRACE_ADDRESSES = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"] as const;

/** Every value of an installation, by its path in the file of values. */
export const VALUES = {
  image: text("Conifer's own image, for all roles.", "conifer/conifer:0.1.0"),
  imagePullPolicy: oneOf("When nodes pull it.", ["IfNotPresent", "Always", "Never"]),
  imagePullSecrets: texts("Secrets of the system namespace that nodes pull it with."),
  domain: text("Apps answer at `<app>.<domain>`.", "localhost", HOST),
  adminEmail: text("The first account.", "admin@conifer.localhost", EMAIL),
  logLevel: oneOf("Of Conifer's own log.", ["info", "debug", "warn", "error"]),
  caBundle: text(
    "Certificates (PEM) that roles and builds trust, beside or in place of the image's.",
    undefined,
    {
      form: "certificates in PEM",
      pattern: /-----BEGIN CERTIFICATE-----/,
    },
  ),
  settings: textMap(
    "More settings for every role, `CONIFER_...` (see the guide on configuration) and `OTEL_...` (see the guide on monitoring).",
  ),
  appsNamespace: text("Where dynos run.", "conifer-apps", NAMESPACE),
  buildsNamespace: text("Where builds run.", "conifer-builds", NAMESPACE),
  "dockerfiles.enabled": truth(
    "Whether Dockerfiles are built in the cluster: in a namespace of their own whose pods may make user namespaces and mounts.",
    false,
  ),
  "dockerfiles.namespace": text("Where they are built.", "conifer-dockerfiles", NAMESPACE),
  agentsNamespace: text("Where the node agent runs.", "conifer-agents", NAMESPACE),
  runImage: text("What apps stand on, in our registry.", undefined, PLATFORM_IMAGE),
  builderImage: text("What builds apps, in our registry.", undefined, PLATFORM_IMAGE),
  signedImages: oneOf("Whether dynos start only of images that this installation has signed.", [
    "off",
    "required",
  ]),
  advisories: text(
    "A volume claim of the system namespace with advisories in OSV's form, which workers read.",
    undefined,
    CLAIM,
  ),
  pullCredentials: text(
    "A Secret of the system namespace (kubernetes.io/dockerconfigjson) for registries of builders.",
    undefined,
    SECRET_NAME,
  ),
  storageClass: text("Of all volumes. Default: the cluster's default.", undefined),
  nodeSelector: textMap("Labels of the nodes that roles run on."),
  tolerations: fieldList("Taints that roles tolerate."),
  apiServerRanges: texts("Where the cluster's API server is (CIDR); narrows what roles may call."),
  "database.url": text("A PostgreSQL to use instead of our own.", undefined, DATABASE),
  "database.storage": bytes("Its volume.", "10Gi"),
  "files.storage": bytes("Its volume: repositories, sources, outputs.", "10Gi"),
  "registry.storage": bytes("Its volume: images.", "20Gi"),
  "registry.s3": text("A bucket that holds images in place of its volume.", undefined, {
    form: "s3://<bucket>/<prefix>",
    pattern: new RegExp(
      `^s3://(?![^/]*\\.\\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/|(?:/${S3_FOLDER}){1,8}/?)?$`,
    ),
  }),
  "registry.s3Endpoint": text("The address of the bucket's store. Default: AWS.", undefined, {
    form: "an http or https address",
    pattern: { test: (given) => S3_ENDPOINT.test(given) && URL.canParse(given) },
  }),
  "registry.s3Region": text("The bucket's region.", "us-east-1", {
    form: "a region's name",
    pattern: /^[a-z0-9-]{1,40}$/,
  }),
  "registry.s3Addressing": text(
    "Where an address has the bucket. Default: `host` with AWS, else `path`.",
    undefined,
    {
      form: "path or host",
      pattern: /^(?:path|host)$/,
    },
  ),
  "registry.s3Credentials": text(
    "A Secret of the system namespace with `access-key-id` and `secret-access-key` for the bucket.",
    undefined,
    SECRET_NAME,
  ),
  "registry.address": text(
    "How nodes call the registry. Default: `localhost` and its port on every node.",
    undefined,
    ADDRESS,
  ),
  "registry.nodePort": whole("Its port on every node.", 30450, 1, 65_535),
  "logs.storage": bytes("Its volume.", "10Gi"),
  "api.replicas": whole("How many.", 2, 1, 50),
  "api.service": oneOf("How it is reached.", ["ClusterIP", "NodePort", "LoadBalancer"]),
  "worker.replicas": whole("How many.", 2, 1, 50),
  "registry.replicas": whole("How many, with a bucket.", 1, 1, 20),
  "router.kind": oneOf("A number of routers, or one on each node.", ["Deployment", "DaemonSet"]),
  "router.replicas": whole("How many, as a Deployment.", 2, 1, 200),
  "router.service": oneOf("How apps are reached.", ["LoadBalancer", "NodePort", "ClusterIP"]),
  "router.trafficPolicy": oneOf("`Local` keeps visitors' addresses.", ["Local", "Cluster"]),
  "router.annotations": textMap("For the load balancer."),
  "router.httpNodePort": whole(NODE_PORT, 0, 0, 65_535),
  "router.httpsNodePort": whole(NODE_PORT, 0, 0, 65_535),
  "router.gateway": text("A Gateway (Gateway API), `<namespace>/<name>`, that leads to apps.", undefined, {
    form: "<namespace>/<name>",
    pattern: new RegExp(`^${LABEL}/${LABEL}$`),
  }),
  "agent.enabled": truth(
    "Whether an agent on each node reads what dynos write, and tells R14. Without it a worker reads, and nobody tells R14.",
    true,
  ),
  "metrics.token": text(
    "What scrapers send (Bearer). Default: one that the first installation makes.",
    undefined,
    METRICS,
  ),
  "metrics.namespaceSelector": labelMap(
    "Labels of the namespaces whose pods may call the probe ports, for metrics. Without any nobody may.",
  ),
  ...resourceValues,
} as const;

export type ValueName = keyof typeof VALUES;
export type InstallationValues = {
  readonly [Name in ValueName]: (typeof VALUES)[Name] extends ValueSpec<infer T> ? T : never;
};
