import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFakeBuilder } from "../../../delivery/build/builder-fake.ts";
import { builderSuite, collect, listen, never, specOf } from "../../../delivery/build/builder-suite.ts";
import { type Running, silentLogger } from "../../../kernel/index.ts";
import { startLocalServer } from "../local/index.ts";
import { makeBuilderClient } from "./builder-client.ts";
import { builderRoutes } from "./builder-routes.ts";

const image = {
  digest: `sha256:${"a".repeat(64)}`,
  architecture: "amd64" as const,
  processes: [{ type: "web", command: ["serve"], args: [], direct: true, default: true }],
  buildpacks: [],
  runImage: { name: "local/run:base", topLayer: "" },
  sizeBytes: 1,
};

async function startRemote() {
  const folder = await mkdtemp(join(tmpdir(), "client-"));
  const socketPath = join(folder, "host.sock");
  const far = makeFakeBuilder();
  const output = ["begun\n"];
  far.script("good", { output, result: { kind: "succeeded", image } });
  far.script("bad", { output, result: { kind: "failed", message: "It is broken.", exitCode: 51 } });
  far.script("endless", { output, result: { kind: "succeeded", image }, hold: true });
  const server: Running = await startLocalServer({
    ...{ socketPath, secret: "s3cret", logger: silentLogger },
    routes: [builderRoutes(far)],
  });
  return {
    ...{ far, server },
    builder: makeBuilderClient({ socketPath, secret: "s3cret" }),
    sources: { good: "good", bad: "bad", endless: "endless" },
    async dispose() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

builderSuite("in another process", startRemote);

describe("a builder's process", () => {
  let remote: Awaited<ReturnType<typeof startRemote>>;
  beforeEach(async () => {
    remote = await startRemote();
  });
  afterEach(() => remote.dispose());

  it("that goes away in the middle leaves the build lost", async () => {
    const listening = listen(remote.builder, specOf("endless"));
    await listening.said("begun\n");
    await remote.server.stop();
    expect(await listening.ended).toMatchObject({ kind: "lost" });
  });

  it("that is not there leaves the build lost at once", async () => {
    await remote.server.stop();
    expect((await collect(remote.builder.build(specOf("good"), never()))).results).toMatchObject([
      { kind: "lost" },
    ]);
  });

  it("is told of cancels and of caches to forget", async () => {
    await remote.builder.clearCache("app-1");
    expect(remote.far.cleared).toEqual(["app-1"]);
  });
});
