import { execFileSync } from "node:child_process";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type AppControl, controlApp } from "../../conformance/src/app-control.ts";
import type { JourneyApp } from "../../conformance/src/journey.ts";
import { trialApp } from "../../conformance/src/trial-app.ts";
import { waitUntil } from "../../conformance/src/wait-until.ts";
import type { Pod } from "../../platform/src/drivers/kubernetes/client/index.ts";
import { findNodes, type LiveNode, seeProcesses } from "../cluster/cluster-processes.ts";
import { pauseProgram } from "../cluster/pause-program.ts";
import { isReady } from "../router-nodes.ts";
import {
  CONIFER_CLUSTER,
  hasInstallation,
  type InstallationUnderTest,
  openInstallation,
} from "./installation-under-test-fixtures.ts";
import { podProcesses } from "./pod-processes-fixtures.ts";

/**
 * A node of which the cluster hears nothing more although its dynos live: visitors are served meanwhile, its dynos are started
 * elsewhere, and when it is heard again nothing runs twice.
 */

const LONG_MS = 150_000;
const DYNOS = 2;

let installation: InstallationUnderTest;
let app: JourneyApp;
let control: AppControl;
let heal: (() => void) | undefined;

describe.skipIf(!hasInstallation)("a node that is not heard of", () => {
  beforeAll(async () => {
    installation = await openInstallation();
    await installation.isWhole();
    app = await installation.journey.deployApp("far", trialApp());
    control = controlApp(installation.journey, app);
    await installation.journey.api("PATCH", "/apps/far/features/warm-rollback", { enabled: false });
    await installation.journey.api("PATCH", "/apps/far/formation/web", {
      quantity: DYNOS,
      size: "standard-1x",
    });
    await control.dynosAre("web", ["up", "up"], LONG_MS);
  });

  afterEach(async () => {
    heal?.();
    heal = undefined;
    await installation?.isWhole();
  });
  afterAll(() => installation?.end());

  test.each([
    ["its kubelet is stopped", stopKubelet],
    ["what it sends to the API server is lost, and what comes from there is not", cutOneWay],
  ])(
    "since %s",
    async (_why, disturb) => {
      const before = await installation.dynoPods(app.name);
      const node = chooseNode(before);
      const routers = (await installation.podsOf("router")).filter(({ spec }) => spec.nodeName !== node.name);
      const [router] = routers;
      if (!router) throw new Error(`all routers are on ${node.name}`);
      const load = await installation.loadBy(router, app);
      try {
        await load.nextGood();
        heal = disturb(node.live);
        const elsewhere = async () => {
          const pods = await installation.dynoPods(app.name);
          return (
            pods.length === DYNOS && pods.every((pod) => pod.spec.nodeName !== node.name && isReady(pod))
          );
        };
        await waitUntil("dynos on other nodes", elsewhere, { ms: LONG_MS });
        await waitUntil("dynos that are up", allAreUp, { ms: LONG_MS });
        heal();
        await waitUntil("the end of the old dynos", () => before.every((pod) => !runsOn(pod, node.name)), {
          ms: LONG_MS,
        });
        await waitUntil("as many dynos as there should be", elsewhere, { ms: LONG_MS });
        await load.nextGood();
      } finally {
        await load.stop();
      }
      expect(load.failures()).toEqual([]);
    },
    400_000,
  );
});

/** Calls to the API may be led by way of the node. */
async function allAreUp(): Promise<boolean> {
  const found = await control.dynos().catch(() => []);
  return found.length === DYNOS && found.every(({ state }) => state === "up");
}

const runsOn = (pod: Pod, node: string) => pod.spec.nodeName === node && podProcesses(pod).length > 0;

interface ChosenNode {
  readonly name: string;
  readonly live: LiveNode;
}

/** One with a dyno, but not the first: the API server is there. */
function chooseNode(dynos: readonly Pod[]): ChosenNode {
  const nodes = findNodes(CONIFER_CLUSTER ?? "", seeProcesses());
  for (const live of nodes.slice(1)) {
    const name = `node${live.number}`;
    if (dynos.some(({ spec }) => spec.nodeName === name)) return { name, live };
  }
  throw new Error("all dynos are on the first node");
}

function stopKubelet(node: LiveNode): () => void {
  return pauseProgram([node], "kubelet");
}

function cutOneWay({ pid }: LiveNode): () => void {
  const server = new URL(installation.client.access.server).hostname;
  const nft = (rules: string) =>
    execFileSync("nsenter", ["-t", String(pid), "-n", "nft", "-f", "-"], { input: rules });
  const table = "table inet conifer_fault";
  const chain = (hook: string) =>
    `chain ${hook} { type filter hook ${hook} priority 0; ip daddr ${server} tcp dport 6443 drop; }`;
  nft(`${table}\ndelete ${table}\n${table} {\n${chain("output")}\n${chain("forward")}\n}`);
  return () => void nft(`${table}\ndelete ${table}`);
}
