import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { collect, never, specOf } from "../../../delivery/build/builder-suite.ts";
import { readImageDocuments } from "../../../delivery/image/index.ts";
import { silentLogger } from "../../../kernel/index.ts";
import { openImageUnpacker } from "../images/index.ts";
import type { Sandboxes } from "../sandbox/index.ts";
import { type BuildBench, HOST, makeBuildBench, makeSandboxedRunner } from "./build-fixtures.ts";
import { openBuilderShelf } from "./builder-shelf.ts";
import { startEmbeddedBuilder } from "./embedded-builder.ts";
import { writeForeignBuilder } from "./foreign-builder-fixtures.ts";

let bench: BuildBench;
let layout: string;
let sandboxes: Sandboxes;
let started: Awaited<ReturnType<typeof startEmbeddedBuilder>>;
beforeAll(async () => {
  layout = join(await mkdtemp(join(tmpdir(), "foreign-")), "builder");
  await writeForeignBuilder(layout);
  bench = await makeBuildBench(async (home) => {
    const runner = await makeSandboxedRunner(home);
    sandboxes = runner.sandboxes;
    return runner;
  });
  const owner = sandboxes.owner ? { owner: sandboxes.owner } : {};
  const shelf = await openBuilderShelf({
    ...{ folder: join(bench.home, "builders"), store: bench.images, names: bench.images, host: HOST },
    ...{ ...owner, registries: [], builder: layout, logger: silentLogger, now: Date.now },
  });
  started = await startEmbeddedBuilder({ ...bench.options, machine: { ...bench.options.machine, shelf } });
});
afterAll(async () => {
  await started.stop();
  await bench.dispose();
  await rm(join(layout, ".."), { recursive: true, force: true });
});

const SERVER = `require("node:http").createServer((_, to) => {
  to.end([process.env.WORDS, process.getuid(), require("node:fs").readFileSync("/etc/os-release")].join("|"));
}).listen(process.env.PORT, "0.0.0.0");`;

async function build(files: Record<string, string>, previousImage?: string) {
  const spec = specOf(await bench.addSource(files), previousImage ? { previousImage } : {});
  const { text, results } = await collect(started.builder.build(spec, never()));
  return { text, result: results[0] };
}

it("builds in a builder image that others made, and the app runs on that builder's run image", async () => {
  const { text, result } = await build({ "server.js": SERVER });
  if (result?.kind !== "succeeded") throw new Error(text);
  expect(text).toContain("built by 1234:4321 on foreign with acme.stack\n");
  expect(text).toMatch(
    /-----> Using builder \/.*\n-----> Pulling builder .* \(\d+ MB\)\n-----> Unpacking builder\n/,
  );
  expect(text).toContain("lifecycle 9.8.7, Platform API 0.13, run image registry.test/acme/run:1\n");
  expect(result.image.runImage.name).toBe("registry.test/acme/run:1");
  expect(result.image.buildpacks).toEqual([{ id: "acme/words", version: "2.1" }]);
  expect(await answerOf(result.image.digest)).toBe(
    'hello from a foreign builder|1234|ID=foreign\nVERSION_ID="1"\n',
  );

  const again = await build({ "server.js": `${SERVER}\n` }, result.image.digest);
  if (again.result?.kind !== "succeeded") throw new Error(again.text);
  expect(again.text).not.toMatch(/Pulling|Unpacking/);
  const layers = async (digest: string) =>
    (await readImageDocuments(bench.images, digest)).manifest.layers.map((layer) => layer.digest);
  const [before, after] = [await layers(result.image.digest), await layers(again.result.image.digest)];
  expect(after.filter((layer) => !before.includes(layer))).toHaveLength(1);
});

it("says what a build in it lacks", async () => {
  const { text, result } = await build({ "main.rs": "" });
  expect(result).toMatchObject({ kind: "failed", exitCode: expect.any(Number) });
  expect(text).toContain("acme/words");
  const named = await build({
    "server.js": SERVER,
    "project.toml": '[_]\nschema-version = "0.2"\n[[io.buildpacks.group]]\nid = "acme/other"\n',
  });
  expect(named.result).toMatchObject({
    message: "project.toml asks for the buildpack acme/other, which is not there. There are: acme/words.",
  });
});

/** Runs the image's web process as a dyno is run, and returns what it answers. */
async function answerOf(digest: string): Promise<string> {
  const unpack = await openImageUnpacker({
    ...{ store: bench.images, folder: join(bench.home, "layers"), host: HOST },
    ...(sandboxes.owner ? { owner: sandboxes.owner } : {}),
  });
  const image = await unpack(digest);
  const sandbox = await sandboxes.start({
    ...{ id: "web-1", directory: join(bench.home, "web"), lowerDirs: image.lowerDirs, binds: [] },
    ...(image.user ? { ownRoot: image.user } : {}),
    argv: image.processArgv("web") as [string],
    env: { ...image.env, HOME: image.user?.home ?? "/", PORT: "5000" },
    ...{ cwd: image.workingDir, network: "own", stdin: "none" },
    limits: { memoryBytes: 512 * 1024 ** 2, cpuShare: 1, pids: 100 },
  });
  let said = "";
  for (const pipe of [sandbox.pipes?.stdout, sandbox.pipes?.stderr])
    pipe?.on("data", (chunk) => {
      said += chunk;
    });
  let over = false;
  void sandbox.exited.then(() => {
    over = true;
  });
  try {
    for (;;) {
      const at = (await sandbox.listeningSockets(5000))[0]?.reachableAt;
      if (at) return await (await fetch(`http://${at.host}:${at.port}/`)).text();
      if (over) throw new Error(said);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    await sandbox.cleanUp();
  }
}
