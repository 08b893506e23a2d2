import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text as readText } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { notFound, type Running, silentLogger } from "../../../kernel/index.ts";
import { PeerGone, type SocketPeer, startLocalServer } from "../local/index.ts";
import { imageRoutes, makeImageClient } from "./image-routes.ts";

let folder: string;
let peer: SocketPeer;
let server: Running | undefined;
const THERE = `sha256:${"a".repeat(64)}`;
const BROKEN = `sha256:${"b".repeat(64)}`;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "conifer-image-routes-"));
  peer = { socketPath: join(folder, "x.sock"), secret: "s" };
  const broken = async function* () {
    yield "begun";
    throw new Error("the disk is gone");
  };
  const read = async (digest: string) => {
    if (digest === THERE) return Readable.from(["a ", "manifest"]);
    if (digest === BROKEN) return Readable.from(broken());
    throw notFound("image");
  };
  server = await startLocalServer({ ...peer, routes: [imageRoutes({ read })], logger: silentLogger });
});
afterEach(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("an image's bytes are read by their digest", async () => {
  expect(await readText(await makeImageClient(peer).read(THERE))).toBe("a manifest");
});

test.each([`sha256:${"c".repeat(64)}`, "../x", "", "a/b"])(
  "what is not there is not found: %j",
  async (digest) => {
    await expect(makeImageClient(peer).read(digest)).rejects.toMatchObject({ id: "not_found" });
  },
);

test("bytes that break off are a failure for who reads them", async () => {
  await expect(makeImageClient(peer).read(BROKEN).then(readText)).rejects.toThrow();
});

test("a process that is away is told as such", async () => {
  await server?.stop();
  await expect(makeImageClient(peer).read(THERE)).rejects.toThrow(PeerGone);
});
