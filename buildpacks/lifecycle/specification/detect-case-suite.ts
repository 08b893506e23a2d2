import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { TestBuildpack } from "../lifecycle-fixtures.ts";
import { type TomlTable, table, tables } from "../toml-files.ts";
import { type LifecycleCase, note, plan, type TestedLifecycle } from "./lifecycle-case-fixtures.ts";

interface Detection {
  readonly buildpacks: readonly TestBuildpack[];
  readonly groups: readonly (readonly string[])[];
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly analyzed?: TomlTable;
}

/** Runs the detector alone. */
async function detect(lifecycle: TestedLifecycle, detection: Detection) {
  const bench = await lifecycle.bench();
  await bench.addBuildpacks(...detection.buildpacks);
  await bench.setOrder(...detection.groups);
  await bench.writeFiles(detection.files ?? {});
  await bench.analyzed(detection.analyzed);
  const system = detection.files?.["system.toml"] ? ["-system", join(bench.root, "system.toml")] : [];
  const { exitCode, output } = await bench.run("detector", system, detection.env);
  const group = tables((await bench.toml("layers/group.toml"))?.group);
  const entries = tables((await bench.toml("layers/plan.toml"))?.entries);
  return { bench, exitCode, output, group, ids: group.map(({ id }) => id), entries };
}

const passing = (...ids: readonly string[]): TestBuildpack[] => ids.map((id) => ({ id }));
const failing = (id: string, status = 100): TestBuildpack => ({ id, detect: `exit ${status}` });
const planning = (id: string, provides: string, requires: string): TestBuildpack => ({
  ...{ id, detect: plan(provides, requires) },
});
const system = (when: string, ...ids: readonly string[]) =>
  ids.map((id) => `[[system.${when}.buildpacks]]\nid = "${id}"\nversion = "1.0.0"\n`).join("");
const composite = (id: string, ...groups: readonly (readonly string[])[]): TestBuildpack => ({
  id,
  toml: groups
    .map(
      (group) =>
        `[[order]]\n${group.map((one) => `[[order.group]]\nid = "${one}"\nversion = "1.0.0"\n`).join("")}`,
    )
    .join(""),
});

const targetOf = (target: object): TomlTable => ({
  "run-image": { image: "test.local/run:base", reference: "/nowhere", target },
});
const LINUX = { os: "linux", arch: "amd64", distro: { name: "debian", version: "12" } };
const forTarget = (id: string, toml: string): TestBuildpack => ({ id, toml: `[[targets]]\n${toml}` });

const ofTheOperator: readonly LifecycleCase[] = [
  {
    meets: ["detector/pre", "detector/post"],
    run: async (lifecycle) => {
      const { ids } = await detect(lifecycle, {
        buildpacks: [...passing("t/a", "t/b", "t/first", "t/second", "t/last"), failing("t/no")],
        groups: [["t/no"], ["t/a", "t/b"]],
        files: { "system.toml": system("pre", "t/first", "t/second") + system("post", "t/last") },
      });
      expect(ids).toEqual(["t/first", "t/second", "t/a", "t/b", "t/last"]);
    },
  },
  {
    meets: ["detector/system-once"],
    run: async (lifecycle) => {
      const { ids } = await detect(lifecycle, {
        buildpacks: passing("t/a", "t/b", "t/other"),
        groups: [["t/a", "t/b"]],
        files: { "system.toml": system("pre", "t/b", "t/other") + system("post", "t/a") },
      });
      expect(ids).toEqual(["t/other", "t/a", "t/b"]);
    },
  },
  {
    meets: ["files/system"],
    run: async (lifecycle) => {
      const required = await detect(lifecycle, {
        ...{ buildpacks: [...passing("t/a"), failing("t/first")], groups: [["t/a"]] },
        files: { "system.toml": system("pre", "t/first") },
      });
      expect(required.exitCode).toBe(20);
      const nameless = await detect(lifecycle, {
        ...{ buildpacks: passing("t/a", "t/first"), groups: [["t/a"]] },
        files: { "system.toml": '[[system.pre.buildpacks]]\nid = "t/first"\n' },
      });
      expect(nameless.exitCode).not.toBe(0);
    },
  },
];

