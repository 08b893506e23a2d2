import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { parse } from "smol-toml";
import { pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { OwnBuildpack } from "./own-buildpack.ts";
import { placeBuildpacks } from "./place-buildpacks.ts";

let home: string;
let server: Server;
let origin: string;
let archive: Buffer;
let told: string[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "conifer-place-buildpacks-"));
  for (const name of ["buildpacks", "workspace"]) await mkdir(join(home, name));
  server = createServer((_request, response) => response.end(archive));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  told = [];
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(home, { recursive: true, force: true });
});

const AVAILABLE = [
  { id: "conifer/nodejs", version: "0.1.0" },
  { id: "conifer/classic", version: "0.1.0" },
];
const at = (...parts: string[]) => join(home, "buildpacks", ...parts);

async function place(wanted: readonly OwnBuildpack[], available = AVAILABLE) {
  const placed = await placeBuildpacks(wanted, {
    ...{ at: at(), workspace: join(home, "workspace"), available },
    fetching: {
      signal: new AbortController().signal,
      tell: (line) => void told.push(line),
      download: { isAllowed: () => true },
    },
  });
  return wanted.map((own) => placed.get(own));
}

const folder = (path: string): OwnBuildpack => ({ kind: "folder", path, name: path.split("/").at(-1) ?? "" });
const address = (name = "pack"): OwnBuildpack => ({
  kind: "address",
  address: `${origin}/${name}.tgz`,
  name,
});

type Files = Readonly<Record<string, string>>;
const MODERN: Files = {
  "buildpack.toml": 'api = "0.10"\n[buildpack]\nid = "acme/tool"\nversion = "2.0.0"\n',
  "bin/build": "#!/bin/sh\n",
};
const CLASSIC: Files = {
  "bin/detect": "#!/bin/sh\n",
  "bin/compile": "#!/bin/sh\n",
  // As repositories of classic buildpacks have it for their registry.
  "buildpack.toml": '[buildpack]\nname = "Tool"\n',
};

