import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { digestOf } from "../delivery/image/index.ts";
import { issuePullCredential, issuePushCredential, registryKeys } from "../delivery/registry/index.ts";
import { ask, basic, eventually, repository } from "../delivery/registry/registry-fixtures.ts";
import { freePort } from "../kernel/free-port-fixtures.ts";
import type { MasterKey } from "../kernel/index.ts";
import { makeHome } from "./home.ts";
import { ensureMasterKey } from "./master-key.ts";
import { makeHomeFolders } from "./supervisor-home.ts";

const APP = "team/app";
let root: string;
let port: number;
let keys: MasterKey;
const started: ChildProcess[] = [];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "conifer-registry-"));
  makeHomeFolders(makeHome(root));
  keys = registryKeys(ensureMasterKey(makeHome(root)));
  port = await freePort();
});

afterEach(async () => {
  for (const child of started.splice(0)) await end(child, "SIGKILL");
  rmSync(root, { recursive: true, force: true });
});

/** Starts the real process, without a database, control or host; resolves when it serves, or has ended. */
async function startProcess(more: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [join(import.meta.dirname, "registry.ts")], {
    env: {
      ...process.env,
      ...{ CONIFER_HOME: root, CONIFER_REGISTRY_PORT: String(port), CONIFER_REGISTRY_LISTEN: "127.0.0.1" },
      ...more,
    },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  started.push(child);
  const said = { out: "", err: "" };
  child.stdout?.setEncoding("utf8").on("data", (text) => (said.out += text));
  child.stderr?.setEncoding("utf8").on("data", (text) => (said.err += text));
  await Promise.race([once(child, "message"), once(child, "exit")]);
  return { child, said };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill(signal);
    await once(child, "close");
  }
  return child.exitCode;
}

const push = () => issuePushCredential(repository(APP), new Date(Date.now() + 600_000), keys);
const pull = () => issuePullCredential("team", new Date(), keys);
const exists = async (digest: string) =>
  (await ask(port, `HEAD /v2/${APP}/blobs/${digest}`, { as: pull() })).status === 200;

async function pushOne(body: Buffer): Promise<string> {
  const digest = digestOf(body);
  const what = `POST /v2/${APP}/blobs/uploads/?digest=${digest}`;
  const { status } = await ask(port, what, { as: push(), body });
  if (status !== 201) throw new Error(`pushed with ${status}`);
  return digest;
}

it("serves with nothing beside it but its home, and logs one line a request and no secret", async () => {
  const { child, said } = await startProcess();
  const digest = await pushOne(Buffer.from("content"));
  expect((await ask(port, `GET /v2/${APP}/blobs/${digest}`, { as: pull() })).text).toBe("content");
  expect((await ask(port, "GET /v2/", { headers: { authorization: "Basic wrong" } })).status).toBe(401);
  // An answer is logged once it is sent, which the client may know before.
  await eventually(() => said.out.trim().split("\n").length).toBe(3);
  expect(await end(child, "SIGTERM")).toBe(0);
  const lines = said.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .sort((a, b) => a.status - b.status);
  expect(lines).toMatchObject([
    { method: "GET", route: "blob", status: 200, principal: "space team" },
    ...[{ role: "registry", message: "request", method: "POST", status: 201, repository: APP }],
    { method: "GET", status: 401 },
  ]);
  for (const { password } of [push(), pull()]) expect(said.out + said.err).not.toContain(password);
});

it("kill -9 in the middle of pushes loses nothing that was acknowledged, and leaves no half blob", async () => {
  const acknowledged: string[] = [];
  for (let round = 0; round < 5; round += 1) {
    const { child } = await startProcess();
    for (const digest of acknowledged) expect(await exists(digest)).toBe(true);
    const pusher = async () => {
      for (;;) acknowledged.push(await pushOne(randomBytes(300_000)));
    };
    const pushers = Array.from({ length: 4 }, () => pusher().catch((thrown: Error) => thrown));
    const before = acknowledged.length;
    await eventually(() => acknowledged.length).toBeGreaterThan(before + 4 + round);
    await end(child, "SIGKILL");
    for (const ended of await Promise.all(pushers)) expect(ended).toBeInstanceOf(Error);
  }
  const { child } = await startProcess();
  for (const digest of acknowledged) {
    const { bytes } = await ask(port, `GET /v2/${APP}/blobs/${digest}`, { as: pull() });
    expect(digestOf(bytes)).toBe(digest);
  }
  for (const name of readdirSync(join(root, "images/blobs/sha256"))) expect(name).toMatch(/^[0-9a-f]{64}$/);
  expect(readdirSync(join(root, "images/ingest"))).toEqual([]);
  await end(child, "SIGTERM");
});

