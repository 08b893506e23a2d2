import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blobPath, type LayoutImage, readLayout } from "../../buildpacks/lifecycle/image-layout.ts";
import { RUN_USER } from "../../platform/src/drivers/embedded/builds/index.ts";
import { findTool } from "../../platform/src/drivers/embedded/images/image-tools-fixtures.ts";
import { removeTree } from "../../platform/src/drivers/embedded/sandbox/index.ts";
import { finishForeignRoot } from "./finish-root.ts";
import { whyNotHere } from "./images-fixtures.ts";
import { type MadeImage, makeRunImage } from "./make-run-image.ts";
import { runInRoot } from "./unpack-packages.ts";

const why = whyNotHere();
const noSkopeo = findTool("skopeo", ["skopeo"]);
/** Fetching the packages depends on the archive's day. */
const TIME_LIMIT = 400_000;

describe.skipIf(why)(`the run image of this machine's release${why ? ` (${why})` : ""}`, () => {
  let folder: string;
  let root: string;
  let made: MadeImage;
  let image: LayoutImage;
  const said: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "run-image-"));
    root = join(folder, "root");
    mkdirSync(root);
    made = await makeRunImage(join(folder, "cache"), (line) => said.push(line));
    const found = await readLayout(made.folder);
    if (!found) throw new Error("there is no layout");
    image = found;
    for (const { digest } of image.manifest.layers)
      execFileSync("tar", ["-xpf", blobPath(made.folder, digest), "-C", root, "--no-same-owner"]);
  }, TIME_LIMIT);
  afterAll(() => removeTree(folder));

  const run = (...argv: string[]) => runInRoot(root, argv);
  const inShell = (line: string) => run("bash", "-c", line);

  it("says what it does, and leaves nothing but the image and the packages", () => {
    expect(said.join("\n")).toMatch(/Fetching \d+ packages \(\d+ MB.*Unpacking.*Packing/s);
    expect(readdirSync(join(folder, "cache")).sort()).toEqual(
      [made.folder.split("/").at(-1) ?? "", "packages"].sort(),
    );
    expect(readdirSync(join(folder, "cache/packages"))).toHaveLength(made.packages);
  });

  it("is there at once when nothing has changed", async () => {
    said.length = 0;
    expect(await makeRunImage(join(folder, "cache"), (line) => said.push(line))).toEqual(made);
    expect(said.filter((line) => /Fetching|Packing/.test(line))).toEqual([]);
  });

  it(
    "has the same digest when it is made again, under another umask and with a package that was spoiled",
    async () => {
      const packages = join(folder, "cache/packages");
      const [first = ""] = readdirSync(packages);
      const whole = readFileSync(join(packages, first));
      rmSync(made.folder, { recursive: true });
      truncateSync(join(packages, first), whole.length - 1);
      const umask = process.umask(0o077);
      try {
        expect(await makeRunImage(join(folder, "cache"), () => {})).toEqual(made);
      } finally {
        process.umask(umask);
      }
      expect(readFileSync(join(packages, first)).equals(whole)).toBe(true);
    },
    TIME_LIMIT,
  );

  it("has the config of a run image", () => {
    const { config, architecture } = image.config;
    expect(architecture).toBe(process.arch === "arm64" ? "arm64" : "amd64");
    expect(config.User).toBe("1000:1000");
    expect(config.Env).toEqual([expect.stringMatching(/^PATH=\/cnb\/lifecycle:/)]);
    expect(Object.keys(config.Labels ?? {})).toEqual([
      "io.buildpacks.base.distro.name",
      "io.buildpacks.base.distro.version",
    ]);
    expect(image.config.history).toHaveLength(image.manifest.layers.length);
  });

  it("runs a shell and the usual programs", async () => {
    const names = [
      "awk",
      "sed",
      "grep",
      "tar",
      "gzip",
      "xz",
      "find",
      "ps",
      "getopt",
      "setpriv",
      "which",
      "curl",
      "jq",
    ];
    expect(
      await inShell(`type -P ${names.join(" ")} >/dev/null && echo all; echo a b | awk '{ print $2 }'`),
    ).toBe("all\nb\n");
    expect(await inShell("git --version; openssl version; . /etc/os-release; echo $ID")).toMatch(
      /^git .*\nOpenSSL .*\n\w+\n$/,
    );
    expect(await inShell("id -un 1000; getent passwd dyno; getent services https")).toMatch(
      /^dyno\ndyno:x:1000:1000:dyno:\/home\/dyno:\/bin\/bash\nhttps +443/,
    );
  });

  it("runs Python, with certificates, time zones and compiled modules", async () => {
    const code = [
      "import bz2, ctypes, lzma, sqlite3, ssl, zoneinfo, json.decoder",
      "print(ssl.create_default_context().cert_store_stats()['x509_ca'] > 100)",
      "print(zoneinfo.ZoneInfo('Europe/Berlin'))",
      "import os; print(os.path.exists(json.decoder.__cached__))",
    ].join("\n");
    expect(await run("python3", "-c", code)).toBe("True\nEurope/Berlin\nTrue\n");
  });

  it("trusts the same certificates by bundle and by folder", async () => {
    const bundle = "/etc/ssl/certs/ca-certificates.crt";
    const one = await inShell(
      `awk '/BEGIN/ { n++ } n == 1' ${bundle} >/tmp/one.pem && openssl verify -no-CAfile -CApath /etc/ssl/certs /tmp/one.pem`,
    );
    expect(one).toBe("/tmp/one.pem: OK\n");
    for (const path of ["/etc/ssl/cert.pem", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem"])
      expect(await run("cmp", bundle, path)).toBe("");
  });

  it("runs Node.js, as an app's image brings it", async () => {
    copyFileSync(process.execPath, join(root, "tmp/node"));
    expect(await run("/tmp/node", "-p", "process.version")).toBe(`${process.version}\n`);
    rmSync(join(root, "tmp/node"));
  });

  it("lacks no library that its programs and libraries name", async () => {
    const line =
      "find /usr/bin /usr/sbin /usr/lib -type f \\( -perm /111 -o -name '*.so*' \\) -exec ldd {} + 2>/dev/null";
    const missing = (await inShell(`${line} | grep 'not found' | sort -u || true`))
      .split("\n")
      .filter(Boolean);
    expect(missing).toEqual([]);
  });

  it("holds nothing that could change who runs it, and nothing that others can write", () => {
    const find = (...test: string[]) =>
      spawnSync("find", [root, ...test], { encoding: "utf8" }).stdout.trim();
    expect(find("-perm", "/6000")).toBe("");
    expect(find("!", "-type", "l", "-perm", "-002", "!", "-perm", "-1000")).toBe("");
    expect(find("-type", "l", "-lname", `*${folder}*`)).toBe("");
  });

  it("has the programs that finish a root of another architecture, with the same result", async () => {
    const other = join(folder, "other");
    const parts = ["usr/share/base-passwd", "usr/share/ca-certificates", "usr/lib/python3/dist-packages"];
    for (const part of parts) cpSync(join(root, part), join(other, part), { recursive: true });
    writeFileSync(join(other, "usr/lib/python3/dist-packages/told.py"), "def place(): pass\n");
    await finishForeignRoot(other, [], { user: RUN_USER, tools: root });
    const links = (of: string) => readdirSync(join(of, "etc/ssl/certs")).filter((name) => /\.\d$/.test(name));
    expect(links(other).length).toBeGreaterThan(100);
    expect(links(other)).toEqual(links(root));
    const compiled = join(other, "usr/lib/python3/dist-packages/__pycache__");
    const [told = ""] = readdirSync(compiled).filter((name) => name.startsWith("told."));
    const text = readFileSync(join(compiled, told)).toString("latin1");
    expect(text).toContain("/usr/lib/python3/dist-packages/told.py");
    expect(text).not.toContain("/target");
  });

  it("tells scanners what is in it", async () => {
    const status = readFileSync(join(root, "var/lib/dpkg/status"), "utf8");
    expect(status.match(/^Status: install ok installed$/gm)).toHaveLength(made.packages);
    expect(await run("dpkg-query", "--show", "bash")).toMatch(/^bash\t[0-9.]+/);
  });

  it.skipIf(noSkopeo)(`is read by skopeo${noSkopeo ? ` (${noSkopeo})` : ""}`, () => {
    const text = execFileSync("skopeo", ["inspect", `oci:${made.folder}`], { encoding: "utf8" });
    expect(JSON.parse(text)).toMatchObject({ Digest: made.digest, Os: "linux" });
    execFileSync("skopeo", ["copy", "--quiet", `oci:${made.folder}`, `dir:${join(folder, "copied")}`]);
  });
});
