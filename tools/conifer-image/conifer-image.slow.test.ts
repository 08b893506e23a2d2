import { execFileSync, spawnSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blobPath } from "../../buildpacks/lifecycle/image-layout.ts";
import {
  type OciConfig,
  type OciManifest,
  parseConfig,
  parseIndex,
  parseManifest,
} from "../../platform/src/delivery/image/index.ts";
import { findTool } from "../../platform/src/drivers/embedded/images/image-tools-fixtures.ts";
import { removeTree } from "../../platform/src/drivers/embedded/sandbox/index.ts";
import { findProgram } from "../cluster/machine-needs.ts";
import { ARCHITECTURES, type Architecture, CPU, hostArchitecture } from "../images/debian-release.ts";
import { whyNotHere } from "../images/images-fixtures.ts";
import { runInRoot } from "../images/unpack-packages.ts";
import { openLayout } from "./image-source.ts";
import { type MadeConiferImage, makeConiferImage } from "./make-conifer-image.ts";
import { readPublicKey } from "./signing-key.ts";
import { SPDX_TYPE } from "./spdx-document.ts";
import { verifyImage } from "./verify-image.ts";

const why = whyNotHere();
const noSkopeo = findTool("skopeo", ["skopeo"]);
/** Fetching the packages depends on the archive's day. */
const TIME_LIMIT = 400_000;
/** What an ELF file says of its machine (elf(5), e_machine). */
const MACHINE: Readonly<Record<Architecture, number>> = { amd64: 62, arm64: 183 };

function startOf(file: string): Buffer {
  const handle = openSync(file, "r");
  const start = Buffer.alloc(20);
  readSync(handle, start);
  closeSync(handle);
  return start;
}

