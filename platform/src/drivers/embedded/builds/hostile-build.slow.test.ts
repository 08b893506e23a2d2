import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect, listen, never, specOf } from "../../../delivery/build/builder-suite.ts";
import type { BuildResult, BuildSpec } from "../../../delivery/build/index.ts";
import type { Sandboxes } from "../sandbox/index.ts";
import { type BuildBench, makeBuildBench, makeSandboxedRunner } from "./build-fixtures.ts";
import { LEAST_FREE_BYTES } from "./disk-room.ts";
import { startEmbeddedBuilder } from "./embedded-builder.ts";

/** Builds that mean harm, or do it without meaning to, in the sandbox. Whatever they do, the next build works. */

const LIMITS = { memoryBytes: 256 * 1024 ** 2, cpuShare: 1, pids: 100 };
const CANARY = "canary-81c0e7";

let bench: BuildBench;
let sandboxes: Sandboxes;
let started: Awaited<ReturnType<typeof startEmbeddedBuilder>>;
let free = Number.POSITIVE_INFINITY;

beforeAll(async () => {
  bench = await makeBuildBench(async (home) => {
    const runner = await makeSandboxedRunner(home);
    sandboxes = runner.sandboxes;
    return runner;
  });
  const machine = { ...bench.options.machine, limits: LIMITS, freeBytes: async () => free };
  started = await startEmbeddedBuilder({ ...bench.options, machine });
});
afterAll(async () => {
  await started?.stop();
  await bench?.dispose();
});

async function build(files: Readonly<Record<string, string>>, more: Partial<BuildSpec> = {}) {
  const spec = specOf(await bench.addSource(files), more);
  const { text, results } = await collect(started.builder.build(spec, never()));
  return { text, result: results[0] as BuildResult };
}

/** Runs shell text in a build that may end as it likes, and then an ordinary one. */
async function harm(script: string, more: Partial<BuildSpec> = {}) {
  const done = await build({ do: script, page: "x" }, more);
  expect((await build({ do: ":", page: "x" })).result.kind).toBe("succeeded");
  return done;
}

const cached = (text: string) =>
  'mkdir -p "$CNB_LAYERS_DIR/kept"; printf "[types]\\ncache = true\\n" > "$CNB_LAYERS_DIR/kept.toml"; ' +
  `echo ${text} > "$CNB_LAYERS_DIR/kept/file"`;

describe("a build that reaches for what is not its own", () => {
  it("cannot write to the base, the lifecycle, buildpacks or what the platform gives", async () => {
    const places = [
      "/usr/x",
      "/etc/x",
      "/cnb/lifecycle/x",
      "/cnb/buildpacks/x",
      "/platform/x",
      "/cnb/order.toml",
    ];
    const { text, result } = await harm(
      `for at in ${places.join(" ")}; do if (echo x >> $at) 2>/dev/null; then echo "wrote $at"; fi; done`,
    );
    expect(result.kind).toBe("succeeded");
    expect(text).not.toContain("wrote /usr");
    expect(text).not.toMatch(/wrote \/(cnb|platform)/);
  });

  it("finds no other app's cache, source or variable, and no folder or process of Conifer", async () => {
    const other = await build(
      { do: cached(CANARY), page: "x", secret: `${CANARY}-source` },
      { env: { SECRET: `${CANARY}-variable` } },
    );
    expect(other.result.kind).toBe("succeeded");
    const { text } = await harm(
      [
        `ls -d ${bench.home}/build-cache ${bench.home}/builds ${bench.home} 2>&1 || true`,
        "grep -rsl canary-81 /layers /workspace /layouts /platform /cnb /tmp /home /var /run /root | grep -v ^/workspace/do || echo nothing found",
        "tr '\\0' '\\n' < /proc/1/environ 2>/dev/null | grep -i 'token\\|database\\|conifer_home' || echo no secret",
        "ls /proc | grep -c '^[0-9]*$'",
      ].join("\n"),
    );
    expect(text).toContain("No such file or directory");
    expect(text).not.toContain(CANARY);
    expect(text).toContain("nothing found\n");
    expect(text).toContain("no secret\n");
    expect(Number(/(\d+)\s*$/m.exec(text.split("no secret\n")[1] ?? "")?.[1])).toBeLessThan(30);
  });

  it("makes no device, and its set-id bits give nobody's rights", async () => {
    const { text } = await harm(
      'mknod "$CNB_LAYERS_DIR/disk" b 8 0 2>&1 || echo refused; ' +
        "cp /usr/bin/id id; chmod 6755 id; ./id -u; grep NoNewPrivs /proc/self/status",
    );
    expect(text).toContain("refused\n");
    expect(text).toMatch(/\n1000\nNoNewPrivs:\s+1\n/);
  });
});

