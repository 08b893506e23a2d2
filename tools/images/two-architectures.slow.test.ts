import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleBuildpacks } from "../../buildpacks/shared/bundle-buildpacks.ts";
import { collect, never, specOf } from "../../platform/src/delivery/build/builder-suite.ts";
import { parseIndex, readImageDocuments } from "../../platform/src/delivery/image/index.ts";
import {
  type BuildBench,
  HOST,
  makeBuildBench,
  makeSandboxedRunner,
} from "../../platform/src/drivers/embedded/builds/build-fixtures.ts";
import { openBuilderShelf } from "../../platform/src/drivers/embedded/builds/builder-shelf.ts";
import { startEmbeddedBuilder } from "../../platform/src/drivers/embedded/builds/embedded-builder.ts";
import { requireEmulation } from "../../platform/src/drivers/embedded/builds/find-emulation.ts";
import { takeRunImage } from "../../platform/src/drivers/embedded/builds/index.ts";
import { openImageUnpacker } from "../../platform/src/drivers/embedded/images/index.ts";
import type { Sandboxes } from "../../platform/src/drivers/embedded/sandbox/index.ts";
import { silentLogger } from "../../platform/src/kernel/index.ts";
import { whyNotHere } from "./images-fixtures.ts";
import { imagesFolder } from "./images-folder.ts";
import { machineRelease } from "./machine-release.ts";
import { makeBuilderImage } from "./make-builder-image.ts";
import { makeRunImage } from "./make-run-image.ts";

const OWN = HOST.architecture;
const OTHER = OWN === "amd64" ? "arm64" : "amd64";
const cannot =
  whyNotHere() ??
  (await requireEmulation(OTHER).then(
    () => undefined,
    () => `needs QEMU's handler for ${OTHER} in the kernel, as qemu-user-static registers it`,
  ));

/** Of the base's own Python, so that nothing has to be fetched for it. */
const SERVER = `import os, platform
from http.server import BaseHTTPRequestHandler, HTTPServer
class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(platform.machine().encode())
HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Page).serve_forever()
`;
const APP = {
  ...{ "server.py": SERVER, Procfile: "web: python3 server.py\n" },
  "project.toml": '[dev.conifer]\narchitectures = ["amd64", "arm64"]\n',
};

let bench: BuildBench;
let sandboxes: Sandboxes;
let started: Awaited<ReturnType<typeof startEmbeddedBuilder>>;

describe.skipIf(cannot !== undefined)(`two architectures${cannot ? ` (${cannot})` : ""}`, () => {
  beforeAll(async () => {
    bench = await makeBuildBench(async (home) => {
      const runner = await makeSandboxedRunner(home);
      sandboxes = runner.sandboxes;
      return runner;
    });
    const owner = sandboxes.owner ? { owner: sandboxes.owner } : {};
    const cache = imagesFolder(process.env);
    const builder = await makeBuilderImage(cache, () => {}, OTHER);
    const run = await makeRunImage(cache, () => {}, OTHER);
    const { id, version } = machineRelease();
    const other = { architecture: OTHER, distroName: id, distroVersion: version } as const;
    const shelf = await openBuilderShelf({
      ...{ folder: join(bench.home, "builders"), store: bench.images, names: bench.images, host: HOST },
      ...{ ...owner, registries: [], logger: silentLogger, now: Date.now },
      other: {
        builder: builder.folder,
        runImage: await takeRunImage(run.folder, bench.images, other, `-${OTHER}`),
      },
    });
    const buildpacksFolder = join(bench.home, "own-buildpacks");
    const { buildpacks, orderFile } = await bundleBuildpacks(buildpacksFolder);
    const own = { shelf, buildpacksFolder, buildpacks, order: await readFile(orderFile, "utf8") };
    const limits = { memoryBytes: 2 * 1024 ** 3, cpuShare: 1, pids: 500 };
    started = await startEmbeddedBuilder({
      ...bench.options,
      machine: { ...bench.options.machine, ...own, limits, hostEnv: process.env },
    });
  }, 600_000);
  afterAll(async () => {
    await started?.stop();
    await bench?.dispose();
  }, 600_000);

  it("are built from one source, share what has no code of a machine, and both start", {
    timeout: 1_500_000,
  }, async () => {
    const source = await bench.addSource(APP);
    const { text, results } = await collect(
      started.builder.build(specOf(source, { timeoutSeconds: 1_200 }), never()),
    );
    const [result] = results;
    if (result?.kind !== "succeeded") throw new Error(text);
    expect(text).toContain(`-----> Building for ${OWN}\n`);
    expect(text).toContain(`-----> Building for ${OTHER} (emulated, which takes longer)\n`);
    const { platforms = [], digest } = result.image;
    const index = parseIndex(await buffer(await bench.images.read(digest)));
    expect(index.manifests.map(({ platform }) => platform)).toEqual([
      { architecture: "amd64", os: "linux" },
      { architecture: "arm64", os: "linux" },
    ]);
    const [amd64, arm64] = await Promise.all(platforms.map((one) => layersOf(one.digest)));
    const shared = (amd64 ?? []).filter((layer) => arm64?.includes(layer));
    expect(shared.length, text).toBeGreaterThan(0);
    expect(text).toContain(`-----> Made an image for amd64 and arm64: ${shared.length} of `);
    const answers = { amd64: "x86_64", arm64: "aarch64" };
    expect(await answerOf(digest, OWN)).toBe(answers[OWN]);
    expect(await answerOf(digest, OTHER)).toBe(answers[OTHER]);

    // A second build finds its cache, each its own, and makes the same index.
    const again = await collect(
      started.builder.build(specOf(source, { timeoutSeconds: 1_200, previousImage: digest }), never()),
    );
    expect(again.results[0]).toMatchObject({ kind: "succeeded", image: { digest } });
  });
});

const layersOf = async (digest: string) =>
  (await readImageDocuments(bench.images, digest)).manifest.layers.map((layer) => layer.digest);

/** Starts the web process of the image for these processors, as a dyno is: with the base of its own where it is for others. */
async function answerOf(digest: string, architecture: "amd64" | "arm64"): Promise<string> {
  const isOther = architecture === OTHER;
  const unpack = await openImageUnpacker({
    ...{ store: bench.images, folder: join(bench.home, `layers-${architecture}`) },
    host: { ...HOST, architecture },
    ...(sandboxes.owner ? { owner: sandboxes.owner } : {}),
  });
  const image = await unpack(digest, isOther);
  const sandbox = await sandboxes.start({
    ...{ id: `web-${architecture}`, directory: join(bench.home, `web-${architecture}`), binds: [] },
    ...(isOther ? { lowerDirs: [], guest: { lowerDirs: image.lowerDirs } } : { lowerDirs: image.lowerDirs }),
    argv: ["/cnb/process/web"],
    env: { ...image.env, PORT: "5000", HOME: "/tmp" },
    ...{ cwd: image.workingDir, network: "own", stdin: "none" },
    limits: { memoryBytes: 1024 ** 3, cpuShare: 1, pids: 100 },
  });
  let said = "";
  for (const pipe of [sandbox.pipes?.stdout, sandbox.pipes?.stderr])
    pipe?.on("data", (chunk) => {
      said += chunk;
    });
  let over = false;
  void sandbox.exited.then((end) => {
    said += JSON.stringify(end);
    over = true;
  });
  try {
    for (;;) {
      const at = (await sandbox.listeningSockets(5000))[0]?.reachableAt;
      if (at) return await (await fetch(`http://${at.host}:${at.port}/`)).text();
      if (over) throw new Error(said);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    await sandbox.cleanUp();
  }
}