it("an upload in pieces goes on after kill -9 where it was", async () => {
  const first = await startProcess();
  const begun = await ask(port, `POST /v2/${APP}/blobs/uploads/`, { as: push() });
  const location = begun.headers.location ?? "";
  await ask(port, `PATCH ${location}`, { as: push(), body: "before " });
  await end(first.child, "SIGKILL");
  await startProcess();
  const status = await ask(port, `GET ${location}`, { as: push() });
  expect([status.status, status.headers.range]).toEqual([204, "0-6"]);
  const what = `PUT ${location}?digest=${digestOf("before after")}`;
  expect((await ask(port, what, { as: push(), body: "after" })).status).toBe(201);
});

it("ends a push in flight on SIGTERM, accepts no more, and exits with 0", async () => {
  const { child } = await startProcess();
  const path = `/v2/${APP}/blobs/uploads/?digest=${digestOf("content")}`;
  const headers = { authorization: basic(push()), "content-length": 7 };
  const request = httpRequest({ host: "127.0.0.1", port, method: "POST", path, headers, agent: false });
  request.write("con");
  await eventually(() => readdirSync(join(root, "images/uploads")).length).toBe(1);
  child.kill("SIGTERM");
  const refused = () =>
    ask(port, "GET /v2/", {}).then(
      ({ status }) => status,
      (thrown) => thrown.code,
    );
  await eventually(refused).toBe("ECONNREFUSED");
  const answered = once(request, "response");
  request.end("tent");
  expect((await answered)[0].statusCode).toBe(201);
  await once(child, "exit");
  expect(child.exitCode).toBe(0);
});

it("holds each repository to the quota that its operator has set, before anything is sent", async () => {
  await startProcess({ CONIFER_REGISTRY_QUOTA: "1" });
  const announce = async (bytes: number) => {
    const path = `/v2/${APP}/blobs/uploads/?digest=${digestOf("content")}`;
    const headers = { authorization: basic(push()), "content-length": bytes };
    const request = httpRequest({ host: "127.0.0.1", port, method: "POST", path, headers, agent: false });
    request.on("error", () => {}).flushHeaders();
    const [response] = await once(request, "response");
    const text = await once(response.setEncoding("utf8"), "data");
    request.destroy();
    return [response.statusCode, JSON.parse(text[0]).errors[0].code];
  };
  expect(await announce(1024 ** 3 + 1)).toEqual([403, "DENIED"]);
  expect(await exists(await pushOne(Buffer.from("content")))).toBe(true);
});

it("streams: a large blob in and out takes little memory", async () => {
  const { child } = await startProcess();
  const body = Buffer.alloc(200 * 1024 * 1024, "x");
  const digest = await pushOne(body);
  const { bytes } = await ask(port, `GET /v2/${APP}/blobs/${digest}`, { as: pull() });
  expect(bytes.length).toBe(body.length);
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1];
  expect(Number(peak) / 1024).toBeLessThan(220);
});

it.each([
  ["a port that is taken", {}, /Port \d+ on 127\.0\.0\.1 is taken .* CONIFER_REGISTRY_PORT/],
  [
    "an address that is not this machine's",
    { CONIFER_REGISTRY_LISTEN: "192.0.2.1" },
    /no address 192\.0\.2\.1\. Correct CONIFER_REGISTRY_LISTEN/,
  ],
])("names the variable of %s, and exits with a status of its own", async (_what, env, told) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
  const { child, said } = await startProcess(env);
  expect(child.exitCode).toBe(78);
  expect(said.err).toMatch(told);
  await new Promise((resolve) => other.close(resolve));
});
