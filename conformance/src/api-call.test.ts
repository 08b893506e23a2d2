import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ApiAnswer, callApi, granted } from "./api-call.ts";
import { readLog } from "./read-log.ts";

const answering = (status: number, body: unknown) => async (): Promise<ApiAnswer> => ({
  ...{ status, headers: new Headers(), body },
});

describe("a call that must be granted", () => {
  test.each([200, 201, 202, 206])("resolves with the body of %d", async (status) => {
    expect(await granted(answering(status, { id: 1 }))("GET", "/apps")).toEqual({ id: 1 });
  });

  test.each([
    [404, { id: "not_found" }, 'PATCH /apps/one: 404 {"id":"not_found"}'],
    [302, "elsewhere", 'PATCH /apps/one: 302 "elsewhere"'],
    [500, "", 'PATCH /apps/one: 500 ""'],
  ])("throws what was asked and answered with %d", async (status, body, message) => {
    await expect(granted(answering(status, body))("PATCH", "/apps/one", {})).rejects.toThrow(message);
  });

  test("hands on what is asked", async () => {
    const asked: unknown[] = [];
    const call = granted((...all) => {
      asked.push(...all);
      return answering(200, "")();
    });
    await call("POST", "/apps", { name: "one" });
    expect(asked).toEqual(["POST", "/apps", { name: "one" }]);
  });
});

describe("with an API", () => {
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      if (url === "/lines") return response.end("one\ntwo\n");
      if (url !== "/apps/there/log-sessions") return response.writeHead(404).end(`{"id":"not_found"}`);
      const said = { method, body, authorization: headers.authorization };
      return response.writeHead(201).end(JSON.stringify({ logplex_url: `${at()}/lines`, said }));
    });
  });
  const port = () => (server.address() as AddressInfo).port;
  const at = () => `http://127.0.0.1:${port()}`;
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test("a call is made with the token, and its body is JSON", async () => {
    const caller = { platform: { apiPort: port() }, token: "a-token" };
    const { status, body } = await callApi(caller, "POST", "/apps/there/log-sessions", { lines: 2 });
    expect([status, body.said]).toEqual([
      201,
      { method: "POST", body: '{"lines":2}', authorization: "Bearer a-token" },
    ]);
  });

  test("the log of an app is read, and one that cannot be had is an error", async () => {
    const platform = { apiPort: port(), access: { token: "a-token" } } as Parameters<typeof readLog>[0];
    expect(await readLog(platform, "there")).toBe("one\ntwo\n");
    await expect(readLog(platform, "gone")).rejects.toThrow(
      'POST /apps/gone/log-sessions: 404 {"id":"not_found"}',
    );
  });
});
