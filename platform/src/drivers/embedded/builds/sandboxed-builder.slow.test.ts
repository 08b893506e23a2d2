import { type ChildProcess, spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builderSuite, collect, listen, never, specOf } from "../../../delivery/build/builder-suite.ts";
import type { BuildResult, BuildSpec } from "../../../delivery/build/index.ts";
import { pause } from "../../../kernel/index.ts";
import { openImageUnpacker } from "../images/index.ts";
import type { Sandboxes } from "../sandbox/index.ts";
import {
  type BuildBench,
  HOST,
  makeBuildBench,
  makeSandboxedRunner,
  startBuilderBench,
} from "./build-fixtures.ts";
import { startEmbeddedBuilder } from "./embedded-builder.ts";

builderSuite("embedded, in the sandbox", () =>
  startBuilderBench(makeSandboxedRunner, "sleep 600 & sleep 600"),
);

describe("a build in the sandbox", () => {
  let bench: BuildBench;
  let sandboxes: Sandboxes;
  let started: Awaited<ReturnType<typeof startEmbeddedBuilder>>;
  beforeAll(async () => {
    bench = await makeBuildBench(async (home) => {
      const runner = await makeSandboxedRunner(home);
      sandboxes = runner.sandboxes;
      return runner;
    });
    started = await startEmbeddedBuilder(bench.options);
  });
  afterAll(async () => {
    await started.stop();
    await bench.dispose();
  });
  const run = async (files: Record<string, string>, more: Partial<BuildSpec> = {}) => {
    const spec = specOf(await bench.addSource(files), more);
    const { text, results } = await collect(started.builder.build(spec, never()));
    return { text, result: results[0] as BuildResult };
  };

  it("makes the same image of the same source for any app", async () => {
    const files = { do: "mkdir made; echo x > made/file", page: "hello", "bin/tool": "#!/bin/sh" };
    const [one, two] = [await run(files), await run(files)];
    if (one.result.kind !== "succeeded" || two.result.kind !== "succeeded") throw new Error(one.text);
    expect(two.result.image.digest).toBe(one.result.image.digest);
  });

  it("sees the source and the build's own files as an unprivileged user, and nothing of Conifer", async () => {
    const { text, result } = await run({
      do: `id -u; pwd; touch here && echo writable; (ls ${bench.home}; touch /cnb/lifecycle/x) 2>&1 || true; node --version`,
      page: "x",
    });
    expect(result.kind).toBe("succeeded");
    expect(text).toContain("begun\n1000\n/workspace\nwritable\n");
    expect(text).toMatch(/cannot access/);
    expect(text).toMatch(/Read-only file system/);
    expect(text).toContain(`\n${process.version}\n`);
  });

  it("makes an image that runs", async () => {
    const { result } = await run({ do: ":", page: "a page" });
    if (result.kind !== "succeeded") throw new Error("the build failed");
    const unpack = await openImageUnpacker({
      store: bench.images,
      folder: join(bench.home, "layers"),
      host: HOST,
      ...(sandboxes.owner ? { owner: sandboxes.owner } : {}),
    });
    const image = await unpack(result.image.digest);
    const line = 'launcher web; launcher printf "<%s>" "a b" \'$HOME\' "q\\"q"';
    const sandbox = await sandboxes.start({
      ...{ id: "run-1", directory: join(bench.home, "run"), lowerDirs: image.lowerDirs, binds: [] },
      argv: image.shellArgv(line) as [string],
      env: { ...image.env, HOME: "/workspace" },
      cwd: image.workingDir,
      limits: { memoryBytes: 512 * 1024 ** 2, cpuShare: 1, pids: 100 },
      stdin: "none",
    });
    let said = "";
    sandbox.pipes?.stderr.on("data", (chunk) => {
      said += chunk;
    });
    sandbox.pipes?.stdout.on("data", (chunk) => {
      said += chunk;
    });
    const { code } = await sandbox.exited;
    await sandbox.cleanUp();
    expect({ code, said }).toEqual({ code: 0, said: 'a page<a b><$HOME><q"q>' });
  });

  it("leaves no process behind when it is cancelled", async () => {
    const mark = `${process.pid}.25`;
    const spec = specOf(await bench.addSource({ do: `setsid sleep ${mark} & sleep 600` }));
    const listening = listen(started.builder, spec);
    await listening.said("begun\n");
    await started.builder.cancel(spec.id);
    expect(await running(mark)).toEqual([]);
  });
});

