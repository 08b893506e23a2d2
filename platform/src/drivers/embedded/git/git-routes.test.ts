import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RefMove } from "../../../delivery/source/index.ts";
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
    readRef: async (appId: string, ref: string) =>
      ref === "refs/heads/no" ? undefined : `${ref} of ${appId}`,
    moveRef: async (appId: string, ref: string, move: RefMove) => {
      if (move.to === "bad") throw new BusinessError("invalid_params", "No such commit.");
      asked.push([appId, ref, move]);
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

test("a ref is read, whatever its name, and may not be there", async () => {
  const client = makeRepositoryClient(peer);
  expect(await client.readRef("a/../b", "refs/heads/ü &x")).toBe("refs/heads/ü &x of a/../b");
  expect(await client.readRef("a", "refs/heads/no")).toBeUndefined();
});

test("a ref is moved and a repository removed, by ids that are taken as they are", async () => {
  const client = makeRepositoryClient(peer);
  await client.moveRef("a/../b", "refs/heads/ü main", { from: undefined, to: "c1" });
  await client.moveRef("a", "refs/heads/main", { from: "c1", to: "c2" });
  await client.remove("a?b#c");
  expect(asked).toEqual([
    ["a/../b", "refs/heads/ü main", { from: undefined, to: "c1" }],
    ["a", "refs/heads/main", { from: "c1", to: "c2" }],
    ["a?b#c"],
  ]);
});

test("a refusal arrives as it was made", async () => {
  const move = { from: undefined, to: "bad" };
  await expect(makeRepositoryClient(peer).moveRef("a", "refs/heads/main", move)).rejects.toMatchObject({
    id: "invalid_params",
    message: "No such commit.",
  });
});

test("a process that is away is told as such", async () => {
  await server?.stop();
  await expect(makeRepositoryClient(peer).remove("a")).rejects.toThrow(PeerGone);
});

test.each([
  undefined,
  null,
  {},
  { ref: "r" },
  { to: "c" },
  { ref: 1, to: "c" },
  { ref: "r", to: "c", from: 1 },
  "text",
])("a move needs a ref and commits: %j", async (body) => {
  const call = callPeer(peer, "POST /repositories/a/ref", { body });
  await expect(call).rejects.toMatchObject({ id: "bad_request" });
  expect(asked).toEqual([]);
});
