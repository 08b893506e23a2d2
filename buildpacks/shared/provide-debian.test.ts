import { chmod, readdir, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { requireBase } from "./apt-session.ts";
import { makeContext, makeFolder, restoreLayers, writeFiles } from "./buildpack-fixtures.ts";
import { whyNoPackages } from "./debian-fixtures.ts";
import { type DebianWish, provideDebian } from "./provide-debian.ts";

// apt and dpkg-deb are scripts here that note how they are called: what is asked, when, and what is kept.

const why = await whyNoPackages();

const APT_GET = `#!/bin/sh
echo "apt-get $1" >>"$CALLS"
case $* in
update*) [ -z "$AWAY" ] || { echo "E: Failed to fetch $AWAY" >&2; exit 100; } ;;
--simulate*none*) echo "E: Unable to locate package none" >&2; exit 100 ;;
--simulate*) echo "Inst tool ($VERSION Debian [amd64])" ;;
download*) : >tool.deb ;;
esac
`;
const APT_CACHE = `#!/bin/sh
[ "$1" = pkgnames ] && echo tool && exit 0
printf 'Package: tool\\nVersion: %s\\nArchitecture: amd64\\nSize: 1000000\\nSHA256: ' "$VERSION"
printf %s "$VERSION" | sha256sum | cut -d' ' -f1
`;
const DPKG_DEB = `#!/bin/sh
mkdir -p "$3/usr/bin" "$3/usr/share/man/man1" "$3/usr/share/doc/tool"
echo "$VERSION" >"$3/usr/bin/tool" && chmod 4755 "$3/usr/bin/tool"
: >"$3/usr/share/man/man1/tool.1" && : >"$3/usr/share/doc/tool/copyright" && : >"$3/usr/share/doc/tool/changelog.gz"
`;

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
  const programs = { "apt-get": APT_GET, "apt-cache": APT_CACHE, "dpkg-deb": DPKG_DEB };
  await writeFiles(path.join(folder.at, "bin"), programs);
  for (const name of Object.keys(programs)) await chmod(path.join(folder.at, "bin", name), 0o755);
});
afterEach(() => folder.remove());

const wish: DebianWish = {
  layer: "tools",
  asked: { names: "tool" },
  choose: async (apt) => ({ packages: await apt.closure(["tool"]), notes: { what: "a tool" } }),
};

async function provide(more: Readonly<Record<string, string>> = {}, change: Partial<DebianWish> = {}) {
  const calls = path.join(folder.at, "calls");
  await rm(calls, { force: true });
  const env = { PATH: `${path.join(folder.at, "bin")}:/usr/bin:/bin`, CALLS: calls, VERSION: "1.0", ...more };
  const { context, output } = await makeContext(folder.at, { env });
  await restoreLayers(context.layersDir);
  const made = await provideDebian(context, { ...wish, ...change });
  const called = (await readFile(calls, "utf8").catch(() => "")).split("\n").filter(Boolean);
  return { ...made, output: output(), called, context };
}

const tool = () => readFile(path.join(folder.at, "layers/tools/usr/bin/tool"), "utf8");
const age = () =>
  writeFiles(path.join(folder.at, "layers"), { "tools-check/checked": "2020-01-01T00:00:00Z" });

describe.skipIf(why)(`a layer of packages${why ? ` (${why})` : ""}`, () => {
  it("is fetched, unpacked and told", async () => {
    const made = await provide();
    expect(made.called).toEqual([
      "apt-get update",
      "apt-get --simulate",
      "apt-get --simulate",
      "apt-get download",
    ]);
    expect(made.output).toMatch(/Fetching 1 packages of \w+ \w+ \(1\.0 MB\)/);
    expect(made).toMatchObject({
      isNew: true,
      notes: { what: "a tool" },
      packages: [{ name: "tool", version: "1.0" }],
    });
    expect(await tool()).toBe("1.0\n");
    const at = path.join(folder.at, "layers");
    expect(await readFile(path.join(at, "tools/env/PATH.prepend"), "utf8")).toBe(
      path.join(at, "tools/usr/bin"),
    );
    expect(await readFile(path.join(at, "tools.sbom.cdx.json"), "utf8")).toContain("pkg:deb/");
  });

  it("holds no manual, and no program that changes its user", async () => {
    await provide();
    const at = path.join(folder.at, "layers/tools/usr");
    expect((await stat(path.join(at, "bin/tool"))).mode & 0o7777).toBe(0o755);
    expect(await readdir(path.join(at, "share"))).toEqual(["doc"]);
    expect(await readdir(path.join(at, "share/doc/tool"))).toEqual(["copyright"]);
  });

  it("stands without a question for a week", async () => {
    await provide();
    const again = await provide({ VERSION: "2.0" });
    expect(again).toMatchObject({ isNew: false, called: [], notes: { what: "a tool" } });
    expect(await tool()).toBe("1.0\n");
  });

  it("is made anew after that when there are newer packages, and only then", async () => {
    await provide();
    await age();
    const same = await provide();
    expect(same).toMatchObject({ isNew: false });
    expect(same.called).not.toContain("apt-get download");
    await age();
    expect(await provide({ VERSION: "2.0" })).toMatchObject({ isNew: true });
    expect(await tool()).toBe("2.0\n");
  });

  it("stands while the archive is away", async () => {
    await provide();
    await age();
    const away = await provide({ AWAY: "http://x" });
    expect(away).toMatchObject({ isNew: false });
    expect(away.output).toContain(
      "The archive cannot be asked for newer packages; using those of the last build",
    );
  });

  it.each([
    ["something else is asked for", {}, { asked: { names: "tool other" } }],
    ["the operator names another archive", { CONIFER_RUNTIME_SOURCES: "debian=http://mirror" }, {}],
  ])("is made anew when %s", async (_what, env, change) => {
    await provide();
    expect((await provide(env, change)).called).toContain("apt-get update");
  });

  it("is finished once", async () => {
    const finished: string[] = [];
    const finish = async ({ layer }: { readonly layer: { readonly name: string } }) => {
      finished.push(layer.name);
    };
    await provide({}, { finish });
    await provide({}, { finish });
    expect(finished).toEqual(["tools"]);
  });

  it.each([
    [
      "the archive is away",
      { AWAY: "http://x" },
      {},
      /package lists of .* cannot be had: Failed to fetch http:\/\/x/,
    ],
    [
      "there is no such package",
      {},
      { choose: async (apt) => ({ packages: await apt.closure(["none"]) }) },
      /The packages none are not to be had together: Unable to locate package none/,
    ],
    ["the base has no apt", { PATH: "/nowhere" }, {}, /The base has no apt-get, apt-cache, dpkg-deb/],
  ] satisfies [string, Record<string, string>, Partial<DebianWish>, RegExp][])(
    "fails with what to do when %s",
    async (_what, env, change, message) => {
      const failure = await provide(env, change).catch((thrown: unknown) => thrown);
      expect(failure).toMatchObject({ name: "BuildFailure", message: expect.stringMatching(message) });
      expect((failure as { advice: string[] }).advice).not.toEqual([]);
    },
  );
});

it("a base of another kind is refused", async () => {
  await writeFiles(folder.at, { release: "ID=fedora\nVERSION_ID=41\n" });
  const refused = requireBase({ env: {} }, path.join(folder.at, "release"));
  await expect(refused).rejects.toThrow("This base is not of Debian or Ubuntu");
});
