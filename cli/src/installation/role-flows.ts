import {
  type Installation,
  isPart,
  type Manifest,
  manifest,
  namespaceOf,
  objectName,
  roleSelector,
} from "./installation-names.ts";
import { PORT, type PortName, ROLES, type Role } from "./role-table.ts";
import { TRACE_ADDRESSES } from "./value-table.ts";

/** Somebody that a role talks with: another role, or one of these. */
type Party =
  | Role
  | "anybody"
  | "scrapers"
  | "collector"
  | "dynos"
  | "cluster"
  | "internet"
  | "database server"
  | "object store";

/** One way that connections may take. */
export interface Flow {
  readonly from: Party;
  readonly to: Party;
  /** Without any: all. */
  readonly ports: readonly (PortName | number)[];
}

const flows = (from: readonly Party[], to: Party, ...ports: readonly (PortName | number)[]): Flow[] =>
  from.map((one) => ({ from: one, to, ports }));

/** The roles that tell of traces. */
const TRACING: readonly Role[] = ["files", "registry", "api", "worker"];

/**
 * Every connection that roles may make and take; nothing else passes. Names are asked for by all. An API server's
 * address is no pod's: rules that name it by its ports alone hold when the cluster moves it.
 */
export function flowsOf({ values }: Pick<Installation, "values">): Flow[] {
  const store = values["database.url"] === undefined ? "database" : "database server";
  const storePort = store === "database" ? "database" : portOf(values["database.url"] ?? "");
  const collector = TRACE_ADDRESSES.flatMap((name) => values.settings[name] ?? []).at(0);
  return [
    ...flows(["anybody"], "api", "api"),
    ...flows(["anybody"], "router", "http", "https"),
    ...flows(["anybody"], "registry", "images"),
    ...flows(["api", "worker"], "files", "calls"),
    ...flows(["api", "worker"], "logs", "calls"),
    ...flows(["api", "worker"], "registry", "calls", "images"),
    ...flows(["api", "worker"], "router", "calls"),
    ...flows(["files", "router", "agent"], "logs", "calls"),
    ...flows(["api", "worker", "files"], store, storePort),
    ...flows(["router"], "dynos"),
    ...flows(["worker"], "dynos"),
    ...flows(["api", "worker", "router", "agent"], "cluster", 443, 6443),
    // Sources that are named by an address.
    ...flows(["files"], "internet", 80, 443),
    // Registries of builders that sources name.
    ...flows(["worker"], "internet", 80, 443, 5000),
    ...(values["registry.s3"] === undefined
      ? []
      : flows(["registry"], "object store", webPortOf(values["registry.s3Endpoint"] ?? AWS))),
    ...(collector === undefined ? [] : flows(TRACING, "collector", webPortOf(collector))),
    // The kubelet's probes come from a pod's own node, which no policy keeps out.
    ...(Object.keys(values["metrics.namespaceSelector"]).length === 0
      ? []
      : ROLES.flatMap((role) => flows(["scrapers"], role, "probes"))),
  ];
}

function portOf(url: string): number {
  return Number((URL.canParse(url) ? new URL(url).port : "") || PORT.database);
}

const AWS = "https://s3.amazonaws.com";

function webPortOf(address: string): number {
  const { port, protocol } = new URL(address);
  return Number(port || (protocol === "https:" ? 443 : 80));
}

type Fields = Readonly<Record<string, unknown>>;

/** What a role's pods may take and make, from the table above. */
export function makePolicy(role: Role, installation: Installation): Manifest {
  const all = flowsOf(installation).filter(
    ({ from, to }) => isThere(from, installation) && isThere(to, installation),
  );
  const ingress = all
    .filter(({ to }) => to === role)
    .map(({ from, ports }) => ({ ...peersOf("from", from, installation), ...portsOf(ports) }));
  const egress = all
    .filter(({ from }) => from === role)
    .map(({ to, ports }) => ({ ...peersOf("to", to, installation), ...portsOf(ports) }));
  return policy(installation, namespaceOf(role, installation), {
    name: objectName(role),
    role,
    spec: {
      podSelector: { matchLabels: roleSelector(role) },
      policyTypes: ["Ingress", "Egress"],
      ...(ingress.length > 0 && { ingress }),
      ...(egress.length > 0 && { egress }),
    },
  });
}

/** Nothing in or out of a namespace's pods but what else is allowed; names are answered wherever the cluster does it. */
export function makeFence(namespace: string, installation: Installation): Manifest[] {
  const dns = [
    { port: 53, protocol: "UDP" },
    { port: 53, protocol: "TCP" },
  ];
  return [
    policy(installation, namespace, {
      name: "conifer-nothing",
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
    }),
    policy(installation, namespace, {
      name: "conifer-names",
      spec: { podSelector: {}, policyTypes: ["Egress"], egress: [{ ports: dns }] },
    }),
  ];
}

function policy(
  installation: Installation,
  namespace: string,
  { name, role, spec }: { readonly name: string; readonly role?: Role; readonly spec: Fields },
): Manifest {
  const head = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", name, namespace };
  return manifest(installation, { ...head, ...(role && { role }) }, { spec });
}

function isThere(party: Party, installation: Installation): boolean {
  return !isRole(party) || isPart(party, installation);
}

const isRole = (party: Party): party is Role => ROLES.some((role) => role === party);

const inNamespace = (name: string) => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
});

/** Where a cloud tells machines who they are; no role asks. */
const METADATA = { v4: "169.254.0.0/16", v6: ["fe80::/10", "fd00:ec2::/32"] };

function peersOf(direction: "from" | "to", party: Party, installation: Installation): Fields {
  const { values } = installation;
  switch (party) {
    case "anybody":
    case "database server":
    case "object store":
    case "collector":
      return {};
    case "cluster":
      return values.apiServerRanges.length > 0
        ? { [direction]: values.apiServerRanges.map((cidr) => ({ ipBlock: { cidr } })) }
        : {};
    case "internet":
      return {
        [direction]: [
          { ipBlock: { cidr: "0.0.0.0/0", except: [METADATA.v4] } },
          { ipBlock: { cidr: "::/0", except: METADATA.v6 } },
        ],
      };
    case "scrapers":
      return {
        [direction]: [{ namespaceSelector: { matchLabels: values["metrics.namespaceSelector"] } }],
      };
    case "dynos":
      // Each space is a namespace that the engine labels.
      return { [direction]: [inNamespace(values.appsNamespace)] };
    default:
      return {
        [direction]: [
          {
            ...inNamespace(namespaceOf(party, installation)),
            podSelector: { matchLabels: roleSelector(party) },
          },
        ],
      };
  }
}

/** By number: names of ports are not resolved by every enforcer. */
function portsOf(ports: Flow["ports"]): Fields {
  if (ports.length === 0) return {};
  return {
    ports: ports.map((port) => ({ port: typeof port === "number" ? port : PORT[port], protocol: "TCP" })),
  };
}