describe("kill -9 of the process that builds", () => {
  const mark = `${process.pid}.75`;
  const endless = `setsid sleep ${mark} & sleep 600`;
  const files = 'i=0; while [ $i -lt 20000 ]; do echo $i > "$CNB_LAYERS_DIR/many/$i"; i=$((i+1)); done';
  const many = `mkdir "$CNB_LAYERS_DIR/many"; echo "[types]\nlaunch = true" > "$CNB_LAYERS_DIR/many.toml"; ${files}`;

  it.each<[string, Record<string, string>, RegExp | undefined]>([
    ["while buildpacks are looked for", { do: ":", detect: endless }, undefined],
    ["while one builds", { do: endless }, undefined],
    ["while the image is made", { do: many, page: "x" }, /Exporting/],
  ])("%s ends its processes, and the next start leaves nothing and builds again", async (_, source, said) => {
    const bench = await makeBuildBench(makeSandboxedRunner);
    const victim = startVictim(bench.home, source);
    try {
      await until(async () => (said ? said.test(victim.said()) : (await running(mark)).length > 0));
      victim.process.kill("SIGKILL");
      const { builder, stop } = await startEmbeddedBuilder({
        ...bench.options,
        folder: join(bench.home, "victim"),
      });
      expect(await running(mark)).toEqual([]);
      expect(await readdir(join(bench.home, "victim"))).toEqual([]);
      const spec = specOf(await bench.addSource({ do: ":", page: "x" }), { id: "victims-build" });
      expect((await collect(builder.build(spec, never()))).results).toMatchObject([{ kind: "succeeded" }]);
      await stop();
    } finally {
      victim.process.kill("SIGKILL");
      await bench.dispose();
    }
  });
});

/** A process of its own that builds a source under the same home. */
function startVictim(home: string, source: Readonly<Record<string, string>>) {
  const here = import.meta.dirname;
  const script = `
    import { makeBuildBench } from "${here}/build-fixtures.ts";
    import { startEmbeddedBuilder } from "${here}/embedded-builder.ts";
    import { makeSandboxRunner } from "${here}/phase-runner.ts";
    import { openSandboxes } from "${here}/../sandbox/index.ts";
    const sandboxes = await openSandboxes({ home: "${home}", directory: "${home}/victim-sandbox" });
    const bench = await makeBuildBench(async () => makeSandboxRunner(sandboxes, "own"));
    const { builder } = await startEmbeddedBuilder({ ...bench.options, folder: "${home}/victim" });
    const source = await bench.addSource(${JSON.stringify(source)});
    const spec = { id: "victims-build", appId: "app", appName: "a", source, sourceVersion: "1", env: {},
      stack: "cnb", timeoutSeconds: 600, ownerId: "owner", acceptedAt: "2026-01-01T00:00:00.000Z" };
    for await (const news of builder.build(spec, new AbortController().signal)) process.stdout.write(news.text ?? "");
  `;
  const child: ChildProcess = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TMPDIR: home },
  });
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  return { process: child, said: () => text };
}

/** Processes of this machine whose command line holds the text, this one apart. */
async function running(text: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (line.includes(`sleep\0${text}`)) found.push(line.replaceAll("\0", " "));
  }
  return found;
}

async function until(check: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await check())) {
    if (Date.now() > end) throw new Error("it did not happen within 20 s");
    await pause(20);
  }
}
