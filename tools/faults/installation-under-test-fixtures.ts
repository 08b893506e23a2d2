import { text } from "node:stream/consumers";
import { type Journey, type JourneyApp, setOut } from "../../conformance/src/journey.ts";
import { type Load, startLoad } from "../../conformance/src/load.ts";
import { freePorts } from "../../conformance/src/running-platform.ts";
import { waitUntil } from "../../conformance/src/wait-until.ts";
import {
  isNotFound,
  KIND,
  type KubeClient,
  makeKubeClient,
  openKubeAccess,
  openPodForward,
  type Pod,
} from "../../platform/src/drivers/kubernetes/client/index.ts";
import { isReady, routersNodePort } from "../router-nodes.ts";
import { killPod } from "./pod-processes-fixtures.ts";

/** What is tried here needs the cluster's nodes and an installation in it, both of this machine. */
export const { CONIFER_CLUSTER, CONIFER_INSTALLATION } = process.env;
export const hasInstallation = Boolean(CONIFER_CLUSTER && CONIFER_INSTALLATION);

/** Where the parts of an installation are, by its defaults. */
export const SYSTEM = CONIFER_INSTALLATION ?? "conifer-system";
export const APPS = "conifer-apps";
export const BUILDS = "conifer-builds";
const AGENTS = "conifer-agents";

export const ROLES = ["api", "worker", "files", "database", "logs", "registry", "router", "agent"] as const;
export type RoleName = (typeof ROLES)[number];

/** The apps that are made here. */
const APP_NAMES = ["killed", "refused", "far"] as const;

/** An installation of which a test breaks parts, and a person who uses it meanwhile. */
export interface InstallationUnderTest {
  readonly client: KubeClient;
  readonly journey: Journey;
  podsOf(role: RoleName): Promise<readonly Pod[]>;
  /**
   * kill -9 of the first process in each of these pods. Where the kubelet would wait with the next start, the pod goes too.
   * Returns when the cluster has noticed.
   */
  kill(pods: readonly Pod[]): Promise<void>;
  /** Waits until as many pods of each role answer as there should be; a kill must have been noticed before. */
  isWhole(): Promise<void>;
  /** The pods of an app's dynos that are not on their way out. */
  dynoPods(app: string): Promise<readonly Pod[]>;
  /** The pods of builds that have not ended. */
  buildsUnderWay(): Promise<readonly Pod[]>;
  /** Requests to an app by way of the node that a router is on, as a load balancer sends them. */
  loadBy(router: Pod, app: JourneyApp): Promise<Load>;
  /** The head and body of a pod's answer to a scraper, by way of its kubelet. */
  scrape(pod: Pod, token: string): Promise<string>;
  /** Removes the journey's apps. */
  end(): Promise<void>;
}

const PROBES = 6461;
const WHOLE_MS = 90_000;
const EVERY_MS = 50;

const SETS = {
  ...{ api: "deployments", worker: "deployments", router: "deployments", agent: "daemonsets" },
  ...{ files: "statefulsets", database: "statefulsets", logs: "statefulsets", registry: "statefulsets" },
} as const satisfies Record<RoleName, string>;

