import { createServer } from "node:http";
import type { FastifyInstance } from "fastify";
import { afterEach, expect, test } from "vitest";
import { makeLogger } from "../kernel/index.ts";
import { makeApiServer, type RawHandler } from "./api-server.ts";
import { makeRateLimiter } from "./rate-limiter.ts";

const AWAY = new Error("away");
let server: FastifyInstance | undefined;
let lines: string[];
afterEach(async () => {
  await server?.close();
});

/** An API whose only route fails before the API sees the request. */
async function serve(raw: RawHandler): Promise<string> {
  lines = [];
  const now = () => new Date("2026-01-02T03:04:05.000Z");
  server = await makeApiServer({
    ...{ handlers: {}, raw: [raw], clock: now },
    logger: makeLogger({ role: "control", level: "debug", now, write: (line) => lines.push(line) }),
    isStoreAway: (thrown) => thrown === AWAY,
    makeServer: (options, handler) => createServer(options, handler),
    authenticate: async () => undefined,
    findApp: async () => undefined,
    rateLimiter: makeRateLimiter(100),
  });
  return await server.listen({ port: 0, host: "127.0.0.1" });
}

test.each([
  ["an error of ours", new Error("the secret is hunter"), 500, "internal"],
  ["a store that is away", AWAY, 503, "unavailable"],
])("%s is answered with an id that one line of the log has", async (_what, thrown, status, id) => {
  const url = await serve(() => Promise.reject(thrown));
  const answer = await fetch(`${url}/private/path?token=hunter`, { headers: { "request-id": "mine" } });
  const text = await answer.text();
  const [own = "", given] = (answer.headers.get("request-id") ?? "").split(",");
  expect([answer.status, JSON.parse(text).id, given]).toEqual([status, id, "mine"]);
  expect(text).toContain(own);
  expect(text).not.toContain("hunter");
  const told = lines.filter((line) => line.includes(own)).map((line) => JSON.parse(line));
  expect(told).toMatchObject([{ level: "error", message: "request failed", method: "GET", status }]);
  expect(told[0].error.message).toBe(thrown.message);
  expect(lines.join("")).not.toContain("private");
});

test("an answer that has begun is broken off, and the log tells why", async () => {
  const url = await serve(async (_request, response) => {
    response.writeHead(200, { "content-length": 10 });
    response.write("half");
    throw new Error("the disk failed");
  });
  await expect(fetch(url).then((answer) => answer.text())).rejects.toThrow();
  expect(lines.map((line) => JSON.parse(line).error.message)).toEqual(["the disk failed"]);
});
