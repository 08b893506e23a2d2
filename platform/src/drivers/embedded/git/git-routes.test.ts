import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BusinessError, type Running, silentLogger } from "../../../kernel/index.ts";
import { callPeer, PeerGone, type SocketPeer, startLocalServer } from "../local/index.ts";
import { makeRepositoryClient, repositoryRoutes } from "./git-routes.ts";

let folder: string;
let peer: SocketPeer;
let server: Running | undefined;
let asked: unknown[];

beforeEach(async () => {
  asked = [];
  folder = mkdtempSync(join(tmpdir(), "conifer-git-routes-"));
  peer = { socketPath: join(folder, "x.sock"), secret: "s" };
  const repositories = {
    moveRef: async (appId: string, ref: string, commit: string) => {
      if (commit === "bad") throw new BusinessError("invalid_params", "No such commit.");
      asked.push([appId, ref, commit]);
    },
    remove: async (appId: string) => void asked.push([appId]),
  };
  server = await startLocalServer({
    ...peer,
    routes: [repositoryRoutes(repositories)],
    logger: silentLogger,
  });
});
afterEach(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("a ref is moved and a repository removed, by ids that are taken as they are", async () => {
  const client = makeRepositoryClient(peer);
  await client.moveRef("a/../b", "refs/heads/ü main", "c1");
  await client.remove("a?b#c");
  expect(asked).toEqual([["a/../b", "refs/heads/ü main", "c1"], ["a?b#c"]]);
});

test("a refusal arrives as it was made", async () => {
  await expect(makeRepositoryClient(peer).moveRef("a", "refs/heads/main", "bad")).rejects.toMatchObject({
    id: "invalid_params",
    message: "No such commit.",
  });
});

test("a process that is away is told as such", async () => {
  await server?.stop();
  await expect(makeRepositoryClient(peer).remove("a")).rejects.toThrow(PeerGone);
});

test.each([undefined, null, {}, { ref: "r" }, { commit: "c" }, { ref: 1, commit: "c" }, "text"])(
  "a move needs a ref and a commit: %j",
  async (body) => {
    const call = callPeer(peer, "POST /repositories/a/ref", { body });
    await expect(call).rejects.toMatchObject({ id: "bad_request" });
    expect(asked).toEqual([]);
  },
);