export async function openInstallation(): Promise<InstallationUnderTest> {
  const client = makeKubeClient(await openKubeAccess(process.env.KUBECONFIG));
  const journey = await setOut({ ports: await freePorts() });
  // Of a run that was killed.
  for (const name of APP_NAMES) await journey.api("DELETE", `/apps/${name}`);
  const podsOf = async (role: RoleName) => {
    const place = { kind: KIND.pod, namespace: role === "agent" ? AGENTS : SYSTEM };
    const { items } = await client.list<Pod>(place, { labelSelector: `conifer.dev/role=${role}` });
    return items.filter(isStaying).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  };
  const ids = new Map<string, string>();
  const appId = async (name: string) => {
    const id = ids.get(name) ?? ((await journey.api("GET", `/apps/${name}`)).body.id as string);
    ids.set(name, id);
    return id;
  };
  return {
    client,
    journey,
    podsOf,
    kill: async (pods) => {
      for (const pod of pods) killPod(pod);
      for (const pod of pods.filter(waitsNextTime))
        await client.remove(placeOf(pod), pod.metadata.name, { gracePeriodSeconds: 0 });
      for (const pod of pods)
        await waitUntil(`the end of ${pod.metadata.name}`, () => hasEnded(client, pod), { ms: WHOLE_MS });
    },
    isWhole: async () => {
      let missing: readonly string[] = [];
      const look = async () => {
        const all = await Promise.all(ROLES.map((role) => missingOf(client, role, podsOf)));
        missing = all.flat();
        return missing.length === 0;
      };
      await waitUntil("all roles", look, { ms: WHOLE_MS, instead: () => missing.join("\n") });
    },
    dynoPods: async (app) => {
      const selector = `conifer.dev/app=${await appId(app)},conifer.dev/dyno`;
      const { items } = await client.list<Pod>(
        { kind: KIND.pod, namespace: APPS },
        { labelSelector: selector },
      );
      return items.filter(isStaying);
    },
    buildsUnderWay: async () => {
      const { items } = await client.list<Pod>({ kind: KIND.pod, namespace: BUILDS }, {});
      return items.filter(({ status }) => status?.phase === "Pending" || status?.phase === "Running");
    },
    loadBy: async (router, app) => {
      const address = router.status?.hostIP;
      if (!address) throw new Error(`${router.metadata.name} has no node`);
      const routerPort = await routersNodePort(client, SYSTEM);
      return startLoad({ address, routerPort, host: `${app.name}.localhost`, everyMs: EVERY_MS });
    },
    scrape: async ({ metadata: { name, namespace = "" } }, token) => {
      const stream = await openPodForward(client.access, { namespace, pod: name, port: PROBES });
      const headers = [
        "GET /metrics HTTP/1.1",
        "Host: pod",
        "Connection: close",
        `Authorization: Bearer ${token}`,
      ];
      stream.write(`${headers.join("\r\n")}\r\n\r\n`);
      return await text(stream);
    },
    end: async () => {
      await journey.end();
      await client.close();
    },
  };
}

export const placeOf = ({ metadata }: Pod) => ({ kind: KIND.pod, namespace: metadata.namespace ?? "" });

const isStaying = ({ metadata }: Pod) => metadata.deletionTimestamp === undefined;

/** Its first start after an end comes at once, every further one after a pause that grows. */
const waitsNextTime = (pod: Pod) => restartsOf(pod) > 0;

const restartsOf = ({ status }: Pod) =>
  (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);

/** Whether the cluster knows that a run of the pod has ended. */
async function hasEnded(client: KubeClient, pod: Pod): Promise<boolean> {
  try {
    const now = await client.get<Pod>(placeOf(pod), pod.metadata.name);
    const ended = now.status?.containerStatuses?.some(({ state }) => state?.terminated) ?? false;
    return now.metadata.uid !== pod.metadata.uid || ended || restartsOf(now) > restartsOf(pod);
  } catch (thrown) {
    if (isNotFound(thrown)) return true;
    throw thrown;
  }
}

async function missingOf(
  client: KubeClient,
  role: RoleName,
  podsOf: (role: RoleName) => Promise<readonly Pod[]>,
): Promise<readonly string[]> {
  const kind = { apiVersion: "apps/v1", kind: "", plural: SETS[role] };
  const namespace = role === "agent" ? AGENTS : SYSTEM;
  const set = await client.get<never>({ kind, namespace }, `conifer-${role}`).catch((thrown: unknown) => {
    if (isNotFound(thrown)) return undefined; // an installation may have another database, and no agents
    throw thrown;
  });
  if (!set) return [];
  const { spec, status } = set as {
    spec: { replicas?: number };
    status: { desiredNumberScheduled?: number };
  };
  const wanted = spec.replicas ?? status.desiredNumberScheduled ?? 0;
  const ready = (await podsOf(role)).filter(isReady).length;
  return ready === wanted ? [] : [`${role}: ${ready} of ${wanted}`];
}
