/** What a look before the installation found. */
export interface Finding {
  /** Such as `Storage`. */
  readonly what: string;
  readonly state: "ok" | "warning" | "failed";
  /** What was seen. */
  readonly said: string;
  /** What to do, unless it is ok. */
  readonly todo?: string;
}

/** What is known of a cluster before anything is changed. Undefined: it could not be asked for. */
export interface ClusterFacts {
  /** `v1.34.1`. */
  readonly version: string;
  /** How far the API server's clock is ahead of ours, in milliseconds; exact to a second. */
  readonly clockAheadMs: number | undefined;
  /** Rights that are missing, as `create pods in conifer-apps`. */
  readonly missingRights: readonly string[] | undefined;
  readonly nodes: readonly NodeFacts[] | undefined;
  readonly storageClasses: readonly { readonly name: string; readonly isDefault: boolean }[] | undefined;
  /** Ports on nodes that others' Services have. */
  readonly takenPorts: readonly { readonly port: number; readonly owner: string }[] | undefined;
  /** Whether a Service of somebody has got an address from a load balancer. */
  readonly balancerSeen: boolean;
  /** Whether the API server refuses a level of Pod Security that does not exist. */
  readonly podSecurity: boolean | undefined;
}

export interface NodeFacts {
  readonly name: string;
  /** As Kubernetes says it: `amd64`, `arm64`. */
  readonly architecture: string;
  /** Whether it takes pods. */
  readonly ready: boolean;
  /** Whether a cloud made it. */
  readonly ofCloud: boolean;
}

/** What of the values decides about a check. */
export interface Wanted {
  readonly storageClass: string | undefined;
  readonly routerService: string;
  readonly nodePorts: readonly number[];
}

const LEAST_VERSION = 32;
const CLOCK_WARNING_MS = 5_000;
const CLOCK_FAILED_MS = 300_000;
/** Those that Conifer's image is made for. */
const ARCHITECTURES = ["amd64", "arm64"];
const GUIDE = "docs/guides/install.md";

/** Judges what was found, in the order in which it is told. */
export function judgeCluster(facts: ClusterFacts, wanted: Wanted): Finding[] {
  return [
    judgeVersion(facts.version),
    judgeRights(facts.missingRights),
    judgeNodes(facts.nodes),
    judgeStorage(facts.storageClasses, wanted.storageClass),
    judgeEdge(facts, wanted.routerService),
    judgePorts(facts.takenPorts, wanted.nodePorts),
    judgeClock(facts.clockAheadMs),
    judgePodSecurity(facts.podSecurity),
    {
      what: "Secrets",
      state: "warning",
      said: "whether the cluster seals Secrets at rest, and enforces network policies, cannot be seen from outside",
      todo: `make sure of both; see "What the cluster has to do" in ${GUIDE}`,
    },
  ];
}

export const isGood = (findings: readonly Finding[]) => findings.every(({ state }) => state !== "failed");

/** One line for each, with what to do on the next. */
export function findingLines(findings: readonly Finding[]): string[] {
  const widest = Math.max(...findings.map(({ what }) => what.length));
  return findings.flatMap(({ what, state, said, todo }) => [
    `${state.padEnd(8)} ${what.padEnd(widest)}  ${said}`,
    ...(todo ? [`${" ".repeat(10 + widest)} ${todo}`] : []),
  ]);
}

function judgeVersion(version: string): Finding {
  const [, major = "", minor = ""] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  const isGoodEnough = Number(major) > 1 || (Number(major) === 1 && Number(minor) >= LEAST_VERSION);
  const what = "Kubernetes";
  if (isGoodEnough) return { what, state: "ok", said: version };
  return {
    ...{ what, state: "failed", said: `${version || "unknown"}; 1.${LEAST_VERSION} or newer is needed` },
    todo: "upgrade the cluster first",
  };
}

const MOST_TOLD = 5;

function judgeRights(missing: ClusterFacts["missingRights"]): Finding {
  const what = "Permissions";
  if (missing === undefined)
    return {
      what,
      state: "warning",
      said: "the cluster does not say what you may do",
      todo: "go on and see",
    };
  if (missing.length === 0) return { what, state: "ok", said: "you may make all that is needed" };
  const told = missing.slice(0, MOST_TOLD).join("; ");
  const more = missing.length > MOST_TOLD ? ` and ${missing.length - MOST_TOLD} more` : "";
  return {
    ...{ what, state: "failed", said: `you may not ${told}${more}` },
    todo: "ask for these rights, or let an administrator of the cluster install",
  };
}

