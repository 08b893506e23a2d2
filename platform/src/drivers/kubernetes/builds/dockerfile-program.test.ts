import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf, encodeDocument, MEDIA, makeIndex, makeManifest } from "../../../delivery/image/index.ts";
import { makeFakeRegistryStores } from "../../../delivery/registry/registry-fake.ts";
import { startTestRegistry, type TestRegistry } from "../../../delivery/registry/registry-fixtures.ts";
import { fakeSourceStore } from "../../../delivery/source/source-store-fake.ts";
import { streamOf, tarOf } from "../../../delivery/source/tar-fixtures.ts";
import type { BuildahArgv } from "../../buildah/builds/index.ts";
import { collectImage } from "../../cnb/builds/index.ts";
import { makeRegistryClient, type RegistryClient } from "../../registry/client/index.ts";
import { task as plainTask } from "./build-pod-fixtures.ts";
import { readBuilt } from "./built-images.ts";
import {
  buildContainers,
  type DockerfilePlaces,
  deliverContainers,
  prepareContainers,
} from "./dockerfile-program.ts";
import { countLayers, fetchLayers, imagesToKeep, keepLayers } from "./layer-images.ts";
import { pushSource } from "./push-source.ts";
import { intoRepository } from "./repository-content.ts";
import { takeContainers } from "./take-containers.ts";

/** What the containers of a pod of Dockerfiles do, with a buildah that leaves what a test wants. */

const { repository } = plainTask;
const LIMIT = 1024 ** 2;
const sources = fakeSourceStore();
let folder: string;
let at: DockerfilePlaces;
let registry: TestRegistry;
let client: RegistryClient;
let calls: BuildahArgv[];
const openRegistry = () =>
  makeRegistryClient({ url: `http://127.0.0.1:${registry.port}`, login: registry.push(repository) });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dockerfiles-"));
  const place = (name: string) => join(folder, name);
  at = {
    ...{ plan: place("plan"), home: place("home"), workspace: place("workspace") },
    ...{ out: place("out"), cache: place("cache") },
  };
  for (const path of Object.values(at)) await mkdir(path);
  registry = await startTestRegistry(makeFakeRegistryStores());
  client = openRegistry();
  calls = [];
});
afterEach(async () => {
  await client.close();
  await registry.registry.stop();
  await rm(folder, { recursive: true });
});

async function prepare(files: Readonly<Record<string, string>>): Promise<string> {
  const entries = Object.entries(files).map(([name, content]) => ({ name, content }));
  const { digest } = await sources.write(streamOf(await tarOf(...entries)));
  await pushSource(digest, sources, { client, repository }, new AbortController().signal);
  let told = "";
  const registries = [{ host: "corp.test", url: "http://corp.test" }];
  const task = { ...plainTask, spec: { ...plainTask.spec, source: digest }, registries };
  await prepareContainers(at, task, client, (text) => {
    told += text;
  });
  return told;
}

/** Leaves a layout with images of one layer each, in one folder. */
async function leaveLayout(layout: string, contents: readonly string[]): Promise<void> {
  const blobs = join(layout, "blobs/sha256");
  await mkdir(blobs, { recursive: true });
  const put = (digest: string, bytes: Buffer) =>
    writeFile(join(blobs, digest.slice("sha256:".length)), bytes);
  const manifests = [];
  for (const content of contents) {
    const layer = Buffer.from(content);
    const config = encodeDocument(MEDIA.config, {
      ...{ architecture: "amd64", os: "linux", config: { Cmd: ["/server"] } },
      rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
    });
    const described = { mediaType: MEDIA.layer, digest: digestOf(layer), size: layer.length };
    const manifest = encodeDocument(MEDIA.manifest, makeManifest(config.descriptor, [described]));
    await put(digestOf(layer), layer);
    await put(config.descriptor.digest, config.bytes);
    await put(manifest.descriptor.digest, manifest.bytes);
    manifests.push(manifest.descriptor);
  }
  await writeFile(join(layout, "index.json"), JSON.stringify(makeIndex(manifests)));
}

