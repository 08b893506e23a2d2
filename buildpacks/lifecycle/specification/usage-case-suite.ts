import { join } from "node:path";
import { expect } from "vitest";
import { PLATFORM_APIS } from "../api-versions.ts";
import { layoutPath } from "../image-layout.ts";
import { IMAGE } from "../lifecycle-fixtures.ts";
import { table } from "../toml-files.ts";
import {
  ALL_PHASES,
  ARCHITECTURE,
  type LifecycleCase,
  RUN,
  type TestedLifecycle,
  type Workbench,
  writeRunImage,
} from "./lifecycle-case-fixtures.ts";

/** A bench on which a creator builds something. */
async function ready(lifecycle: TestedLifecycle): Promise<Workbench> {
  const bench = await lifecycle.bench();
  await bench.addBuildpacks({ id: "t/a" });
  await bench.setOrder(["t/a"]);
  return bench;
}

const usage: readonly LifecycleCase[] = [
  {
    meets: ["api/unknown", "usage/api-first"],
    run: async (lifecycle) => {
      const bench = await ready(lifecycle);
      const names = [...ALL_PHASES, "creator", "rebaser"];
      const codes = names.map(async (name) => [
        name,
        (await bench.run(name, ["-no-such-flag"], { CNB_PLATFORM_API: "0.3" })).exitCode,
      ]);
      expect(Object.fromEntries(await Promise.all(codes))).toEqual(
        Object.fromEntries(names.map((name) => [name, 11])),
      );
    },
  },
  {
    meets: ["api/known"],
    run: async (lifecycle) => {
      const bench = await ready(lifecycle);
      for (const version of PLATFORM_APIS) {
        const { exitCode, output } = await bench.create([], { CNB_PLATFORM_API: version });
        expect({ version, exitCode, output }).toMatchObject({ exitCode: 0 });
      }
    },
  },
  {
    meets: ["exec-env/slash"],
    run: async (lifecycle) => {
      const bench = await ready(lifecycle);
      expect((await bench.create([], { CNB_EXEC_ENV: "a/b" })).exitCode).not.toBe(0);
    },
  },
  {
    meets: ["usage/flags-first"],
    run: async (lifecycle) => {
      const bench = await ready(lifecycle);
      await bench.analyzed();
      await bench.phases(["detector"], { env: { CNB_GROUP_PATH: join(bench.layers, "by-env.toml") } });
      expect(await bench.toml("layers/by-env.toml")).toMatchObject({ group: [{ id: "t/a" }] });
      expect(await bench.toml("layers/group.toml")).toBeUndefined();
      const args = { detector: ["-group", join(bench.layers, "by-flag.toml")] };
      await bench.phases(["detector"], {
        args,
        env: { CNB_GROUP_PATH: "/nowhere/group.toml", CNB_ORDER_PATH: "/no" },
      });
      expect(await bench.toml("layers/by-flag.toml")).toBeDefined();
    },
  },
  {
    meets: ["experimental/unset", "experimental/error", "experimental/warn", "experimental/silent"],
    run: async (lifecycle) => {
      const bench = await lifecycle.bench();
      const analyze = (mode: string) => bench.run("analyzer", [], { CNB_EXPERIMENTAL_MODE: mode });
      expect((await analyze("")).exitCode).not.toBe(0);
      expect((await analyze("error")).exitCode).not.toBe(0);
      expect(await analyze("warn")).toMatchObject({
        exitCode: 0,
        output: expect.stringMatching(/experimental/i),
      });
      const silent = await analyze("silent");
      expect(silent.exitCode).toBe(0);
      expect(silent.output).not.toMatch(/experimental/i);
    },
  },
];

/** The run image that an analyzer takes of a file of run images. */
async function resolve(bench: Workbench, images: readonly (readonly string[])[]) {
  const entries = images.map(
    ([image, ...mirrors]) => `[[images]]\nimage = "${image}"\nmirrors = ${JSON.stringify(mirrors)}\n`,
  );
  await bench.writeFiles({ "run.toml": entries.join("") });
  const program = join(bench.programs, "analyzer");
  const layout = ["-layers", bench.layers, "-layout", "-layout-dir", bench.layouts];
  const args = [...layout, "-uid", "1000", "-gid", "1000"];
  return bench.run("", [...args, "-run", join(bench.root, "run.toml"), IMAGE], {}, program);
}

const runImageOf = async (bench: Workbench) =>
  table((await bench.toml("layers/analyzed.toml"))?.["run-image"]);