function judgeNodes(nodes: ClusterFacts["nodes"]): Finding {
  const what = "Nodes";
  if (!nodes)
    return { what, state: "warning", said: "they cannot be listed", todo: "make sure that some are ready" };
  const ready = nodes.filter((node) => node.ready);
  const usable = ready.filter(({ architecture }) => ARCHITECTURES.includes(architecture));
  if (usable.length === 0)
    return {
      ...{
        what,
        state: "failed",
        said: `none of ${nodes.length} is ready and has one of ${ARCHITECTURES.join(", ")}`,
      },
      todo: "add nodes that Conifer's image is made for",
    };
  const kinds = [...new Set(ready.map(({ architecture }) => architecture))].toSorted();
  const said = `${ready.length} ready (${kinds.join(", ")})`;
  if (usable.length < ready.length)
    return { what, state: "warning", said, todo: "keep roles to usable nodes with the value nodeSelector" };
  if (usable.length === 1)
    return { what, state: "warning", said, todo: "add a second one: with one, its loss stops everything" };
  return { what, state: "ok", said };
}

function judgeStorage(classes: ClusterFacts["storageClasses"], wanted: string | undefined): Finding {
  const what = "Storage";
  if (!classes)
    return { what, state: "warning", said: "storage classes cannot be listed", todo: "make sure of one" };
  const found = wanted
    ? classes.find(({ name }) => name === wanted)
    : classes.find(({ isDefault }) => isDefault);
  if (found) return { what, state: "ok", said: `class ${found.name}` };
  const names = classes.map(({ name }) => name).join(", ") || "none";
  return {
    ...{ what, state: "failed" },
    said: wanted
      ? `there is no storage class ${wanted} (there is: ${names})`
      : `no default storage class (there is: ${names})`,
    todo: "name one with --set storageClass=<name>, or make one the cluster's default",
  };
}

function judgeEdge({ balancerSeen, nodes = [] }: ClusterFacts, service: string): Finding {
  const what = "Way in";
  if (service !== "LoadBalancer") return { what, state: "ok", said: `a Service of type ${service}` };
  if (balancerSeen || nodes.some(({ ofCloud }) => ofCloud))
    return { what, state: "ok", said: "a load balancer of the cluster" };
  return {
    ...{ what, state: "warning", said: "nothing seems to give addresses to Services of type LoadBalancer" },
    todo: "take --set router.service=NodePort and put a balancer before the nodes",
  };
}

function judgePorts(taken: ClusterFacts["takenPorts"], wanted: readonly number[]): Finding {
  const what = "Node ports";
  if (!taken)
    return {
      what,
      state: "warning",
      said: "Services cannot be listed",
      todo: "a taken port will be refused",
    };
  const clash = taken.filter(({ port }) => wanted.includes(port));
  if (clash.length === 0) return { what, state: "ok", said: wanted.join(", ") };
  const said = clash.map(({ port, owner }) => `${port} belongs to ${owner}`).join("; ");
  return { what, state: "failed", said, todo: "choose another, such as --set registry.nodePort=30451" };
}

function judgeClock(aheadMs: number | undefined): Finding {
  const what = "Clock";
  if (aheadMs === undefined)
    return {
      what,
      state: "warning",
      said: "the API server does not tell the time",
      todo: "keep clocks in step (NTP)",
    };
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  if (Math.abs(aheadMs) <= CLOCK_WARNING_MS) return { what, state: "ok", said: "in step with the cluster's" };
  return {
    what,
    state: Math.abs(aheadMs) > CLOCK_FAILED_MS ? "failed" : "warning",
    said: `the cluster's is ${seconds} s ${aheadMs > 0 ? "ahead of" : "behind"} this machine's`,
    todo: "set both by NTP: certificates and credentials have a beginning and an end",
  };
}

function judgePodSecurity(active: boolean | undefined): Finding {
  const what = "Pod Security";
  if (active) return { what, state: "ok", said: "enforced" };
  const said =
    active === undefined
      ? "it cannot be found out whether it is enforced"
      : "the cluster does not enforce it";
  const todo = "turn the PodSecurity admission on: it is the second lock on what dynos may do";
  return { what, state: "warning", said, todo };
}