describe.skipIf(why)(`Conifer's own image${why ? ` (${why})` : ""}`, () => {
  let folder: string;
  let made: MadeConiferImage;
  const said: string[] = [];
  const roots = {} as Record<Architecture, string>;
  const cache = () => join(folder, "cache");
  const make = (architectures: readonly Architecture[] = ARCHITECTURES) =>
    makeConiferImage({
      ...{ cache: cache(), repository: join(import.meta.dirname, "../.."), architectures },
      purpose: "cluster",
      tell: (line) => said.push(line),
    });
  const document = (digest: string) => readFileSync(blobPath(made.folder, digest));
  function platform(architecture: Architecture): { manifest: OciManifest; config: OciConfig } {
    const { digest = "" } = made.images.find((one) => one.architecture === architecture) ?? {};
    const manifest = parseManifest(document(digest));
    return { manifest, config: parseConfig(document(manifest.config.digest)) };
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "conifer-image-"));
    made = await make();
    for (const architecture of ARCHITECTURES) {
      const root = join(folder, architecture);
      mkdirSync(root);
      roots[architecture] = root;
      for (const { digest } of platform(architecture).manifest.layers)
        execFileSync("tar", ["-xpf", blobPath(made.folder, digest), "-C", root, "--no-same-owner"]);
      // A container has it.
      writeFileSync(join(root, "dev/null"), "");
    }
  }, TIME_LIMIT);
  afterAll(() => removeTree(folder));

  const host = hostArchitecture();
  const PATH = `/conifer/node_modules/node-linux-${CPU[host]}/bin:/usr/bin:/bin`;
  const inShell = (line: string) =>
    runInRoot(roots[host], ["/bin/sh", "-c", `export PATH=${PATH}; exec 2>&1; ${line}`]);

  it("is one index of both platforms", () => {
    const index = parseIndex(document(made.digest)).manifests;
    expect(index.map(({ platform: of }) => of)).toEqual(
      ARCHITECTURES.map((architecture) => ({ architecture, os: "linux" })),
    );
    expect(index.map(({ digest }) => digest)).toEqual(made.images.map(({ digest }) => digest));
    for (const architecture of ARCHITECTURES)
      expect(platform(architecture).config.architecture).toBe(architecture);
  });

  it(
    "has the same digest when it is made again from nothing, under another umask",
    async () => {
      // For one architecture: the other is made by the same steps, and takes as long again.
      for (const name of readdirSync(cache()))
        if (!name.startsWith("signing-key") && join(cache(), name) !== made.folder)
          rmSync(join(cache(), name), { recursive: true });
      const umask = process.umask(0o077);
      try {
        const { images } = await make([host]);
        expect(images).toEqual(made.images.filter(({ architecture }) => architecture === host));
      } finally {
        process.umask(umask);
      }
    },
    TIME_LIMIT,
  );

  it(
    "is made at once when only our code has changed, and shares all other layers",
    async () => {
      said.length = 0;
      const one = await make([host]);
      expect(said.filter((line) => /Fetching|Installing|Packing/.test(line))).toEqual([]);
      const [image] = parseIndex(readFileSync(blobPath(one.folder, one.digest))).manifests;
      expect(image?.digest).toBe(made.images.find(({ architecture }) => architecture === host)?.digest);
      const { size = 0 } = platform(host).manifest.layers.at(-1) ?? {};
      expect(size).toBeLessThan(6_000_000);
      const others = platform(host === "amd64" ? "arm64" : "amd64").manifest.layers;
      expect(others.at(-1)).toEqual(platform(host).manifest.layers.at(-1));
    },
    TIME_LIMIT,
  );

  it("leaves nothing in the cache but what it is made of", () => {
    const kinds = readdirSync(cache()).map((name) => name.replace(/-.*/, ""));
    expect(new Set(kinds)).toEqual(new Set(["0.1.0", "base", "modules", "packages", "signing"]));
  });

  it.each(ARCHITECTURES)("holds programs for %s, and for nothing else", (architecture) => {
    const root = roots[architecture];
    const found = spawnSync("find", [root, "-type", "f", "-size", "+0"], {
      encoding: "utf8",
      maxBuffer: 1e8,
    });
    const machines = new Map<number, string>();
    for (const file of found.stdout.trim().split("\n")) {
      const start = startOf(file);
      if (start.toString("latin1", 0, 4) === "\x7fELF") machines.set(start.readUInt16LE(18), file);
    }
    expect([...machines]).toEqual([[MACHINE[architecture], expect.any(String)]]);
  });

  it("runs Node.js, git and openssl, with certificates and time zones", async () => {
    expect(await inShell("node --version; git --version; openssl version")).toMatch(
      new RegExp(`^${process.version}\\ngit version .*\\nOpenSSL `),
    );
    const zone = "console.log(new Date(0).toLocaleString('de', { timeZone: 'Europe/Berlin' }))";
    expect(await inShell(`node -e "${zone}"`)).toBe("1.1.1970, 01:00:00\n");
    expect(Number(await inShell("grep -c BEGIN /usr/lib/ssl/cert.pem"))).toBeGreaterThan(100);
    expect(
      await inShell("test -x /usr/lib/git-core/git-http-backend && id -un 1000 && cd ~conifer && pwd"),
    ).toBe("conifer\n/var/lib/conifer\n");
  });

  it("runs roles by name, and no others", async () => {
    const status = (line: string) => inShell(`${line}; echo "status $?"`);
    expect(await status("/conifer/bin/role")).toMatch(/^A role is one of: agent, api, .*\nstatus 64\n$/);
    expect(await status("/conifer/bin/role ../../x")).toMatch(/^A role is one of.*\nstatus 64\n$/);
    expect(await status("CONIFER_HOME=/tmp/none /conifer/bin/role registry")).toMatch(
      /master\.json.*status 1\n$/s,
    );
  });

  it.skipIf(!findProgram("readelf")).each(ARCHITECTURES)(
    "lacks no library of its programs for %s",
    (architecture) => {
      const root = roots[architecture];
      const list = spawnSync(
        "find",
        [join(root, "usr"), "-type", "f", "(", "-perm", "/111", "-o", "-name", "*.so*", ")"],
        {
          encoding: "utf8",
        },
      );
      const files = [
        ...list.stdout.trim().split("\n"),
        join(root, "conifer/node_modules", `node-linux-${CPU[architecture]}`, "bin/node"),
      ];
      const needed = new Set<string>();
      for (const file of files) {
        const { stdout } = spawnSync("readelf", ["--dynamic", file], { encoding: "utf8" });
        for (const [, name = ""] of stdout.matchAll(/\(NEEDED\).*\[(.*)\]/g)) needed.add(name);
      }
      expect(needed.size).toBeGreaterThan(20);
      const there = spawnSync("find", [join(root, "usr/lib"), "-name", "*.so*"], { encoding: "utf8" }).stdout;
      const names = new Set(there.split("\n").map((path) => path.split("/").at(-1)));
      expect([...needed].filter((name) => !names.has(name))).toEqual([]);
    },
  );

  it("holds nothing that could change who runs it, nothing that others can write, and no path of this machine", () => {
    const root = roots[host];
    const find = (...test: string[]) =>
      spawnSync("find", [root, ...test], { encoding: "utf8" }).stdout.trim();
    expect(find("-perm", "/6000")).toBe("");
    expect(find("!", "-type", "l", "-perm", "-002", "!", "-perm", "-1000")).toBe("");
    expect(find("-type", "l", "-lname", `*${folder}*`)).toBe("");
    expect(find("-path", "*/conifer/*", "-name", "*.test.ts", "-not", "-path", "*/node_modules/*")).toBe("");
  });

  it("tells what is in it, to scanners and in a bill of materials for each platform", async () => {
    const { listed } = await openLayout(made.folder);
    const sboms = listed.filter(({ artifactType }) => artifactType === SPDX_TYPE);
    expect(sboms.map(({ digest }) => digest)).toEqual(made.images.map(({ sbom }) => sbom));
    for (const [n, architecture] of ARCHITECTURES.entries()) {
      const manifest = JSON.parse(document(sboms[n]?.digest ?? "").toString());
      expect(manifest.subject.digest).toBe(made.images[n]?.digest);
      const { packages } = JSON.parse(document(manifest.layers[0].digest).toString());
      const urls: string[] = packages.flatMap((one: { externalRefs?: { referenceLocator: string }[] }) =>
        (one.externalRefs ?? []).map(({ referenceLocator }) => referenceLocator),
      );
      const status = readFileSync(join(roots[architecture], "var/lib/dpkg/status"), "utf8");
      const installed = status.match(/^Status: install ok installed$/gm) ?? [];
      expect(urls.filter((url) => url.startsWith("pkg:deb/"))).toHaveLength(installed.length);
      for (const name of ["fastify", `node-linux-${CPU[architecture]}`])
        expect(urls.filter((url) => url.startsWith(`pkg:npm/${name}@`))).toHaveLength(1);
      expect(urls.some((url) => /typescript|vitest/.test(url))).toBe(false);
      const licenses = packages.filter(
        (one: { licenseDeclared: string }) => one.licenseDeclared !== "NOASSERTION",
      );
      expect(licenses.length / packages.length).toBeGreaterThan(0.7);
    }
  });

  it("is signed", async () => {
    const key = await readPublicKey(made.publicKey);
    const source = await openLayout(made.folder);
    expect(await verifyImage(source, made.version, key)).toEqual({
      digest: made.digest,
      platforms: ["linux/amd64", "linux/arm64"],
    });
    const text = execFileSync("stat", ["-c", "%a", join(cache(), "signing-key.pem")], { encoding: "utf8" });
    expect(text).toBe("600\n");
  });

  it.skipIf(noSkopeo)(`is read by skopeo${noSkopeo ? ` (${noSkopeo})` : ""}`, () => {
    const source = `oci:${made.folder}:${made.version}`;
    const text = execFileSync("skopeo", ["inspect", source], { encoding: "utf8" });
    expect(JSON.parse(text)).toMatchObject({ Architecture: host, Os: "linux" });
    execFileSync("skopeo", ["copy", "--quiet", "--all", source, `dir:${join(folder, "copied")}`]);
  });
});
