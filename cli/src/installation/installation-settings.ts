import { createHash, scryptSync } from "node:crypto";
import { type Installation, type Manifest, manifest, SETTINGS, TRUST } from "./installation-names.ts";
import { PORT } from "./role-table.ts";
import type { Texts } from "./value-readers.ts";

export const HOME = "/var/lib/conifer";
export const KEYS_FOLDER = "/etc/conifer/keys";
export const TRUST_FOLDER = "/etc/conifer/trust";
export const ADVISORIES_FOLDER = "/etc/conifer/advisories";
const TRUST_FILE = "ca-bundle.pem";

/**
 * Every role's settings, by the names that docs/guides/configuration.md tells of. A change of one starts all pods anew: what
 * one role alone reads, and what changes in daily work, is in that role's pod instead.
 */
export function roleSettings({ namespace, values }: Installation): Texts {
  const settings: Record<string, string | undefined> = {
    CONIFER_ENGINE: "kubernetes",
    CONIFER_HOME: HOME,
    CONIFER_KEYS: KEYS_FOLDER,
    CONIFER_SYSTEM_NAMESPACE: namespace,
    CONIFER_NAMESPACE: values.appsNamespace,
    CONIFER_BUILD_NAMESPACE: values.buildsNamespace,
    CONIFER_DOCKERFILE_NAMESPACE: values["dockerfiles.enabled"] ? values["dockerfiles.namespace"] : undefined,
    CONIFER_LISTEN: "0.0.0.0,::",
    CONIFER_DOMAIN: values.domain,
    CONIFER_PORT: String(PORT.api),
    CONIFER_ROUTER_PORT: String(PORT.http),
    CONIFER_ROUTER_TLS_PORT: String(PORT.https),
    CONIFER_PROBE_PORT: String(PORT.probes),
    CONIFER_WEB_PORT: webPort(values),
    CONIFER_REGISTRY_PORT: String(PORT.images),
    CONIFER_REGISTRY_ADDRESS: registryAddress(values),
    CONIFER_LOG_LEVEL: values.logLevel,
    ...(values.caBundle === undefined ? {} : trustSettings),
    CONIFER_SIGNED_IMAGES: values.signedImages === "required" ? "required" : undefined,
    CONIFER_LOG_AGENT: values["agent.enabled"] ? undefined : "off",
    ...values.settings,
    // It is a secret, and lies in one.
    [METRICS_TOKEN]: undefined,
  };
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

export const METRICS_TOKEN = "CONIFER_METRICS_TOKEN";

/** The token of scrapers that the operator has said, as a value or among the settings. */
export function givenMetricsToken(values: Installation["values"]): string | undefined {
  return values["metrics.token"] ?? (values.settings[METRICS_TOKEN] || undefined);
}

/** The port in apps' addresses, where it is known: visitors of a domain come by its balancer, others by their own way. */
function webPort(values: Installation["values"]): string | undefined {
  if (values.domain === "localhost") return undefined;
  if (values["router.service"] === "LoadBalancer" || values["router.gateway"]) return "80";
  return values["router.httpNodePort"] > 0 ? String(values["router.httpNodePort"]) : undefined;
}

/** For builds, and for what a role itself fetches. */
const trustSettings = {
  CONIFER_CA_BUNDLE: `${TRUST_FOLDER}/${TRUST_FILE}`,
  NODE_EXTRA_CA_CERTS: `${TRUST_FOLDER}/${TRUST_FILE}`,
};

/** How nodes call the registry: on each, kube-proxy takes its port on loopback, where plain http is trusted. */
export function registryAddress(values: Installation["values"]): string {
  return values["registry.address"] ?? `localhost:${values["registry.nodePort"]}`;
}

/** A pod reads its settings from its own namespace only. */
export function makeSettings(installation: Installation, namespace: string): Manifest {
  const head = { apiVersion: "v1", kind: "ConfigMap", name: SETTINGS, namespace };
  return manifest(installation, head, { data: roleSettings(installation) });
}

/** The operator's certificates, when there are any. */
export function makeTrust(installation: Installation): Manifest[] {
  const { caBundle } = installation.values;
  if (caBundle === undefined) return [];
  const head = { apiVersion: "v1", kind: "ConfigMap", name: TRUST };
  return [manifest(installation, head, { data: { [TRUST_FILE]: caBundle } })];
}

/** Changes with the settings, so that pods whose template holds it are started anew. */
export function settingsDigest(installation: Installation): string {
  const { values } = installation;
  const secrets = [givenMetricsToken(values), values["database.url"]].map((text) => text && slowDigest(text));
  return createHash("sha256")
    .update(JSON.stringify([roleSettings(installation), values.caBundle, ...secrets]))
    .digest("hex")
    .slice(0, 16);
}

/** Whoever sees the mark on a pod must not be able to try passwords against it quickly. */
function slowDigest(text: string): string {
  return scryptSync(text, "conifer.dev/settings", 16, { N: 2_048 }).toString("hex");
}
