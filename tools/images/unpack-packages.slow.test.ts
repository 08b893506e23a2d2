import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { whyNotHere } from "./images-fixtures.ts";
import { type PackageFile, unpackPackages } from "./unpack-packages.ts";

const why = whyNotHere();

describe.skipIf(why)(`unpacking packages${why ? ` (${why})` : ""}`, () => {
  let folder: string;
  let root: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "unpack-"));
    root = join(folder, "root");
    mkdirSync(root);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Builds a package of these files; a text that begins with `->` is a link. Its script would show that it ran. */
  function makePackage(name: string, files: Readonly<Record<string, string>>): PackageFile {
    const tree = join(folder, name);
    mkdirSync(join(tree, "DEBIAN"), { recursive: true });
    const control = `Package: ${name}\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.com>\nDescription: x\n`;
    writeFileSync(join(tree, "DEBIAN/control"), control);
    writeFileSync(join(tree, "DEBIAN/postinst"), `#!/bin/sh\ntouch ${folder}/ran\n`, { mode: 0o755 });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      if (text.startsWith("->")) symlinkSync(text.slice(2), join(tree, path));
      else writeFileSync(join(tree, path), text, { mode: 0o640 });
    }
    const file = join(folder, `${name}.deb`);
    execFileSync("dpkg-deb", ["--build", "--root-owner-group", tree, file], { stdio: "pipe" });
    return { name, layer: "system", file };
  }
  const text = (path: string) => readFileSync(join(root, path), "utf8");

  it("puts files where a merged system has them, and runs no script", async () => {
    const one = makePackage("one", {
      "bin/tool": "a program",
      "usr/bin/also": "->tool",
      "usr/share/man/man1/tool.1": "left out",
      "usr/share/doc/one/copyright": "license",
    });
    const paths = await unpackPackages([one], root);
    expect(text("usr/bin/tool")).toBe("a program");
    expect(readlinkSync(join(root, "usr/bin/also"))).toBe("tool");
    expect(existsSync(join(root, "bin"))).toBe(false);
    expect(existsSync(join(root, "usr/share/man/man1/tool.1"))).toBe(false);
    expect(existsSync(join(folder, "ran"))).toBe(false);
    expect(paths.get("usr/bin/tool")).toEqual({ owner: "one", layer: "system", mode: 0o640 });
    expect(paths.get("usr/share/doc/one/copyright")?.mode).toBe(0o640);
  });

  it("takes large files whole", async () => {
    const large = "0123456789abcdef".repeat(200_000);
    await unpackPackages([makePackage("large", { "usr/lib/large": large })], root);
    expect(lstatSync(join(root, "usr/lib/large")).size).toBe(large.length);
    expect(text("usr/lib/large")).toBe(large);
  });

  it("gives a shared folder to the first, and takes a file that two have alike", async () => {
    const [one, two] = [
      makePackage("one", { "usr/x": "same" }),
      makePackage("two", { "usr/x": "same", "usr/y": "" }),
    ];
    const paths = await unpackPackages([one, two], root);
    expect([paths.get("usr")?.owner, paths.get("usr/x")?.owner, paths.get("usr/y")?.owner]).toEqual([
      "one",
      "one",
      "two",
    ]);
  });

  it("refuses a file that two have otherwise", async () => {
    const packages = [makePackage("one", { "bin/x": "this" }), makePackage("two", { "usr/bin/x": "that" })];
    await expect(unpackPackages(packages, root)).rejects.toThrow("one and two both bring /usr/bin/x");
  });

  it("refuses a package that is cut short, and one that is not there", async () => {
    const one = makePackage("one", { "usr/x": "x".repeat(100_000) });
    writeFileSync(one.file, readFileSync(one.file).subarray(0, 300));
    await expect(unpackPackages([one], root)).rejects.toThrow("one cannot be unpacked: dpkg-deb: error");
    await expect(unpackPackages([{ ...one, file: join(folder, "none.deb") }], root)).rejects.toThrow(
      "one cannot be unpacked",
    );
  });
});
