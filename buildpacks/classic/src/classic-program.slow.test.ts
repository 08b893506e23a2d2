import { chmod, mkdir, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "smol-toml";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Files, makeFolder, runProgram, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { bundleBuildpacks } from "../../shared/bundle-buildpacks.ts";

/** Classic buildpacks of shell, run by the adapter as a lifecycle runs it. */

let root: Awaited<ReturnType<typeof makeFolder>>;
let adapter: string;
let at: string;
let count = 0;

beforeAll(async () => {
  root = await makeFolder();
  const { buildpacks } = await bundleBuildpacks(path.join(root.at, "packs"));
  adapter = buildpacks.find(({ id }) => id === "conifer/classic")?.dir ?? "";
});
afterAll(() => root.remove());
beforeEach(async () => {
  at = path.join(root.at, `case-${count++}`);
  await writeFiles(at, {
    "app/index.txt": "app\n",
    "platform/env/SOURCE_VERSION": "abc123",
    "platform/env/SECRET": "s3cret",
  });
  await mkdir(path.join(at, "layers"));
});

/** Lays the adapter around a buildpack of these programs, read only as in a build. */
async function lay(files: Files): Promise<void> {
  const pack = path.join(at, "pack");
  await runProgram("cp", ["-r", adapter, pack], { cwd: at, env: process.env });
  await writeFiles(path.join(pack, "target"), files);
  for (const name of Object.keys(files)) await chmod(path.join(pack, "target", name), 0o755);
}

const run = (program: "detect" | "build", env: Readonly<Record<string, string>> = {}) =>
  runProgram(
    path.join(at, "pack", "bin", program),
    [path.join(at, "layers"), path.join(at, "platform"), "plan"],
    {
      cwd: path.join(at, "app"),
      env: {
        PATH: process.env.PATH,
        CNB_BUILDPACK_DIR: path.join(at, "pack"),
        CNB_LAYERS_DIR: path.join(at, "layers"),
        CNB_PLATFORM_DIR: path.join(at, "platform"),
        ...env,
      },
    },
  );
const layer = (name: string) => readFile(path.join(at, "layers", name), "utf8");

const DETECT = '#!/bin/sh\n[ -f "$1/index.txt" ] && echo Text && exit 0\necho "no index.txt"\nexit 1\n';

test("detection is the buildpack's own", async () => {
  await lay({ "bin/detect": DETECT, "bin/compile": "#!/bin/sh\n" });
  expect(await run("detect")).toMatchObject({ code: 0, output: "" });
  await runProgram("rm", ["index.txt"], { cwd: path.join(at, "app"), env: process.env });
  expect(await run("detect")).toMatchObject({ code: 100, output: "no index.txt\n" });
});

test("compile gets the app, a cache that stays, and variables as files, and says what it wants", async () => {
  await lay({
    "bin/detect": DETECT,
    "bin/compile": `#!/bin/sh
echo "-----> Text app in $(basename "$1"), $STACK, $SOURCE_VERSION, \${SECRET-no secret}, $(cat "$3/SECRET")"
echo "       before: $(cat "$2/kept" 2>/dev/null)" >&2
echo yes >"$2/kept"
echo made >"$1/made.txt"
`,
  });
  const first = await run("build");
  expect(first.output).toMatch(
    /^-----> Text app in app, heroku-2\d, abc123, no secret, s3cret\n {7}before: \n/,
  );
  expect((await run("build")).output).toContain("before: yes");
  expect(await readFile(path.join(at, "app/made.txt"), "utf8")).toBe("made\n");
  expect(parse(await layer("cache.toml"))).toMatchObject({ types: { cache: true } });
});

test("the stack is what the app says", async () => {
  await writeFiles(at, { "platform/env/CLASSIC_STACK": "heroku-20\n" });
  await lay({ "bin/detect": DETECT, "bin/compile": '#!/bin/sh\necho "on $STACK"\n' });
  expect((await run("build")).output).toContain("on heroku-20\n");
});

test("what its export file sets reaches the buildpacks that follow", async () => {
  await lay({
    "bin/detect": DETECT,
    "bin/compile": `#!/bin/bash
bp=$(cd "$(dirname "$0")/.." && pwd)
echo 'export PATH="/workspace/.tool/bin:$PATH" TOOL_HOME="a b"; echo noise' >"$bp/export"
`,
  });
  expect(await run("build")).toMatchObject({ code: 0 });
  expect(await layer("export/env.build/TOOL_HOME.override")).toBe("a b");
  expect(await layer("export/env.build/PATH.override")).toBe(`/workspace/.tool/bin:${process.env.PATH}`);
  expect((await readdir(path.join(at, "layers/export/env.build"))).sort()).toEqual([
    "PATH.override",
    "TOOL_HOME.override",
  ]);
  expect(parse(await layer("export.toml"))).toMatchObject({ types: { build: true } });
});

test("its default process types and variables are the image's, its add-ons are told", async () => {
  await lay({
    "bin/detect": DETECT,
    "bin/compile": "#!/bin/sh\n",
    "bin/release": `#!/bin/sh
printf 'addons: [heroku-redis]\\nconfig_vars:\\n  LANG: C\\ndefault_process_types:\\n  web: serve "$PORT"\\n'
`,
  });
  const { output } = await run("build");
  expect(output).toContain("The buildpack wishes for add-ons, which are not made: heroku-redis");
  expect(output).toContain("Default types for the buildpack -> web");
  const [web] = (parse(await layer("launch.toml")) as { processes: { command: string[]; args: string[] }[] })
    .processes;
  expect(web).toMatchObject({ type: "web", args: ['serve "$PORT"'], default: true });
  expect(await layer("config/env.launch/LANG.default")).toBe("C");
});

test("scripts of .profile.d change what processes find, once however many buildpacks there are", async () => {
  await lay({
    "bin/detect": DETECT,
    "bin/compile": `#!/bin/bash
mkdir -p "$1/.profile.d"
cat >"$1/.profile.d/tool.sh" <<'EOF'
export PATH="$HOME/.tool/bin:$PATH" QUOTED='a "b" \\c' LINES=$'one\\ntwo'
EOF
`,
  });
  expect(await run("build")).toMatchObject({ code: 0 });
  const program = path.join(at, "layers/profile/exec.d/profile-d");
  const launch = (env: Readonly<Record<string, string>>) =>
    runProgram("sh", ["-c", '"$1" 3>&1 >/dev/null', "sh", program], {
      cwd: path.join(at, "app"),
      env: { PATH: process.env.PATH, HOME: "/home/dyno", ...env },
    });
  const { output, code } = await launch({});
  expect(code).toBe(0);
  expect(parse(output)).toEqual({
    PATH: `${path.join(at, "app")}/.tool/bin:${process.env.PATH}`,
    QUOTED: 'a "b" \\c',
    LINES: "one\ntwo",
    CONIFER_PROFILE_D: "read",
  });
  expect(output.trim().split("\n")).toHaveLength(4);
  expect((await launch({ CONIFER_PROFILE_D: "read" })).output).toBe("");
});

test.each([
  ["fails", "#!/bin/sh\necho '!     no tool'\nexit 3\n", /no tool\n[\s\S]*bin\/compile ended with status 3/],
  ["is ended by a signal", "#!/bin/sh\nkill -9 $$\n", /ended with status SIGKILL/],
])("a compile that %s fails the build", async (_, compile, output) => {
  await lay({ "bin/detect": DETECT, "bin/compile": compile });
  expect(await run("build")).toMatchObject({ code: 1, output: expect.stringMatching(output) });
});

test("a compile that may not be executed is told how to be", async () => {
  await lay({ "bin/detect": DETECT, "bin/compile": "#!/bin/sh\n" });
  await chmod(path.join(at, "pack/target/bin/compile"), 0o644);
  expect((await run("build")).output).toContain("git update-index --chmod=+x bin/compile");
});
