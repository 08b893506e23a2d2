import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { DynoFollower, suiteSpec } from "../../../runtime/dyno/dyno-host-suite.ts";
import type { DynoSpec } from "../../../runtime/dyno/index.ts";
import {
  type ApiFault,
  type FaultyApi,
  openFaultyApi,
  type PassingRequest,
} from "../client/faulty-api-fixtures.ts";
import { isPassing, KIND, makeKubeClient, openKubeAccess, type Pod } from "../client/index.ts";
import { BEHAVIORS, openTestCluster, type TestCluster, type TestSpace } from "./cluster-fixtures.ts";
import type { KubernetesDynoHost } from "./kubernetes-dyno-host.ts";

/** The driver on a real cluster whose API server answers badly, in every way it can, while dynos are replaced. */

const LONG_MS = 90_000;
/** A request that nobody answers is given up after so long. */
const WITHIN_MS = 1_500;

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openTestCluster();
});
afterAll(() => cluster?.close());

/** A driver behind a faulty API server, in a namespace of its own. */
interface Driver {
  readonly space: TestSpace;
  readonly api: FaultyApi;
  readonly host: KubernetesDynoHost;
  readonly seen: DynoFollower;
  close(): Promise<void>;
}

async function openDriver(): Promise<Driver> {
  const space = cluster.openSpace();
  const api = await openFaultyApi(await openKubeAccess(process.env.KUBECONFIG));
  const client = makeKubeClient(api.access, { requestWithinMs: WITHIN_MS });
  const host = await space.startHost(client);
  const seen = new DynoFollower(host.dynos);
  return {
    ...{ space, api, host, seen },
    close: async () => {
      api.fault = () => undefined;
      await seen.close();
      await host.stop();
      await client.close();
      await api.close();
      await space.close();
    },
  };
}

const web = () =>
  suiteSpec({ program: (behavior) => BEHAVIORS[behavior] }, "serves", { bootSeconds: 60, stopSeconds: 2 });

/** As the control plane does: said again until it was taken. */
async function say({ host }: Driver, dynos: readonly DynoSpec[]): Promise<void> {
  const until = performance.now() + LONG_MS;
  for (;;) {
    try {
      return await host.dynos.apply({ appId: web().appId, dynos }, { subject: "formation", number: 1 });
    } catch (thrown) {
      if (!isPassing(thrown) || performance.now() > until) throw thrown;
    }
  }
}

/** The dynos of the pods that are not on their way out, past the fault. */
async function dynosThatStay({ space }: Driver): Promise<(string | undefined)[]> {
  const { items } = await cluster.client.list<Pod>({ kind: KIND.pod, namespace: space.namespace }, {});
  const staying = items.filter(({ metadata }) => !metadata.deletionTimestamp);
  return staying.map(({ metadata }) => metadata.labels?.["conifer.dev/dyno"]);
}

async function isUp({ seen }: Driver, { id }: DynoSpec): Promise<void> {
  await vi.waitUntil(() => seen.seen.get(id)?.state.kind === "up", { timeout: LONG_MS });
}

/** Every so many requests of a kind. */
function every(count: number, fault: ApiFault, concerns: (request: PassingRequest) => boolean = () => true) {
  let seenSoFar = 0;
  return (request: PassingRequest) => (concerns(request) && ++seenSoFar % count === 0 ? fault : undefined);
}

const watches = ({ isWatch }: PassingRequest) => isWatch;
const others = ({ isWatch }: PassingRequest) => !isWatch;

test.concurrent.each<[string, () => FaultyApi["fault"]]>([
  ["429 with a time to wait", () => every(2, { kind: "refuse", status: 429, retryAfter: 1 })],
  ["500", () => every(2, { kind: "refuse", status: 500 })],
  [
    "503 to two writes of three",
    () => {
      let writes = 0;
      const refused: ApiFault = { kind: "refuse", status: 503 };
      return ({ method }) => (method !== "GET" && ++writes % 3 !== 0 ? refused : undefined);
    },
  ],
  ["410 to every other watch", () => every(2, { kind: "refuse", status: 410 }, watches)],
  ["nothing, though it has done what was asked", () => every(3, { kind: "hang" }, others)],
  ["half of a watch", () => every(1, { kind: "cut", after: 12_000 }, watches)],
  ["half of an answer", () => every(3, { kind: "cut", after: 40 }, others)],
  [
    "lists of the past, and 410 to every other watch",
    () => {
      const expired = every(2, { kind: "refuse", status: 410 }, watches);
      return (request) => (request.isList ? { kind: "stale" } : expired(request));
    },
  ],
])(
  "while it answers %s, a dyno is replaced, and none is doubled or left",
  async (_name, fault) => {
    const driver = await openDriver();
    try {
      driver.api.fault = fault();
      driver.api.cut();
      const [first, second] = [web(), web()];
      await say(driver, [first]);
      await isUp(driver, first);
      await say(driver, [first, second]);
      await isUp(driver, second);
      await say(driver, [second]);
      await vi.waitUntil(async () => (await dynosThatStay(driver)).join() === second.id, {
        timeout: LONG_MS,
      });
      await isUp(driver, second);
      expect(driver.api.faults()).toBeGreaterThan(1);
    } finally {
      await driver.close();
    }
  },
  300_000,
);
