import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type SocketPeer, startLocalServer } from "../drivers/embedded/local/index.ts";
import { type Running, silentLogger } from "../kernel/index.ts";
import { forwardToFiles } from "./cluster-files.ts";

let folder: string;
let front: Server;
let files: Running;
const warn = vi.fn();

beforeEach(async () => {
  warn.mockReset();
  folder = mkdtempSync(join(tmpdir(), "conifer-cluster-files-"));
  const peer: SocketPeer = { socketPath: join(folder, "x.sock"), secret: "s" };
  files = await startLocalServer({
    ...{ ...peer, routes: [], logger: silentLogger },
    passedOn: async (request, response) => response.end(`files ${request.method} ${request.url}`),
  });
  const forward = forwardToFiles(peer, { ...silentLogger, warn });
  front = createServer((request, response) => {
    void forward(request, response).then((taken) => taken || response.end("not taken"));
  });
  await once(front.listen(0, "127.0.0.1"), "listening");
});
afterEach(async () => {
  front.closeAllConnections();
  front.close();
  await files.stop();
  rmSync(folder, { recursive: true, force: true });
});

const ask = (path: string, init?: RequestInit) =>
  fetch(`http://127.0.0.1:${(front.address() as AddressInfo).port}${path}`, init);

test.each([
  ["/app.git/info/refs?service=git-receive-pack", true],
  ["/app.git/git-upload-pack", true],
  ["/app.git", true],
  ["/app.git?x", true],
  ["/streams/output?id=1", true],
  ["/source-uploads/1?signature=2", true],
  ["/", false],
  ["/apps", false],
  ["/apps/x.git", false],
  ["/app.github", false],
  ["/app?x=/y.git/", false],
  ["/.git", false],
  ["/streams/log?id=1", false],
  ["/source-uploads", false],
])("the files role answers %s: %s", async (path, taken) => {
  expect(await (await ask(path)).text()).toBe(taken ? `files GET ${path}` : "not taken");
});

test("while the files role is away clients are told to try again, whatever they send", async () => {
  await files.stop();
  for (const init of [{}, { method: "POST", body: Buffer.alloc(3_000_000) }]) {
    const answer = await ask("/app.git/git-receive-pack", init);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await answer.text()).toContain("Try again");
  }
  expect(warn).toHaveBeenCalledTimes(2);
  expect((await ask("/apps")).status).toBe(200);
});