async function bring(path: string, files: Files): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const file = join(home, "workspace", path, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

async function packed(files: Files): Promise<void> {
  const tar = pack();
  for (const [name, text] of Object.entries(files)) tar.entry({ name: `top/${name}`, mode: 0o755 }, text);
  tar.finalize();
  archive = await buffer(Readable.from(tar as unknown as AsyncIterable<Buffer>));
}

describe("the buildpacks of one build", () => {
  it("are the platform's own, where builds find those", async () => {
    await place([]);
    expect(await readlink(at("conifer_nodejs", "0.1.0"))).toBe("/cnb/buildpacks/conifer_nodejs/0.1.0");
    expect(await readlink(at("conifer_classic", "0.1.0"))).toBe("/cnb/buildpacks/conifer_classic/0.1.0");
  });

  it("may be a folder of the source", async () => {
    await bring("packs/tool", MODERN);
    expect(await place([folder("packs/tool")])).toEqual([{ id: "acme/tool", version: "2.0.0" }]);
    expect(await readlink(at("acme_tool", "2.0.0"))).toBe("/workspace/packs/tool");
  });

  it("may be an archive, which is told", async () => {
    await packed(MODERN);
    expect(await place([address()])).toEqual([{ id: "acme/tool", version: "2.0.0" }]);
    expect((await lstat(at("acme_tool/2.0.0/bin/build"))).mode & 0o111).toBe(0o111);
    expect(told).toEqual([`-----> Fetching buildpack ${origin}/pack.tgz`]);
    expect((await readdir(at())).sort()).toEqual(["acme_tool", "conifer_classic", "conifer_nodejs"]);
  });

  it("may be classic: then the adapter stands around it", async () => {
    await bring("packs/old", CLASSIC);
    expect(await place([folder("packs/old")])).toEqual([{ id: "classic/old", version: "source" }]);
    const descriptor = parse(await readFile(at("classic_old/source/buildpack.toml"), "utf8"));
    expect(descriptor).toEqual({
      api: "0.10",
      buildpack: { id: "classic/old", version: "source", name: "old", "clear-env": true },
    });
    expect(await readlink(at("classic_old/source/bin"))).toBe("/cnb/buildpacks/conifer_classic/0.1.0/bin");
    expect(await readlink(at("classic_old/source/target"))).toBe("/workspace/packs/old");
  });

  it("may be classic archives, whose version is what they hold", async () => {
    await packed(CLASSIC);
    const [first] = await place([address("one")]);
    expect(first).toEqual({ id: "classic/one", version: expect.stringMatching(/^[0-9a-f]{12}$/) });
    expect((await readdir(at("classic_one", first?.version ?? "", "target"))).sort()).toEqual([
      "bin",
      "buildpack.toml",
    ]);
  });

  it("may be a script of project.toml", async () => {
    const own: OwnBuildpack = {
      kind: "script",
      id: "me/inline",
      api: "0.10",
      script: "#!/bin/sh\necho hi\n",
    };
    expect(await place([own])).toEqual([{ id: "me/inline", version: "source" }]);
    expect(await readFile(at("me_inline/source/bin/build"), "utf8")).toBe("#!/bin/sh\necho hi\n");
    expect((await lstat(at("me_inline/source/bin/detect"))).mode & 0o111).toBe(0o111);
  });
});

describe("what is no buildpack is refused", () => {
  const evil = (text: string): Files => ({ ...MODERN, "buildpack.toml": text });
  it.each<[string, Files, RegExp]>([
    ["nothing of one", { "README.md": "x" }, /neither a buildpack.toml with an "api" nor a bin\/compile/],
    ["a descriptor that is no TOML", evil("api = "), /not TOML/],
    [
      "an id that leads elsewhere",
      evil('api = "0.10"\n[buildpack]\nid = "../x"\nversion = "1"\n'),
      /calls itself/,
    ],
    [
      "a version that leads elsewhere",
      evil('api = "0.10"\n[buildpack]\nid = "x"\nversion = "../1"\n'),
      /version/,
    ],
    [
      "the name of one of the platform's",
      evil('api = "0.10"\n[buildpack]\nid = "conifer/nodejs"\nversion = "0.1.0"\n'),
      /already/,
    ],
  ])("%s", async (_, files, message) => {
    await bring("mine", files);
    await expect(place([folder("mine")])).rejects.toThrow(expect.objectContaining({ id: "invalid_params" }));
    await rm(at(), { recursive: true });
    await mkdir(at());
    await expect(place([folder("mine")])).rejects.toThrow(message);
  });

  it("a folder that is not there, or only by a link", async () => {
    await expect(place([folder("nowhere")])).rejects.toThrow(/no buildpack/);
    await symlink("/etc", join(home, "workspace", "linked"));
    await rm(at(), { recursive: true });
    await mkdir(at());
    await expect(place([folder("linked")])).rejects.toThrow(/no buildpack/);
  });

  it("a descriptor behind a link is not read", async () => {
    await bring("elsewhere", MODERN);
    await mkdir(join(home, "workspace", "mine"));
    await symlink("../elsewhere/buildpack.toml", join(home, "workspace", "mine", "buildpack.toml"));
    await expect(place([folder("mine")])).rejects.toThrow(/no buildpack/);
  });

  it("an archive that cannot be had is named", async () => {
    archive = Buffer.from("no tar ".repeat(200));
    await expect(place([address()])).rejects.toThrow(`The buildpack ${origin}/pack.tgz cannot be used.`);
  });

  it("a classic one, where the builder has no adapter", async () => {
    await bring("old", CLASSIC);
    await expect(place([folder("old")], [])).rejects.toThrow(/does not run classic/);
  });

  it("more than anybody needs", async () => {
    await expect(place(Array.from({ length: 21 }, () => folder("x")))).rejects.toThrow(/the most is 20/);
  });
});
