import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { specOf } from "../../../delivery/build/builder-suite.ts";
import {
  digestOf,
  encodeDocument,
  MEDIA,
  makeIndex,
  makeManifest,
  readImageDocuments,
} from "../../../delivery/image/index.ts";
import { containerCache } from "./build-containers.ts";
import { type BuildBench, makeBuildBench } from "./build-fixtures.ts";
import type { BuildMachine } from "./build-machine.ts";
import type { PhaseJob } from "./phase-runner.ts";
import { runBuild } from "./run-build.ts";

/** A builder that leaves an image for each job, or ends as it is told. */
let jobs: PhaseJob[];
let ends: (job: PhaseJob) => Promise<number>;
let bench: BuildBench;
let machine: BuildMachine;
let root: string;

beforeEach(async () => {
  jobs = [];
  ends = async () => 0;
  bench = await makeBuildBench(async () => ({
    removeRemains: async () => {},
    run: async (job) => {
      jobs.push(job);
      const exitCode = await ends(job);
      if (exitCode === 0) await leaveImage(job);
      return { exitCode, outOfMemory: false };
    },
  }));
  machine = { ...bench.options.machine, buildah: process.execPath };
  root = join(bench.home, "one-build");
  await mkdir(root);
});
afterEach(() => bench.dispose());

async function leaveImage({ argv, binds }: PhaseJob): Promise<void> {
  const out = binds.find(({ target }) => target === "/build/out")?.source ?? "";
  const layout = join(out, argv[4] ?? "", "blobs/sha256");
  await mkdir(layout, { recursive: true });
  const put = async (mediaType: string, document: object) => {
    const { bytes, descriptor } = encodeDocument(mediaType, document);
    await writeFile(join(layout, descriptor.digest.slice("sha256:".length)), bytes);
    return descriptor;
  };
  // As a builder that compresses its layers.
  const plain = Buffer.from(`the layer of ${argv[4]}`);
  const packed = gzipSync(plain);
  const layer = { mediaType: `${MEDIA.layer}+gzip`, digest: digestOf(packed), size: packed.length };
  await writeFile(join(layout, layer.digest.slice("sha256:".length)), packed);
  const rootfs = { type: "layers", diff_ids: [digestOf(plain)] };
  const settings = { architecture: "amd64", os: "linux", config: { Cmd: ["/server"] }, rootfs };
  const manifest = await put(MEDIA.manifest, makeManifest(await put(MEDIA.config, settings), [layer]));
  await writeFile(join(out, argv[4] ?? "", "index.json"), JSON.stringify(makeIndex([manifest])));
}

async function build(files: Readonly<Record<string, string>>, signal = new AbortController().signal) {
  const spec = specOf(await bench.addSource(files), { stack: "container" });
  let text = "";
  const write = (chunk: Buffer) => {
    text += chunk;
  };
  return { spec, result: await runBuild(spec, machine, { root, write, signal }), text: () => text };
}

const YML = "build:\n  docker:\n    web: Dockerfile\n    worker: w/Dockerfile\n  config: { A: 1 }\n";

