import { afterAll, beforeAll, expect, test } from "vitest";
import { callPeer } from "../drivers/embedded/local/index.ts";
import { makeLogClient } from "../drivers/embedded/logs/index.ts";
import { silentLogger, systemClock } from "../kernel/index.ts";
import { silentMeter } from "../observe/metric/index.ts";
import { startLogs } from "./logs-process.ts";
import { idlePort, makeRolePlace, type RolePlace } from "./role-fixtures.ts";

let place: RolePlace;
let port: number;
beforeAll(async () => {
  place = makeRolePlace();
  port = await idlePort();
});
afterAll(() => place.remove());

const client = () => makeLogClient({ peer: place.peer(port), now: systemClock, logger: silentLogger });
const start = () => startLogs(place.configOf("logs"), silentLogger, silentMeter, port);

async function write(...messages: readonly string[]): Promise<void> {
  const { sink } = client();
  for (const message of messages)
    sink.write({ appId: "shop", time: new Date(), source: "app", process: "web.1", message });
  await sink.stop();
}

async function read(): Promise<string[]> {
  const found: string[] = [];
  const query = { appId: "shop", filter: {}, lines: 100, tail: false };
  for await (const { message } of client().reader.read(query, new AbortController().signal))
    found.push(message);
  return found;
}

test("what another role writes is kept on the volume, over a new start", async () => {
  const first = await start();
  await write("one", "two");
  expect(await read()).toEqual(["one", "two"]);
  await first.stop();
  const second = await start();
  await write("three");
  expect(await read()).toEqual(["one", "two", "three"]);
  await second.stop();
});

test("who has not the installation's secret, or another authority, learns nothing", async () => {
  const running = await start();
  const right = place.peer(port);
  const stranger = makeRolePlace();
  await expect(callPeer({ ...right, secret: "a guess" }, "DELETE /logs/shop")).rejects.toThrow();
  const { ca } = stranger.peer(port);
  await expect(callPeer({ ...right, ca }, "DELETE /logs/shop")).rejects.toThrow();
  expect(await read()).toContain("one");
  stranger.remove();
  await running.stop();
});
