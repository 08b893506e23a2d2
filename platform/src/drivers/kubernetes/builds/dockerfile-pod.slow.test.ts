import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFakeRegistryStores } from "../../../delivery/registry/registry-fake.ts";
import { startTestRegistry, type TestRegistry } from "../../../delivery/registry/registry-fixtures.ts";
import { fakeSourceStore } from "../../../delivery/source/source-store-fake.ts";
import { streamOf, tarOf } from "../../../delivery/source/tar-fixtures.ts";
import { type PrivateRegistry, startPrivateRegistry } from "../../buildah/builds/private-base-fixtures.ts";
import { removeTree } from "../../files/trees/index.ts";
import { makeRegistryClient } from "../../registry/client/index.ts";
import { placement, spec as plainSpec, task as plainTask } from "./build-pod-fixtures.ts";
import { TASK_FILE } from "./build-task.ts";
import { bundlePodPrograms } from "./bundle-pod-programs.ts";
import { makeDockerfilePod } from "./dockerfile-pod.ts";
import { type ContainerEnd, runInRunc } from "./pod-in-runc-fixtures.ts";
import { pushSource } from "./push-source.ts";
import { takeContainers } from "./take-containers.ts";

/** The containers of a pod that builds Dockerfiles, with the rights that the pod gives them and no others. */

function missingTools(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root, as a node's runtime has it";
  const missing = ["buildah", "runc", "busybox"].filter((name) => {
    try {
      execFileSync("sh", ["-c", `command -v ${name}`], { stdio: "ignore" });
      return false;
    } catch {
      return true;
    }
  });
  return missing.length > 0 ? `needs ${missing.join(", ")}` : undefined;
}
const why = missingTools();
const { repository } = plainTask;

describe.skipIf(why)(`a pod that builds Dockerfiles${why ? ` (${why})` : ""}`, () => {
  let folder: string;
  let registry: TestRegistry;
  let bases: PrivateRegistry;
  const sources = fakeSourceStore();
  const openRegistry = () =>
    makeRegistryClient({ url: `http://127.0.0.1:${registry.port}`, login: registry.push(repository) });
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dockerfile-pod-"));
    registry = await startTestRegistry(makeFakeRegistryStores());
    bases = await startPrivateRegistry(undefined);
    await bundlePodPrograms(join(folder, "conifer"));
  });
  afterAll(async () => {
    await bases.stop();
    await registry.registry.stop();
    await removeTree(folder);
  });

  /** One build, from source to what the pod's containers say. */
  async function build(name: string, files: Readonly<Record<string, string>>) {
    const entries = Object.entries(files).map(([path, content]) => ({ name: path, content }));
    const { digest } = await sources.write(streamOf(await tarOf(...entries)));
    const spec = { ...plainSpec, id: name, source: digest, stack: "container" };
    const client = openRegistry();
    await pushSource(digest, sources, { client, repository }, new AbortController().signal);
    await client.close();
    const { username, password } = registry.push(repository);
    const told = { url: `http://127.0.0.1:${registry.port}`, username, password };
    const task = { ...plainTask, spec, registry: told, registries: bases.access.registries, hostEnv: {} };
    const place = join(folder, name);
    await mkdir(join(place, "task"), { recursive: true });
    await writeFile(join(place, "task", TASK_FILE), JSON.stringify(task), { mode: 0o444 });
    const pod = makeDockerfilePod(spec, 1, { placement, hostEnv: {}, isWhole: false });
    const ends = await runInRunc(pod, place, {
      volumes: { task: join(place, "task") },
      image: { "/cnb/conifer": join(folder, "conifer") },
    });
    return { spec, password, ends, text: ends.map((end) => end.text).join("") };
  }
  const tellingOf = (ends: readonly ContainerEnd[], name: string) =>
    JSON.parse(ends.find((end) => end.name === name)?.told || "{}") as { image?: string; message?: string };

  const YML =
    "build:\n  docker: { web: Dockerfile, worker: { dockerfile: Dockerfile, target: small } }\nrun: { web: serve, worker: work }\n";
  const look =
    "id; cat /proc/self/status | grep Cap; cat /proc/*/environ /conifer/task/* 2>&1; ls /conifer /turns";

  it("builds several images with steps as root, and delivers them to be released", async () => {
    const files = {
      "heroku.yml": YML,
      Dockerfile: `FROM ${bases.image} AS small\nRUN ${look} || echo looked\nFROM small\nCOPY page /page\nCMD ["/bin/httpd"]\n`,
      page: "hello",
    };
    const first = await build("one", files);
    expect(
      first.ends.map(({ status }) => status),
      first.text,
    ).toEqual([0, 0, 0]);
    expect(first.text).toContain("uid=0");
    // CAP_SYS_PTRACE and CAP_SYS_ADMIN.
    const held = BigInt(`0x${/CapBnd:\t([0-9a-f]+)/.exec(first.text)?.[1] ?? "ffffffff"}`);
    expect(held & ((1n << 19n) | (1n << 21n))).toBe(0n);
    expect(first.text).not.toContain(first.password);
    const digest = tellingOf(first.ends, "deliver").image ?? "";
    const taken = await takeContainers(digest, first.spec, { openRegistry, repositoryOf: () => repository });
    if (taken.kind !== "succeeded") throw new Error(JSON.stringify(taken));
    expect(taken.image.processes.map(({ type }) => type)).toEqual(["web", "worker"]);
    const again = await build("two", files);
    expect(again.text).toContain("Using cache");
    expect(tellingOf(again.ends, "deliver").image).toBe(digest);
  }, 240_000);

  it("says in one sentence what failed, and delivers nothing", async () => {
    const { ends } = await build("three", { Dockerfile: `FROM ${bases.image}\nRUN false\n` });
    expect(tellingOf(ends, "builder").message).toBe(
      "Dockerfile could not be built. The step RUN false failed. The lines above say why.",
    );
    expect(tellingOf(ends, "deliver")).toEqual({});
  }, 120_000);
});
