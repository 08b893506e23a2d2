import { HELLO_APP } from "../conformance/src/app-folder.ts";
import { type Journey, type JourneyApp, setOut } from "../conformance/src/journey.ts";
import { connectOptions, openInstallation } from "./installation/installation-access.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { writeResult } from "./router/result-file.ts";

/** An installation: from push to first response, and from the call to roll back to the last old response. */
const ROUNDS = 3;

async function main(): Promise<number> {
  const { client } = await openInstallation();
  await client.close(); // named rightly; the rest is done as its users do it
  const journey = await setOut(await connectOptions());
  try {
    const app = await journey.deployApp("measured", HELLO_APP);
    await app.pageSays("hello");
    const pushToResponseSeconds = await measurePushes(app);
    const rollbackMs = await measureRollback(journey, app);
    writeResult("installation", {
      figure: "push to first response of an installation, and a rollback until the last old response",
      ...{ pushToResponseSeconds, rollbackMs, machine: machineFacts(["git --version"]) },
    });
    return 0;
  } finally {
    await journey.end();
  }
}

async function measurePushes(app: JourneyApp): Promise<readonly number[]> {
  const seconds: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    await app.commit({ "index.html": `Hello ${i}`, "server.js": serverSaying(`Hello ${i}`) });
    const began = performance.now();
    await app.push();
    await app.pageSays(`Hello ${i}`);
    seconds.push(Number(((performance.now() - began) / 1_000).toFixed(1)));
    console.log(`push to first response: ${seconds.at(-1)} s`);
  }
  return seconds;
}

const serverSaying = (text: string) =>
  `require("node:http").createServer((_, r) => r.end(${JSON.stringify(text)})).listen(process.env.PORT);\n`;

/** From the call to the last response of the release that was left. */
async function measureRollback(journey: Journey, app: JourneyApp): Promise<number> {
  const releases = (await journey.api("GET", `/apps/${app.name}/releases`)).body as readonly {
    readonly id: string;
    readonly version: number;
  }[];
  const before = releases.toSorted((a, b) => b.version - a.version)[1];
  const began = performance.now();
  await journey.api("POST", `/apps/${app.name}/releases`, { release: before?.id });
  let last = began;
  for (let good = 0; good < 20; ) {
    const { body } = await app.page();
    if (body.includes(`Hello ${ROUNDS - 1}`)) {
      last = performance.now();
      good = 0;
    } else good++;
  }
  const ms = Math.round(last - began);
  console.log(`rollback: ${ms} ms until the last old response`);
  return ms;
}

process.exitCode = await main();
