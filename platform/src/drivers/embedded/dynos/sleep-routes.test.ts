import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Running, silentLogger } from "../../../kernel/index.ts";
import { type LocalPeer, startLocalServer } from "../local/index.ts";
import { makeSleepingAppsClient, sleepRoutes } from "./sleep-routes.ts";

let folder: string;
let server: Running;
let peer: LocalPeer;
let told: unknown[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "conifer-sleep-"));
  peer = { socketPath: join(folder, "s"), secret: "secret" };
  told = [];
  const sleeping = {
    used: async (appIds: readonly string[]) => void told.push(["used", ...appIds]),
    wake: async (appId: string) => void told.push(["wake", appId]),
  };
  server = await startLocalServer({ ...peer, routes: [sleepRoutes(sleeping)], logger: silentLogger });
});
afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

test("the calls arrive as they were made", async () => {
  const client = makeSleepingAppsClient(peer);
  await client.used(["a1", "a2"]);
  await client.wake("a/3");
  expect(told).toEqual([
    ["used", "a1", "a2"],
    ["wake", "a/3"],
  ]);
});

test("a call without apps is refused", async () => {
  const client = makeSleepingAppsClient(peer);
  await expect(client.used("all" as never)).rejects.toThrow("appIds must be a list");
  expect(told).toEqual([]);
});

test("a call while the other process is away fails", async () => {
  await server.stop();
  await expect(makeSleepingAppsClient(peer).wake("a1")).rejects.toThrow();
});