const isBuild = (argv: BuildahArgv) => argv.includes("--file");
const runWith = (
  end: (argv: BuildahArgv, onOutput: (chunk: Buffer) => void) => number | Promise<number>,
) => ({
  run: async (argv: BuildahArgv, onOutput: (chunk: Buffer) => void) => {
    calls.push(argv);
    return await end(argv, onOutput);
  },
});

const YML = "setup: {}\nbuild:\n  docker: { web: Dockerfile, worker: w/Dockerfile, clock: Dockerfile }\n";
const FILES = { "heroku.yml": YML, Dockerfile: "FROM scratch", "w/Dockerfile": "FROM scratch" };

describe("a pod of Dockerfiles", () => {
  it("reads the plan, builds each Dockerfile once, and delivers what a release is made of", async () => {
    expect(await prepare(FILES)).toContain("setup section");
    const conf = await readFile(join(at.home, ".config/containers/registries.conf.d/conifer.conf"), "utf8");
    expect(conf).toContain('location = "corp.test"\ninsecure = true');
    let text = "";
    await buildContainers(at, {
      ...runWith(async (argv) => {
        if (isBuild(argv)) await leaveLayout(join(at.out, argv[4] ?? ""), [`layer of ${argv[4]}`]);
        return 0;
      }),
      ...{ kept: 3, hostEnv: {} },
      write: (chunk) => {
        text += String(chunk);
      },
    });
    expect(text).toBe("-----> Building web (Dockerfile)\n-----> Building worker (w/Dockerfile)\n");
    expect(calls.filter(isBuild).map((argv) => argv[4])).toEqual(["web", "worker"]);
    expect(calls[0]?.at(-1)).toBe("3");
    const digest = await deliverContainers(at, plainTask, client);
    const index = await client.pullManifest(repository, digest);
    const { built } = readBuilt(index?.bytes ?? Buffer.alloc(0));
    expect(built.get("clock")).toBe(built.get("web"));
    const options = { openRegistry, repositoryOf: () => repository };
    const taken = await takeContainers(digest, plainTask.spec, options);
    if (taken.kind !== "succeeded") throw new Error(JSON.stringify(taken));
    expect(taken.image.processes.map(({ type }) => type)).toEqual(["web", "worker", "clock"]);
    expect(await client.pullManifest(repository, "worker.latest")).toMatchObject({
      digest: built.get("worker"),
    });
    expect(await takeContainers(digest, plainTask.spec, options)).toEqual(taken);
  });

  it("gives a Dockerfile what it declares of the operator's variables, and the certificates that they name", async () => {
    await prepare({ ...FILES, "w/Dockerfile": "FROM scratch\nARG PIP_CERT PIP_INDEX_URL=x A GOPROXY" });
    await buildContainers(at, {
      ...runWith(() => 0),
      ...{ kept: 0, write: () => {} },
      hostEnv: { PIP_INDEX_URL: "https://pip.test", GOPROXY: "https://me:word@go.test", A: "not offered" },
    });
    const [web, worker] = calls.filter(isBuild).map((argv) => argv.slice(8));
    expect(web).toEqual([]);
    expect(worker).toEqual([
      ...[
        "--volume",
        "/etc/ssl/certs/ca-certificates.crt:/run/conifer/ca-certificates.crt:ro,nosuid,nodev,noexec",
      ],
      ...["--build-arg", "PIP_INDEX_URL=https://pip.test"],
      ...["--build-arg", "PIP_CERT=/run/conifer/ca-certificates.crt"],
    ]);
  });

  it("stops at the image that fails, says why, and keeps the layers of steps that went well", async () => {
    await prepare(FILES);
    const building = buildContainers(at, {
      ...runWith((argv, onOutput) => {
        if (isBuild(argv)) onOutput(Buffer.from('Error: building at STEP "RUN make": exit status 2\n'));
        return isBuild(argv) ? 2 : 0;
      }),
      ...{ kept: 0, hostEnv: {} },
      write: () => {},
    });
    await expect(building).rejects.toThrow(/^Dockerfile could not be built\. The step RUN make failed/);
    expect(calls.map(isBuild)).toEqual([true, false]);
  });

  it("refuses a source without a Dockerfile, and an image that is none", async () => {
    await expect(prepare({ page: "x" })).rejects.toThrow(/neither heroku\.yml nor a Dockerfile/);
    await rm(at.workspace, { recursive: true });
    await mkdir(at.workspace);
    await prepare({ Dockerfile: "FROM scratch" });
    await expect(deliverContainers(at, plainTask, client)).rejects.toThrow(/The image of web cannot be used/);
  });

  it("is lost when what it delivered is gone, and fails when it cannot run", async () => {
    const options = { openRegistry, repositoryOf: () => repository };
    const gone = await takeContainers(`sha256:${"0".repeat(64)}`, plainTask.spec, options);
    expect(gone).toMatchObject({ kind: "lost", message: expect.stringContaining("read back") });
  });
});