describe("a source of Dockerfiles", () => {
  test("becomes an image for each process type", async () => {
    const run = "setup: { addons: [] }\nrun:\n  web: puma\n  clock: { image: worker, command: tick }\n";
    const files = { "heroku.yml": YML + run, Dockerfile: "FROM scratch", "w/Dockerfile": "FROM scratch" };
    const { result, text } = await build(files);
    if (result.kind !== "succeeded") throw new Error(JSON.stringify(result));
    const { processes } = result.image;
    expect(processes.map(({ type, command }) => [type, command])).toEqual([
      ["web", ["/bin/sh", "-c", "puma"]],
      ["clock", ["/bin/sh", "-c", "tick"]],
    ]);
    for (const { container } of processes) await readImageDocuments(bench.images, container?.image ?? "");
    expect(text()).toContain("-----> Building worker (w/Dockerfile)\n");
    expect(text()).toContain("setup section");
    expect(jobs.map(({ argv }) => argv.slice(4))).toEqual([
      ["web", "/build/workspace", "--file", "/build/workspace/Dockerfile", "--build-arg", "A=1"],
      ["worker", "/build/workspace/w", "--file", "/build/workspace/w/Dockerfile", "--build-arg", "A=1"],
    ]);
    expect(jobs.every(({ asBuilder, limits }) => asBuilder && limits === machine.limits)).toBe(true);
    expect(jobs[0]?.binds.find(({ target }) => target === "/build/workspace")?.writable).toBe(false);
  });

  test("has the operator's certificates and mirrors in the steps of Dockerfiles that declare them", async () => {
    machine = { ...machine, hostEnv: { npm_config_registry: "https://npm.test" } };
    const Dockerfile = "FROM scratch\nARG NODE_EXTRA_CA_CERTS npm_config_registry";
    const { result } = await build({ "heroku.yml": YML, Dockerfile, "w/Dockerfile": "FROM scratch" });
    expect(result.kind).toBe("succeeded");
    const place = "/run/conifer/ca-certificates.crt";
    expect(jobs[0]?.argv.slice(8)).toEqual([
      ...["--volume", `/etc/ssl/certs/ca-certificates.crt:${place}:ro,nosuid,nodev,noexec`],
      ...["--build-arg", "npm_config_registry=https://npm.test"],
      ...["--build-arg", `NODE_EXTRA_CA_CERTS=${place}`, "--build-arg", "A=1"],
    ]);
    expect(jobs[1]?.argv.slice(8)).toEqual(["--build-arg", "A=1"]);
  });

  test("is told its own arguments before the operator's", async () => {
    const yml = "build: { docker: { web: Dockerfile }, config: { PIP_CERT: mine } }\n";
    await build({ "heroku.yml": yml, Dockerfile: "FROM scratch\nARG PIP_CERT" });
    expect(jobs[0]?.argv.slice(8)).toEqual(["--build-arg", "PIP_CERT=mine"]);
  });

  test("is built once for process types of one Dockerfile", async () => {
    const yml = "build:\n  docker:\n    web: Dockerfile\n    worker: ./Dockerfile\n";
    const { result } = await build({ "heroku.yml": yml, Dockerfile: "FROM scratch" });
    expect([result.kind, jobs.length]).toEqual(["succeeded", 1]);
  });

  test("without heroku.yml is told by the names of its files", async () => {
    const { result } = await build({ Dockerfile: "FROM scratch", "Dockerfile.worker": "FROM scratch" });
    if (result.kind !== "succeeded") throw new Error(JSON.stringify(result));
    expect(result.image.processes.map(({ type }) => type)).toEqual(["web", "worker"]);
  });

  const refused: readonly [string, Record<string, string>, RegExp][] = [
    ["no Dockerfile", { "package.json": "{}" }, /neither heroku\.yml nor a Dockerfile/],
    [
      "one that is missing",
      { "heroku.yml": YML, Dockerfile: "" },
      /worker is to be built with w\/Dockerfile/,
    ],
    ["a heroku.yml that says nothing", { "heroku.yml": "" }, /builds nothing/],
  ];
  test.each(refused)("with %s is refused before anything runs", async (_, files, message) => {
    expect((await build(files)).result).toMatchObject({
      kind: "failed",
      message: expect.stringMatching(message),
    });
    expect(jobs).toEqual([]);
  });

  test("follows no link on this machine", async () => {
    const source = await bench.addTar([
      { name: "heroku.yml", type: "symlink", linkname: "/etc/passwd" },
      { name: "Dockerfile", content: "FROM scratch" },
    ]);
    const around = { root, write: () => {}, signal: new AbortController().signal };
    const result = await runBuild(specOf(source, { stack: "container" }), machine, around);
    expect(result).toMatchObject({ kind: "failed", message: expect.stringContaining("not a plain file") });
  });

  test("where buildah is missing says what to install", async () => {
    machine = { ...machine, buildah: "/nothing/buildah" };
    const { result } = await build({ Dockerfile: "FROM scratch" });
    expect(result).toMatchObject({
      kind: "failed",
      message: expect.stringContaining("apt-get install buildah"),
    });
  });

  test("that fails is explained by what was printed last", async () => {
    ends = async ({ onOutput }) => {
      onOutput(Buffer.from('Error: building at STEP "RUN make": exit status 2\n'));
      return 2;
    };
    const { result } = await build({ Dockerfile: "FROM scratch" });
    expect(result).toEqual({
      kind: "failed",
      message: "Dockerfile could not be built. The step RUN make failed. The lines above say why.",
      exitCode: 2,
    });
  });
});

describe("the layers of earlier builds", () => {
  const source = { Dockerfile: "FROM scratch" };

  test("are there again, also after a build that failed", async () => {
    ends = async ({ binds }) => {
      await writeFile(
        join(binds.find(({ target }) => target === "/build/storage")?.source ?? "", "layer"),
        "x",
      );
      return 1;
    };
    const { spec } = await build(source);
    expect(await readdir(join(machine.cacheRoot, containerCache(spec.appId)))).toEqual(["layer"]);
  });

  test("are not kept of a build that was stopped", async () => {
    const stop = new AbortController();
    ends = async () => {
      stop.abort("cancelled");
      return 137;
    };
    const { spec, result } = await build(source, stop.signal);
    expect(result).toEqual({ kind: "cancelled" });
    expect(await readdir(machine.cacheRoot).catch(() => [])).not.toContain(containerCache(spec.appId));
  });
});
