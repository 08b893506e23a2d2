import type { Installation } from "./installation-names.ts";
import { completeValues, type Overrides } from "./read-values.ts";

/** An installation as it is by default, but for what is given. */
export function installation(overrides: Overrides = {}, namespace = "conifer-system"): Installation {
  return { namespace, version: "1.2.3", values: completeValues(overrides) };
}

/** One that uses what the default leaves out. */
export const LARGE: Overrides = {
  image: "registry.example/conifer:2.0.0",
  imagePullSecrets: ["pull"],
  domain: "apps.example",
  storageClass: "fast",
  nodeSelector: { pool: "control" },
  tolerations: [{ key: "control", operator: "Exists" }],
  apiServerRanges: ["192.0.2.0/28"],
  "database.url": "postgres://conifer:secret@db.example:6543/conifer",
  "registry.address": "registry.apps.example:443",
  "registry.s3": "s3://images/conifer",
  "registry.s3Endpoint": "https://objects.example:9000",
  "registry.s3Credentials": "bucket-key",
  "registry.replicas": 2,
  "router.kind": "DaemonSet",
  "router.service": "NodePort",
  "router.httpNodePort": 30080,
  "router.httpsNodePort": 30443,
  "router.annotations": { "example/balancer": "internal" },
  "router.gateway": "edge/public",
  "agent.enabled": true,
  "dockerfiles.enabled": true,
  "metrics.token": "scrapers-of-the-operator",
  "metrics.namespaceSelector": { "kubernetes.io/metadata.name": "monitoring" },
  "api.replicas": 3,
  "worker.replicas": 1,
  pullCredentials: "registry-login",
  runImage: `conifer/run@sha256:${"a".repeat(64)}`,
  caBundle: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
  signedImages: "required",
  advisories: "osv",
  settings: { CONIFER_RATE_LIMIT: "9000" },
};
