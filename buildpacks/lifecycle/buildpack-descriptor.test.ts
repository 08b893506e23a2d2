import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  folderName,
  readBuildpack,
  supportsExecEnv,
  supportsTarget,
  type Target,
} from "./buildpack-descriptor.ts";

const RUN = { os: "linux", arch: "amd64", variant: "", distroName: "debian", distroVersion: "12" };
const target = (more: Partial<Target>): Target => ({ os: "", arch: "", variant: "", distros: [], ...more });

describe("whether a buildpack builds for a run image", () => {
  const cases: readonly [string, readonly Target[], boolean][] = [
    ["no targets", [], true],
    ["any target", [target({})], true],
    ["its system and architecture", [target({ os: "linux", arch: "amd64" })], true],
    ["another architecture", [target({ os: "linux", arch: "arm64" })], false],
    ["one of several", [target({ arch: "arm64" }), target({ arch: "amd64" })], true],
    ["its distribution", [target({ distros: [{ name: "debian", version: "12" }] })], true],
    ["any release of its distribution", [target({ distros: [{ name: "debian", version: "" }] })], true],
    ["another release", [target({ distros: [{ name: "debian", version: "11" }] })], false],
    [
      "one of several distributions",
      [
        target({
          distros: [
            { name: "ubuntu", version: "" },
            { name: "debian", version: "12" },
          ],
        }),
      ],
      true,
    ],
    ["a variant the image does not name", [target({ variant: "v8" })], true],
  ];
  it.each(cases)("%s: %s", (_, targets, supported) => {
    expect(supportsTarget(targets, RUN)).toBe(supported);
  });

  it("takes any release when the image does not say which it is", () => {
    expect(
      supportsTarget([target({ distros: [{ name: "debian", version: "11" }] })], {
        os: "linux",
        arch: "amd64",
      }),
    ).toBe(true);
  });
});

it("limits to execution environments hold, and none means all", () => {
  const cases: readonly [readonly string[], string, boolean][] = [
    [[], "production", true],
    [["*"], "test", true],
    [["test", "development"], "test", true],
    [["test"], "production", false],
  ];
  for (const [limits, execEnv, supported] of cases) expect(supportsExecEnv(limits, execEnv)).toBe(supported);
});

describe("buildpack.toml", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "buildpack-"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));
  const write = async (text: string) => {
    await mkdir(join(root, "test_a/1.0.0"), { recursive: true });
    await writeFile(join(root, "test_a/1.0.0/buildpack.toml"), text);
  };

  it("is read with defaults for what it leaves out", async () => {
    await write('api = "0.10"\n[buildpack]\nid = "test/a"\nversion = "1.0.0"\n');
    expect(await readBuildpack(root, "test/a", "1.0.0")).toEqual({
      id: "test/a",
      name: "test/a",
      version: "1.0.0",
      ...{ homepage: "", description: "", api: "0.10", clearEnv: false },
      ...{ execEnv: [], targets: [], order: [], metadata: {} },
      folder: join(root, "test_a/1.0.0"),
    });
    expect(folderName("a/b/c")).toBe("a_b_c");
  });

  it("may be that of a composite", async () => {
    await write(
      'api = "0.10"\n[buildpack]\nid = "test/a"\nversion = "1.0.0"\n' +
        '[[order]]\n[[order.group]]\nid = "x"\nversion = "1"\noptional = true\nexec-env = ["test"]\n',
    );
    const { order } = await readBuildpack(root, "test/a", "1.0.0");
    expect(order).toEqual([[{ id: "x", version: "1", optional: true, execEnv: ["test"] }]]);
  });

  it("names environments and variants in the words of the specification and of others", async () => {
    const head = 'api = "0.12"\n[buildpack]\nid = "test/a"\nversion = "1.0.0"\n';
    await write(`${head}[[buildpack.exec-env]]\nname = "test"\n[[targets]]\nvariant = "v7"\n`);
    const specified = await readBuildpack(root, "test/a", "1.0.0");
    await write(`${head}exec-env = ["test"]\n[[targets]]\narch-variant = "v7"\n`);
    for (const { execEnv, targets } of [specified, await readBuildpack(root, "test/a", "1.0.0")])
      expect([execEnv, targets[0]?.variant]).toEqual([["test"], "v7"]);
  });

  it("is missed by name", async () => {
    await expect(readBuildpack(root, "test/none", "1.0.0")).rejects.toThrow(
      `test/none@1.0.0 is not in ${root}`,
    );
    await write("not toml at all [");
    await expect(readBuildpack(root, "test/a", "1.0.0")).rejects.toThrow("buildpack.toml is not valid TOML");
  });
});