const groups: readonly LifecycleCase[] = [
  {
    meets: ["detection/required-fails", "detection/selected", "detector/group", "files/group"],
    run: async (lifecycle) => {
      const { group } = await detect(lifecycle, {
        buildpacks: [...passing("t/a", "t/b", "t/c"), failing("t/no"), failing("t/broken", 7)],
        groups: [["t/a", "t/no"], ["t/broken", "t/b"], ["t/c", "t/no?", "t/a"], ["t/b"]],
      });
      expect(group).toMatchObject([
        { id: "t/c", version: "1.0.0", api: "0.12" },
        { id: "t/a", version: "1.0.0", api: "0.12" },
      ]);
      expect(group).toHaveLength(2);
    },
  },
  {
    meets: ["detection/optional-fails"],
    run: async (lifecycle) => {
      const { ids } = await detect(lifecycle, {
        buildpacks: [failing("t/no"), failing("t/broken", 3), ...passing("t/a")],
        groups: [["t/no?", "t/broken?", "t/a"]],
      });
      expect(ids).toEqual(["t/a"]);
    },
  },
  {
    meets: ["detection/none-passes"],
    run: async (lifecycle) => {
      const { ids } = await detect(lifecycle, {
        buildpacks: [failing("t/no"), ...passing("t/a")],
        groups: [["t/no?"], ["t/a"]],
      });
      expect(ids).toEqual(["t/a"]);
    },
  },
  {
    meets: ["detector/codes"],
    run: async (lifecycle) => {
      const codes = async (detection: Detection) => (await detect(lifecycle, detection)).exitCode;
      expect(await codes({ buildpacks: [failing("t/no")], groups: [["t/no"]] })).toBe(20);
      expect(await codes({ buildpacks: [failing("t/no", 1)], groups: [["t/no"]] })).toBe(21);
      const missing = await codes({ buildpacks: [], groups: [["t/none"]] });
      expect(missing > 0 && (missing < 20 || missing > 21)).toBe(true);
    },
  },
  {
    meets: ["files/order"],
    run: async (lifecycle) => {
      const order = async (text: string) => {
        const bench = await lifecycle.bench();
        await bench.addBuildpacks(failing("t/no"), ...passing("t/a"));
        await bench.writeFiles({ "order.toml": `[[order]]\n${text}` });
        await bench.analyzed();
        return (await bench.run("detector")).exitCode;
      };
      const entry = (id: string, version = 'version = "1.0.0"') =>
        `[[order.group]]\nid = "${id}"\n${version}\n`;
      expect(await order(entry("t/a"))).toBe(0);
      expect(await order(entry("t/no") + entry("t/a"))).toBe(20);
      expect(await order(entry("t/a", ""))).not.toBe(0);
    },
  },
  {
    meets: ["folders/buildpacks"],
    run: async (lifecycle) => {
      const bench = await lifecycle.bench();
      await bench.addBuildpacks(...passing("deep/er/a"));
      const other = join(bench.root, "buildpacks/deep_er_a/2.0.0/bin");
      await mkdir(other, { recursive: true });
      await bench.writeFiles({
        "buildpacks/deep_er_a/2.0.0/buildpack.toml":
          'api = "0.12"\n[buildpack]\nid = "deep/er/a"\nversion = "2.0.0"\n',
        "order.toml": '[[order]]\n[[order.group]]\nid = "deep/er/a"\nversion = "2.0.0"\n',
      });
      await writeFile(join(other, "detect"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
      await writeFile(join(other, "build"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
      await bench.analyzed();
      await bench.phases(["detector"]);
      expect((await bench.toml("layers/group.toml"))?.group).toMatchObject([
        { id: "deep/er/a", version: "2.0.0" },
      ]);
    },
  },
];

const orders: readonly LifecycleCase[] = [
  {
    meets: ["order/inside"],
    run: async (lifecycle) => {
      const o = composite("t/o", ["t/a", "t/b"], ["t/c", "t/d"]);
      const parts = passing("t/a", "t/c", "t/d", "t/e", "t/f");
      const first = { buildpacks: [o, ...parts, ...passing("t/b")], groups: [["t/e", "t/o", "t/f"]] };
      expect((await detect(lifecycle, first)).ids).toEqual(["t/e", "t/a", "t/b", "t/f"]);
      const second = { buildpacks: [o, ...parts, failing("t/b")], groups: [["t/e", "t/o", "t/f"]] };
      expect((await detect(lifecycle, second)).ids).toEqual(["t/e", "t/c", "t/d", "t/f"]);
    },
  },
  {
    meets: ["order/side-by-side"],
    run: async (lifecycle) => {
      const pair = async (...without: readonly string[]) => {
        const all = ["t/a", "t/b", "t/c", "t/d", "t/e", "t/f", "t/g", "t/h"];
        const { ids } = await detect(lifecycle, {
          buildpacks: [
            composite("t/o", ["t/a", "t/b"], ["t/c", "t/d"]),
            composite("t/p", ["t/e", "t/f"], ["t/g", "t/h"]),
            ...all.map((id) => (without.includes(id) ? failing(id) : { id })),
          ],
          groups: [["t/o", "t/p"]],
        });
        return ids.join(" ").replaceAll("t/", "");
      };
      expect(await pair()).toBe("a b e f");
      expect(await pair("t/f")).toBe("a b g h");
      expect(await pair("t/a")).toBe("c d e f");
      expect(await pair("t/b", "t/e")).toBe("c d g h");
    },
  },
  {
    meets: ["order/optional"],
    run: async (lifecycle) => {
      const bench = await lifecycle.bench();
      await bench.addBuildpacks(
        composite("t/o", ["t/no"], ["t/never"]),
        failing("t/no"),
        failing("t/never"),
        ...passing("t/a"),
      );
      await bench.setOrder(["t/o?", "t/a"]);
      await bench.analyzed();
      await bench.phases(["detector"]);
      expect((await bench.toml("layers/group.toml"))?.group).toMatchObject([{ id: "t/a" }]);
    },
  },
];

const plans: readonly LifecycleCase[] = [
  {
    meets: ["detector/plan", "files/plan"],
    run: async (lifecycle) => {
      const { entries } = await detect(lifecycle, {
        buildpacks: [
          planning("t/a", "x y", ""),
          planning("t/b", "x", "x"),
          {
            id: "t/c",
            detect: `${plan("", "y x")}\nprintf '[requires.metadata]\\nv = "1"\\n' >> "$CNB_BUILD_PLAN_PATH"`,
          },
        ],
        groups: [["t/a", "t/b", "t/c"]],
      });
      expect(entries.map(({ requires }) => new Set(tables(requires).map(({ name }) => name)).size)).toEqual([
        1, 1,
      ]);
      const entry = (name: string) => entries.find(({ requires }) => tables(requires)[0]?.name === name);
      const providers = (name: string) =>
        tables(entry(name)?.providers).map(({ id, version }) => `${id}@${version}`);
      expect(providers("x")).toEqual(["t/a@1.0.0", "t/b@1.0.0"]);
      expect(providers("y")).toEqual(["t/a@1.0.0"]);
      expect(tables(entry("x")?.requires)).toHaveLength(2);
      expect(table(tables(entry("x")?.requires)[1]).metadata).toEqual({ v: "1" });
      const empty = await detect(lifecycle, { buildpacks: passing("t/a"), groups: [["t/a"]] });
      expect({ code: empty.exitCode, entries: empty.entries }).toEqual({ code: 0, entries: [] });
    },
  },
  {
    meets: ["plan/trials"],
    run: async (lifecycle) => {
      const either = (first: string, second: string) =>
        `cat > "$CNB_BUILD_PLAN_PATH" <<'EOT'\n${first}[[or]]\n${second}EOT`;
      const one = (kind: string, name: string, prefix = "") => `[[${prefix}${kind}]]\nname = "${name}"\n`;
      const { entries } = await detect(lifecycle, {
        buildpacks: [
          { id: "t/a", detect: either(one("provides", "x"), one("provides", "y", "or.")) },
          {
            id: "t/b",
            detect: `${either(one("requires", "z"), one("requires", "y", "or."))}\nprintf '[[or]]\\n[[or.requires]]\\nname = "x"\\n' >> "$CNB_BUILD_PLAN_PATH"`,
          },
        ],
        groups: [["t/a", "t/b"]],
      });
      // x of t/a is tried with every choice of t/b before y is.
      expect(entries.flatMap(({ requires }) => tables(requires).map(({ name }) => name))).toEqual(["x"]);
    },
  },
  {
    meets: ["plan/not-required"],
    run: async (lifecycle) => {
      const after = {
        buildpacks: [planning("t/a", "", "x"), planning("t/b", "x", "")],
        groups: [["t/a", "t/b"]],
      };
      expect((await detect(lifecycle, after)).exitCode).toBe(20);
      const alone = { buildpacks: [planning("t/a", "x", "")], groups: [["t/a"]] };
      expect((await detect(lifecycle, alone)).exitCode).toBe(20);
      const itself = { buildpacks: [planning("t/a", "x", "x")], groups: [["t/a"]] };
      expect((await detect(lifecycle, itself)).exitCode).toBe(0);
    },
  },
  {
    meets: ["plan/not-provided"],
    run: async (lifecycle) => {
      const nobody = {
        buildpacks: [...passing("t/a"), planning("t/b", "", "x")],
        groups: [["t/a", "t/b"], ["t/a"]],
      };
      expect((await detect(lifecycle, nobody)).ids).toEqual(["t/a"]);
      const before = {
        buildpacks: [planning("t/a", "x", ""), planning("t/b", "", "x")],
        groups: [["t/a", "t/b"]],
      };
      expect((await detect(lifecycle, before)).ids).toEqual(["t/a", "t/b"]);
    },
  },
  {
    meets: ["plan/optional-provides", "plan/optional-requires"],
    run: async (lifecycle) => {
      const { ids, entries } = await detect(lifecycle, {
        buildpacks: [
          planning("t/unused", "x", ""),
          planning("t/wants", "", "y"),
          ...passing("t/a"),
          // Its y is required by nobody once the one before it is gone.
          planning("t/late", "y", ""),
        ],
        groups: [["t/unused?", "t/wants?", "t/a", "t/late?"]],
      });
      expect({ ids, entries }).toEqual({ ids: ["t/a"], entries: [] });
    },
  },
];

const environments: readonly LifecycleCase[] = [
  {
    meets: ["detector/exec-env"],
    run: async (lifecycle) => {
      const only = (id: string, env: string) => ({ id, toml: `[[buildpack.exec-env]]\nname = "${env}"` });
      const detection = {
        buildpacks: [only("t/tests", "test"), only("t/live", "production"), ...passing("t/a")],
        groups: [["t/tests", "t/live", "t/a"]],
      };
      expect((await detect(lifecycle, { ...detection, env: { CNB_EXEC_ENV: "test" } })).ids).toEqual([
        "t/tests",
        "t/a",
      ]);
      expect((await detect(lifecycle, detection)).ids).toEqual(["t/live", "t/a"]);
    },
  },
  {
    meets: ["detector/exec-env-group"],
    run: async (lifecycle) => {
      const { ids } = await detect(lifecycle, {
        buildpacks: [
          { id: "t/live", toml: '[[buildpack.exec-env]]\nname = "production"' },
          ...passing("t/a"),
        ],
        ...{ groups: [["t/live"], ["t/a"]], env: { CNB_EXEC_ENV: "test" } },
      });
      expect(ids).toEqual(["t/a"]);
    },
  },
  {
    meets: ["descriptor/exec-env"],
    run: async (lifecycle) => {
      const order = `[[order]]\n[[order.group]]\nid = "t/a"\nversion = "1.0.0"\n[[order.group]]\nid = "t/b"\nversion = "1.0.0"\nexec-env = ["test"]\n`;
      const found = async (env: Readonly<Record<string, string>>) => {
        const bench = await lifecycle.bench();
        await bench.addBuildpacks({ id: "t/o", toml: order }, ...passing("t/a", "t/b"));
        await bench.setOrder(["t/o"]);
        await bench.analyzed();
        await bench.phases(["detector"], { env });
        return tables((await bench.toml("layers/group.toml"))?.group).map(({ id }) => id);
      };
      expect(await found({})).toEqual(["t/a"]);
      expect(await found({ CNB_EXEC_ENV: "test" })).toEqual(["t/a", "t/b"]);
    },
  },
  {
    meets: ["detection/target", "targets/match"],
    run: async (lifecycle) => {
      const distro = (name: string, version: string) =>
        `[[targets.distros]]\nname = "${name}"\nversion = "${version}"\n`;
      const buildpacks = [
        forTarget("t/system", 'os = "windows"'),
        forTarget("t/machine", 'os = "linux"\narch = "s390x"'),
        forTarget("t/distro", `os = "linux"\n${distro("debian", "11")}${distro("ubuntu", "12")}`),
        forTarget(
          "t/fits",
          `os = "linux"\narch = "amd64"\n${distro("ubuntu", "24.04")}${distro("debian", "12")}`,
        ),
      ];
      const groups = [["t/system"], ["t/machine"], ["t/distro"], ["t/fits"]];
      const { ids } = await detect(lifecycle, { buildpacks, groups, analyzed: targetOf(LINUX) });
      expect(ids).toEqual(["t/fits"]);
      const variant = [
        forTarget("t/v6", 'arch = "arm"\nvariant = "v6"'),
        forTarget("t/v7", 'arch = "arm"\nvariant = "v7"'),
      ];
      const arm = targetOf({ os: "linux", arch: "arm", variant: "v7" });
      const detection = { buildpacks: variant, groups: [["t/v6"], ["t/v7"]], analyzed: arm };
      expect((await detect(lifecycle, detection)).ids).toEqual(["t/v7"]);
    },
  },
  {
    meets: ["targets/any", "targets/inferred"],
    run: async (lifecycle) => {
      const buildpacks = [forTarget("t/any", 'arch = "riscv64"'), ...passing("t/none")];
      const riscv = targetOf({ os: "linux", arch: "riscv64", distro: { name: "other", version: "1" } });
      const found = await detect(lifecycle, { buildpacks, groups: [["t/any", "t/none"]], analyzed: riscv });
      expect(found.ids).toEqual(["t/any", "t/none"]);
      const elsewhere = targetOf({ os: "windows", arch: "amd64" });
      const none = { buildpacks: passing("t/none"), groups: [["t/none"]], analyzed: elsewhere };
      expect((await detect(lifecycle, none)).exitCode).not.toBe(0);
    },
  },
  {
    meets: ["interface/detect", "detector/target", "detection/environment", "targets/variables"],
    run: async (lifecycle) => {
      const detect1 = note("detect", 'echo "0=$0"; echo "PWD=$(pwd -P)"; env');
      const { bench } = await detect(lifecycle, {
        buildpacks: [{ id: "t/a", detect: detect1 }],
        groups: [["t/a"]],
        files: { "platform/env/GREETING": "hi" },
        env: { CNB_EXEC_ENV: "development" },
        analyzed: targetOf({ ...LINUX, variant: "v2" }),
      });
      const said = (await bench.note("detect")).split("\n");
      const folder = join(bench.root, "buildpacks/t_a/1.0.0");
      expect(said).toEqual(
        expect.arrayContaining([
          ...[`0=${folder}/bin/detect`, `PWD=${bench.app}`, `CNB_BUILDPACK_DIR=${folder}`, "GREETING=hi"],
          ...[`CNB_PLATFORM_DIR=${join(bench.root, "platform")}`, "CNB_EXEC_ENV=development"],
          ...["CNB_TARGET_OS=linux", "CNB_TARGET_ARCH=amd64", "CNB_TARGET_ARCH_VARIANT=v2"],
          ...["CNB_TARGET_DISTRO_NAME=debian", "CNB_TARGET_DISTRO_VERSION=12"],
          expect.stringMatching(/^CNB_BUILD_PLAN_PATH=\//),
        ]),
      );
    },
  },
];

export const detectCases: readonly LifecycleCase[] = [
  ...[...ofTheOperator, ...groups, ...orders, ...plans, ...environments],
];