describe("the layers of all steps", () => {
  const place = { repository, limitBytes: LIMIT };
  /** Notes an image of these layers, as buildah has it among those of steps. */
  async function note(...layers: readonly string[]): Promise<string> {
    const diff_ids = layers.map((layer) => digestOf(Buffer.from(layer)));
    const { bytes, descriptor } = encodeDocument(MEDIA.config, {
      ...{ architecture: "amd64", os: "linux", config: {} },
      rootfs: { type: "layers", diff_ids },
    });
    const id = descriptor.digest.slice("sha256:".length);
    await mkdir(join(at.cache, "configs"), { recursive: true });
    await writeFile(join(at.cache, "configs", id), bytes);
    return id;
  }

  it("are written once, where the result has not got them, and are there for the next build", async () => {
    await leaveLayout(join(at.out, "web"), ["final"]);
    for (const layers of [["final"], ["one"], ["one", "two"]]) await note(...layers);
    const largest = await note("one", "two", "three");
    await note("other");
    const ids = await imagesToKeep(at);
    expect([ids.length, ids[0]]).toEqual([2, largest]);
    await leaveLayout(join(at.cache, "out"), ["one", "two", "three", "other"]);
    expect(await imagesToKeep(at)).toEqual([]);
    await deliverOut();
    await keepLayers(at, place, client);
    expect(await fetchLayers(join(at.cache, "in"), place, client)).toBe(5);
    expect(await countLayers(at.cache)).toBe(5);
    const index = JSON.parse(await readFile(join(at.cache, "in/index.json"), "utf8"));
    const names = index.manifests.map((one: { annotations: object }) => Object.values(one.annotations)[0]);
    expect(names).toEqual(["0", "1", "2", "3", "4"]);
  });

  /** The layers of the result are in the repository before. */
  async function deliverOut(): Promise<void> {
    const left = { root: at.out, layout: "web", known: new Map(), limitBytes: LIMIT };
    await collectImage(left, intoRepository(client, repository, []));
  }

  it("leave out an image that cannot be read, or whose layers are not there", async () => {
    await leaveLayout(join(at.cache, "out"), ["one"]);
    await note("one");
    await note("one", "gone");
    await writeFile(join(at.cache, "configs/odd"), "no config");
    await keepLayers(at, place, client);
    expect(await fetchLayers(join(at.cache, "in"), place, client)).toBe(1);
  });

  it("are none at first, nor when there are too many bytes", async () => {
    const cached = join(at.cache, "in");
    expect([await fetchLayers(cached, place, client), await countLayers(at.cache)]).toEqual([0, 0]);
    await keepLayers(at, place, client);
    await leaveLayout(join(at.cache, "out"), ["one", "two"]);
    await note("one", "two");
    await keepLayers(at, { repository, limitBytes: 5 }, client);
    expect(await fetchLayers(cached, place, client)).toBe(0);
    await keepLayers(at, place, client);
    expect(await fetchLayers(cached, { repository, limitBytes: 5 }, client)).toBe(0);
    expect(await countLayers(at.cache)).toBe(0);
  });
});
