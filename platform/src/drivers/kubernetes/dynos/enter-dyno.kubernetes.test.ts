import type { Duplex } from "node:stream";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { DynoFollower, readAll, suiteSpec } from "../../../runtime/dyno/dyno-host-suite.ts";
import type { InsideCommand } from "../../../runtime/dyno/index.ts";
import { BEHAVIORS, openTestCluster, type TestCluster, type TestSpace } from "./cluster-fixtures.ts";
import type { KubernetesDynoHost } from "./index.ts";

let cluster: TestCluster;
let space: TestSpace;
let host: KubernetesDynoHost;
let watched: DynoFollower;
const worker = suiteSpec({ program: (behavior) => BEHAVIORS[behavior] }, "works", {
  ...{ name: "worker.1", type: "worker", duty: "work", stopSeconds: 2 },
});

beforeAll(async () => {
  cluster = await openTestCluster();
});
afterAll(() => cluster?.close());
beforeEach(async () => {
  space = cluster.openSpace();
  host = await space.startHost();
  watched = new DynoFollower(host.dynos);
  await host.dynos.apply({ appId: worker.appId, dynos: [worker] }, { subject: "formation", number: 1 });
  await watched.until(worker.id, "up");
});
afterEach(async () => {
  await watched.close();
  await host.stop();
  await space.close();
});

const inside = (line: string, change: Partial<InsideCommand> = {}) =>
  host.dynos.runInside(worker.id, { line, env: {}, ...change });
const TERMINAL = { columns: 91, rows: 27 };

/** What a client has read so far. */
function follow(client: Duplex) {
  const seen = { text: "", closed: false };
  client.on("data", (chunk) => {
    seen.text += chunk;
  });
  client.on("error", () => {});
  client.on("close", () => {
    seen.closed = true;
  });
  const sees = (wanted: string | RegExp) =>
    expect.poll(() => seen.text, { timeout: 15_000 }).toMatch(new RegExp(wanted));
  return { seen, sees };
}

test("a terminal has its size from the beginning, echoes, and takes Ctrl-C", async () => {
  const client = await inside(
    "stty size; trap 'echo interrupted; exit 5' INT; echo ready; while :; do sleep 0.1; done",
    {
      env: { TERM: "xterm", LONG: "x".repeat(20_000) },
      terminal: TERMINAL,
    },
  );
  const { seen, sees } = follow(client);
  await sees("27 91\r\nready\r\n");
  expect(seen.text.startsWith("27 91")).toBe(true);
  client.write("typed");
  await sees("typed");
  client.write("\x03");
  await sees("interrupted");
  await expect.poll(() => seen.closed, { timeout: 15_000 }).toBe(true);
});

test("what a terminal's client has left running ends with it", async () => {
  const client = await inside("sleep 4711 & (trap '' HUP; exec sleep 4712) & echo ready; exec sleep 4713", {
    terminal: TERMINAL,
  });
  const { sees } = follow(client);
  await sees("ready");
  const running = async () => (await readAll(await inside("ps -o args"))).match(/sleep 471\d/g) ?? [];
  expect(await running()).toHaveLength(3);
  client.destroy();
  await expect.poll(running, { timeout: 20_000 }).toEqual([]);
  expect(watched.statesOf(worker.id)).toEqual(["starting", "up"]);
});

test("a client that goes at once leaves nothing", async () => {
  for (const terminal of [undefined, TERMINAL]) {
    const client = await inside("exec sleep 4711", terminal ? { terminal } : {});
    client.on("error", () => {});
    client.destroy();
  }
  const running = async () => (await readAll(await inside("ps -o args"))).match(/sleep 471\d/g) ?? [];
  await expect.poll(running, { timeout: 20_000 }).toEqual([]);
});

test("two hundred thousand lines arrive at a slow reader, and the exit marker in one piece", async () => {
  const client = await inside(
    "seq 200000; printf '\\357\\277'; sleep 0.2; printf '\\277 heroku-command-exit-status: 3\\n'",
  );
  await new Promise((resolve) => setTimeout(resolve, 500));
  const chunks: string[] = [];
  client.on("data", (chunk: Buffer) => chunks.push(chunk.toString("utf8")));
  await new Promise((resolve) => client.once("close", resolve));
  expect(chunks.at(-1)).toBe("\uFFFF heroku-command-exit-status: 3\n");
  expect(chunks.join("").split("\n")).toHaveLength(200_002);
});

test("a command that is killed ends the connection, and not the dyno", async () => {
  const client = await inside("echo ready; exec sleep 4711");
  const { seen, sees } = follow(client);
  await sees("ready");
  await readAll(
    await inside(
      "kill -9 $(ps -o pid,args | while read -r pid args; do [ \"$args\" = 'sleep 4711' ] && echo $pid; done)",
    ),
  );
  await expect.poll(() => seen.closed, { timeout: 15_000 }).toBe(true);
  expect(watched.statesOf(worker.id)).toEqual(["starting", "up"]);
});
