import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { PeerGone } from "../drivers/embedded/local/index.ts";
import { startTestControl, type TestControl } from "./control-fixtures.ts";
import { idlePorts } from "./idle-ports-fixtures.ts";

let control: TestControl;
let token: string;
const ports = idlePorts();

beforeAll(async () => {
  control = await startTestControl({ ports, workers: true });
  ({ token } = await control.account("owner@example.com"));
  await control.call("POST /apps", { token, body: { name: "first" } });
});
afterAll(() => control.stop());

test("while the store is away the API says so, and it goes on by itself", async () => {
  await control.store.stop();
  for (const route of ["GET /apps", "POST /apps", "GET /apps/first/releases", "DELETE /apps/first"]) {
    const answer = await control.call(route, { token });
    expect([route, answer.status, answer.body]).toEqual([
      route,
      503,
      { id: "unavailable", message: expect.stringContaining("Conifer's database is not available") },
    ]);
    expect(answer.body.message).toContain(String(answer.headers["request-id"]).split(",")[0]);
  }
  expect((await control.call("GET /schema", { token })).status).not.toBe(500);
  expect((await control.call("GET /nowhere")).status).toBe(404);
  expect((await control.call("GET /apps", { headers: { accept: "text/html" } })).status).toBe(406);

  await control.store.start();
  const back = await control.call("GET /apps/first", { token });
  expect([back.status, back.body?.name]).toEqual([200, "first"]);
  expect((await control.call("POST /apps", { token, body: { name: "second" } })).status).toBe(201);
  await vi.waitFor(
    async () => {
      const { rows } = await control.context.database.query(
        "select 1 from event_readers where reader = 'log'",
      );
      expect(rows).toHaveLength(1);
    },
    { timeout: 15_000 },
  );
});

test("while another process is away the API says that, and blames no database", async () => {
  const clearCache = vi.spyOn(ports.builder, "clearCache").mockRejectedValue(
    new PeerGone("/home/x/run/host.sock did not answer", {
      cause: Object.assign(new Error("connect ENOENT"), { code: "ENOENT", syscall: "connect" }),
    }),
  );
  const answer = await control.call("DELETE /apps/first/build-cache", { token });
  clearCache.mockRestore();
  expect([answer.status, answer.body]).toEqual([
    503,
    { id: "unavailable", message: expect.stringContaining("A part of Conifer") },
  ]);
  expect(answer.text).not.toContain("host.sock");
});
