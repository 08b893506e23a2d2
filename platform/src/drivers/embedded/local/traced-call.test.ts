import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Running, silentLogger } from "../../../kernel/index.ts";
import { callPeer, type SocketPeer, startLocalServer, type TracedCall } from "./index.ts";

const PLACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
let folder: string;
let peer: SocketPeer;
let server: Running;
let steps: (TracedCall | string)[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "conifer-traced-"));
  peer = { socketPath: join(folder, "x.sock"), secret: "s3cret" };
  steps = [];
  server = await startLocalServer({
    ...peer,
    logger: silentLogger,
    routes: [
      {
        handlers: {
          "GET /builds/:id": async (call) => {
            steps.push(`handled ${call.params.id}`);
            return { id: call.params.id };
          },
        },
      },
    ],
    around: async (call, work) => {
      steps.push(call);
      await work();
      steps.push("answered");
    },
  });
});
afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

test("a call from within a trace is made as part of it, and named by its route", async () => {
  const answer = await callPeer({ ...peer, traceparent: () => PLACE }, "GET /builds/b-1");
  expect(answer).toEqual({ id: "b-1" });
  expect(steps).toEqual([{ route: "GET /builds/:id", traceparent: PLACE }, "handled b-1", "answered"]);
});

test.each([
  ["outside of a trace", () => undefined],
  ["where nothing is traced", undefined],
])("a call %s is only made", async (_where, traceparent) => {
  await callPeer({ ...peer, ...(traceparent ? { traceparent } : {}) }, "GET /builds/b-1");
  expect(steps).toEqual(["handled b-1"]);
});

test("what is refused is no part of anything", async () => {
  const stranger = { ...peer, secret: "other", traceparent: () => PLACE };
  await expect(callPeer(stranger, "GET /builds/b-1")).rejects.toThrow("credential");
  await expect(callPeer({ ...peer, traceparent: () => PLACE }, "GET /nothing")).rejects.toThrow(
    "no local route",
  );
  expect(steps).toEqual([]);
});
