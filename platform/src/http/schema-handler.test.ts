import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { makeSchemaHandler } from "./schema-handler.ts";

const describeApi = vi.fn((variant: string) => ({ title: variant, long: "x".repeat(5_000) }));
const ACCEPT = "application/vnd.heroku+json; version=3";
let server: Server;
let base: string;

beforeAll(async () => {
  const handler = makeSchemaHandler(describeApi);
  server = createServer(async (request, response) => {
    if (!(await handler(request, response))) response.writeHead(418).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterAll(() => void server.close());

const get = (headers: Record<string, string>, init: RequestInit = {}, path = "/schema") =>
  fetch(`${base}${path}`, { ...init, headers });

test("each variant is described once and served often, plain and packed alike", async () => {
  const first = await get({ accept: ACCEPT, "accept-encoding": "identity" });
  expect(first.status).toBe(200);
  expect(first.headers.get("content-type")).toBe("application/schema+json");
  expect(first.headers.get("content-encoding")).toBeNull();
  const text = await first.text();
  expect(JSON.parse(text)).toMatchObject({ title: "base" });
  const packed = await get({ accept: ACCEPT, "accept-encoding": "gzip" });
  expect(packed.headers.get("content-encoding")).toBe("gzip");
  expect(Number(packed.headers.get("content-length"))).toBeLessThan(1_000);
  expect(await packed.text()).toBe(text);
  expect(describeApi.mock.calls).toEqual([["base"]]);
  const sdk = await get({ accept: `${ACCEPT}.sdk` });
  expect(await sdk.json()).toMatchObject({ title: "sdk" });
  expect(sdk.headers.get("etag")).not.toBe(first.headers.get("etag"));
});

test("who has it already gets 304", async () => {
  const { headers } = await get({ accept: ACCEPT });
  const again = await get({ accept: ACCEPT, "if-none-match": headers.get("etag") ?? "" });
  expect([again.status, await again.text()]).toEqual([304, ""]);
  expect((await get({ accept: ACCEPT, "if-none-match": '"other"' })).status).toBe(200);
});

test("HEAD tells the length alone", async () => {
  const head = await get({ accept: ACCEPT, "accept-encoding": "identity" }, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
  expect(Number(head.headers.get("content-length"))).toBeGreaterThan(5_000);
});

test("the version must be named", async () => {
  const answer = await get({ accept: "application/json", "request-id": "mine" });
  expect(answer.status).toBe(406);
  expect(await answer.json()).toEqual({ id: "not_acceptable", message: expect.any(String) });
  expect(answer.headers.get("request-id")).toMatch(/^[0-9a-f-]{36},mine$/);
});

test.each([
  ["/schemas", "GET"],
  ["/", "GET"],
  ["/schema", "POST"],
])("%s by %s is not its business", async (path, method) => {
  expect((await get({ accept: ACCEPT }, { method }, path)).status).toBe(418);
});