const analyzer: readonly LifecycleCase[] = [
  {
    meets: ["analyzer/image", "analyzer/previous", "analyzer/tags", "analyzer/tags-registry"],
    run: async (lifecycle) => {
      const bench = await lifecycle.bench();
      const code = async (...args: readonly string[]) => (await bench.run("analyzer", args)).exitCode;
      expect(await code("-tag", "test.local/app:v2", "-tag", "test.local/other/app")).toBe(0);
      expect(await code("-previous-image", "not a reference")).not.toBe(0);
      expect(await code("-tag", "not:a:reference")).not.toBe(0);
      expect(await code("-tag", "elsewhere.local/app:v2")).not.toBe(0);
      const alone = ["-layers", bench.layers, "-layout", "-layout-dir", bench.layouts, "-run-image", RUN];
      const program = join(bench.programs, "analyzer");
      expect((await bench.run("", [...alone, "not:a:reference"], {}, program)).exitCode).not.toBe(0);
    },
  },
  {
    meets: ["analyzer/run-image", "resolution/registry", "resolution/first"],
    run: async (lifecycle) => {
      const bench = await lifecycle.bench();
      const took = async (...images: readonly (readonly string[])[]) => {
        const { exitCode, output } = await resolve(bench, images);
        expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
        return (await runImageOf(bench)).reference;
      };
      const near = layoutPath(bench.layouts, RUN);
      const far = (await writeRunImage(bench.layouts, "far.local/run:base", {})).layout;
      expect(await took(["far.local/run:base", RUN])).toBe(near);
      expect(await took([RUN, "far.local/run:base"])).toBe(near);
      expect(await took(["gone.local/run:base", "far.local/run:base"])).toBe(far);
      expect((await resolve(bench, [])).exitCode).not.toBe(0);
      expect((await resolve(bench, [["gone.local/run:base"]])).exitCode).not.toBe(0);
    },
  },
  {
    meets: ["analyzer/absent", "analysis/skip"],
    run: async (lifecycle) => {
      const bench = await lifecycle.bench();
      await bench.phases(["analyzer"], { args: { analyzer: ["-previous-image", "test.local/none:yet"] } });
      expect((await bench.toml("layers/analyzed.toml"))?.metadata ?? {}).not.toHaveProperty("buildpacks");
    },
  },
  {
    meets: ["analyzer/run-known", "files/analyzed"],
    run: async (lifecycle) => {
      const bench = await lifecycle.bench();
      const { layout } = await writeRunImage(bench.layouts, RUN, { variant: "v3" });
      await bench.phases(["analyzer"]);
      expect(await runImageOf(bench)).toMatchObject({
        ...{ image: RUN, reference: layout },
        target: { os: "linux", arch: ARCHITECTURE, variant: "v3", distro: { name: "debian", version: "12" } },
      });
    },
  },
  {
    meets: ["files/analyzed-bionic"],
    run: async (lifecycle) => {
      const bench = await lifecycle.bench();
      await writeRunImage(bench.layouts, RUN, {
        labels: { "io.buildpacks.stack.id": "io.buildpacks.stacks.bionic" },
      });
      await bench.phases(["analyzer"]);
      expect(await runImageOf(bench)).toMatchObject({
        target: { distro: { name: "ubuntu", version: "18.04" } },
      });
    },
  },
  {
    meets: ["analyzer/layout", "layout/tag", "layout/digest"],
    run: async (lifecycle) => {
      const bench = await lifecycle.bench();
      const without = await bench.run(
        "",
        ["-layers", bench.layers, "-layout", "-run-image", RUN, IMAGE],
        {},
        join(bench.programs, "analyzer"),
      );
      expect(without.exitCode).not.toBe(0);
      const { digest } = await writeRunImage(bench.layouts, RUN, {});
      const byDigest = `test.local/deep/run@${digest}`;
      await writeRunImage(bench.layouts, byDigest, {});
      await bench.phases(["analyzer"], { args: { analyzer: ["-run-image", byDigest] } });
      const folder = join(bench.layouts, "test.local/deep/run/sha256", digest.slice("sha256:".length));
      expect((await runImageOf(bench)).reference).toBe(folder);
      await bench.phases(["analyzer"]);
      expect((await runImageOf(bench)).reference).toBe(join(bench.layouts, "test.local/run/base"));
    },
  },
  {
    meets: ["analyzer/codes"],
    run: async (lifecycle) => {
      const bench = await lifecycle.bench();
      const { exitCode } = await bench.run("analyzer", ["-run-image", "test.local/no:where"]);
      expect(Math.floor(exitCode / 10)).toBe(3);
    },
  },
];

export const usageCases: readonly LifecycleCase[] = [...usage, ...analyzer];