describe("a build without measure", () => {
  it("forks for ever", async () => {
    const { text, result } = await harm("while :; do sleep 600 & done", { timeoutSeconds: 50 });
    expect(result.kind).toBe("failed");
    expect(text).toMatch(/fork/i);
  });

  it("takes all memory", async ({ skip }) => {
    if (sandboxes.abilities.cgroup === "none") skip("this machine lets this user make no cgroup");
    const { result } = await harm("head -c 1000000000 /dev/zero | tail -c 999999999 > /dev/null; exit $?");
    expect(result).toMatchObject({ kind: "failed", message: expect.stringContaining("256 MB of memory") });
  });

  it("fills the disk", async () => {
    const filling = await bench.addSource({ do: "while :; do echo x >> file; sleep 0.1; done", page: "x" });
    const listening = listen(started.builder, specOf(filling));
    await listening.said("begun\n");
    free = LEAST_FREE_BYTES - 1;
    const result = await listening.ended;
    free = Number.POSITIVE_INFINITY;
    expect(result).toMatchObject({
      kind: "failed",
      message: expect.stringContaining("less than 2 GB of the disk are free"),
    });
    expect((await build({ do: ":", page: "x" })).result.kind).toBe("succeeded");
  });

  it("writes output without end", async () => {
    const { text, result } = await harm("yes 'a line of a build that does not stop' | head -c 300000000");
    expect(result.kind).toBe("succeeded");
    expect(text.length).toBeLessThan(1_100_000);
    expect(text).toMatch(/\[\d+ more bytes of output left out\]/);
  });

  it("ends when its time is over", async () => {
    const { result } = await harm("trap '' TERM INT HUP; while :; do sleep 1; done", { timeoutSeconds: 3 });
    expect(result).toMatchObject({ kind: "failed", exitCode: 124 });
  });
});

describe("odd files", () => {
  it("links in circles, long ago and in the future, with new lines in their names, are built and packed", async () => {
    const { result, text } = await harm(
      [
        'mkdir -p "$CNB_LAYERS_DIR/odd/deep"; printf "[types]\\nlaunch = true\\ncache = true\\n" > "$CNB_LAYERS_DIR/odd.toml"',
        'cd "$CNB_LAYERS_DIR/odd"; ln -s . self; ln -s deep/back deep/back; ln -s ../.. deep/up; ln -s /nowhere/at/all gone',
        `printf x > "$(printf 'two\\nlines')"; printf x > "tab	 and 'quotes\\""`,
        "touch -d 1969-12-31T23:00:00Z before; touch -d 1975-01-01 old; touch -d 2200-01-01 later; cd /workspace",
      ].join("\n"),
    );
    expect(result, text).toMatchObject({ kind: "succeeded" });
  });

  it("with names that are not UTF-8 are told by name, not packed wrongly", async () => {
    const { result, text } = await harm(`printf x > "$(printf 'caf\\351')"`);
    expect(result.kind).toBe("failed");
    expect(text).toMatch(/is not UTF-8; rename it/);
  });

  it("of a layer that are no TOML end the build with the file's name", async () => {
    const { result, text } = await harm(
      'mkdir "$CNB_LAYERS_DIR/bad"; echo "[types" > "$CNB_LAYERS_DIR/bad.toml"',
    );
    expect(result.kind).toBe("failed");
    expect(text).toContain("bad.toml");
  });
});

it("two builds of one app at once both make their image, and the cache of one stays", async () => {
  const appId = "3f0c6e52-0d3e-4b57-8a43-0d9c2f6b7e11";
  const [one, two] = await Promise.all(
    ["one", "two"].map((text) => build({ do: cached(text), page: text }, { appId })),
  );
  expect([one?.result.kind, two?.result.kind]).toEqual(["succeeded", "succeeded"]);
  const { text } = await build(
    { do: `cat "$CNB_LAYERS_DIR/kept/file"; ${cached("three")}`, page: "x" },
    { appId },
  );
  expect(text).toMatch(/begun\n(one|two)\n/);
});
