import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { controlApp } from "../conformance/src/app-control.ts";
import { HELLO_APP } from "../conformance/src/app-folder.ts";
import { setOut } from "../conformance/src/journey.ts";
import { KIND, type KubeClient, type Pod } from "../platform/src/drivers/kubernetes/client/index.ts";
import { isReady } from "../tools/router-nodes.ts";
import {
  APPS,
  connectOptions,
  type Installation,
  openInstallation,
  ROUTER_PORT,
  routerAddresses,
  untilTrue,
} from "./installation/installation-access.ts";
import { askOnce } from "./platform/steady-load.ts";
import { median, ms, timed } from "./platform/timings.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { writeResult } from "./router/result-file.ts";

/**
 * How long one more dyno takes to start, from the API's call until a router has an answer of it, and until the API says
 * that it is up; against a bare pod of the same image and command, from its creation until its port takes a connection. By
 * turns, ROUNDS (5) of each; every node has the image.
 */
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const BAR = 2;
const GOAL = 1.1;

async function main(): Promise<number> {
  const installation = await openInstallation();
  const { client } = installation;
  const journey = await setOut(await connectOptions());
  const dynos: DynoStart[] = [];
  const pods: number[] = [];
  const addresses = await routerAddresses(installation);
  try {
    const app = await journey.deployApp(NAME, HELLO_APP);
    const control = controlApp(journey, app);
    const scale = async (quantity: number) => {
      await control.scale("web", quantity);
      await control.dynosAre("web", Array(quantity).fill("up"), 120_000);
    };
    await scale(NODES * 2);
    await scale(1);
    for (let round = 0; round < ROUNDS; round += 1) {
      await settled(installation);
      dynos.push(await oneMore(control, addresses));
      await scale(1);
      await settled(installation);
      pods.push(await timedPod(client));
      console.log(`dyno ${JSON.stringify(dynos.at(-1))}, bare pod ${ms(pods.at(-1) ?? 0)} ms`);
    }
  } finally {
    await journey.end();
    await client.close();
  }
  const served = dynos.map(({ servedMs }) => servedMs);
  const ratio = Number((median(served) / median(pods)).toFixed(2));
  writeResult("dyno-start", {
    figure:
      "one more dyno until a router has its answer, against a bare pod of the same image until its port answers",
    servedMs: { median: median(served), all: served },
    saidUpMs: { median: median(dynos.map(({ saidUpMs }) => saidUpMs)) },
    podMs: { median: ms(median(pods)), all: pods.map(ms) },
    ...{ ratio, bar: BAR, goal: GOAL, machine: machineFacts([]) },
  });
  return ratio <= BAR ? 0 : 1;
}

interface DynoStart {
  readonly servedMs: number;
  readonly saidUpMs: number;
}

const NODES = 3;
const NAME = "started";

async function oneMore(
  control: ReturnType<typeof controlApp>,
  addresses: readonly string[],
): Promise<DynoStart> {
  const began = performance.now();
  await control.scale("web", 2);
  const [address = ""] = addresses;
  const isServed = async () => {
    const { body } = await askOnce({ address, port: ROUTER_PORT, host: `${NAME}.localhost`, agent: false });
    return body.includes("web.2");
  };
  const isUp = async () => (await control.dynos()).filter(({ state }) => state === "up").length === 2;
  const [servedMs, saidUpMs] = await Promise.all(
    [isServed, isUp].map(async (is) => {
      await untilTrue("one more dyno", is, 10);
      return ms(performance.now() - began);
    }),
  );
  return { servedMs: servedMs ?? 0, saidUpMs: saidUpMs ?? 0 };
}

/** What is being removed would take time from what starts. */
async function settled({ client }: Installation): Promise<void> {
  await untilTrue("dynos that stay", async () => {
    const { items } = await client.list<Pod>({ kind: KIND.pod, namespace: APPS }, {});
    return items.length === 1 && items.every(isReady);
  });
  await wait(1_000);
}

const BARE = { name: "conifer-bench-bare", namespace: "default" };
const PORT = 20_000;

async function timedPod(client: KubeClient): Promise<number> {
  const [dyno] = (await client.list<Pod>({ kind: KIND.pod, namespace: APPS }, {})).items;
  const [container] = (dyno?.spec.containers ?? []) as readonly { image: string; command: string[] }[];
  const pod = {
    ...{ apiVersion: KIND.pod.apiVersion, kind: KIND.pod.kind, metadata: BARE },
    spec: {
      automountServiceAccountToken: false,
      securityContext: { runAsUser: 1000, runAsGroup: 1000 },
      containers: [
        {
          ...{ name: "dyno", image: container?.image, command: container?.command },
          // The nodes have it, and this namespace has no credentials for it.
          imagePullPolicy: "Never",
          env: [{ name: "PORT", value: String(PORT) }],
        },
      ],
      terminationGracePeriodSeconds: 1,
    },
  } as unknown as Pod;
  const place = { kind: KIND.pod, namespace: BARE.namespace };
  try {
    return await timed(async () => {
      await client.create(pod);
      let host: string | undefined;
      await untilTrue(
        "the bare pod",
        async () => {
          host ??= (await client.get<Pod>(place, BARE.name)).status?.podIP;
          return host !== undefined && (await accepts(host));
        },
        10,
      );
    });
  } finally {
    await client.remove(place, BARE.name);
    await untilTrue("the bare pod to be gone", async () =>
      (await client.list<Pod>(place, {})).items.every(({ metadata }) => metadata.name !== BARE.name),
    );
  }
}

function accepts(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: PORT, timeout: 500 });
    const end = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket
      .once("connect", () => end(true))
      .once("timeout", () => end(false))
      .once("error", () => end(false));
  });
}

process.exitCode = await main();
