import { describe, expect, it, test } from "vitest";
import {
  contentName,
  type DebianPackage,
  makeDpkgStatus,
  parseInstalls,
  parseRecords,
} from "./apt-output.ts";

const hash = (digit: string) => digit.repeat(64);
const record = (name: string, version: string, sha256: string) =>
  [
    `Package: ${name}`,
    "Architecture: amd64",
    `Version: ${version}`,
    "Depends: libc6 (>= 2.36),",
    " libtinfo6",
    "Filename: pool/main/x.deb",
    "Size: 1234",
    "MD5sum: 00",
    `SHA256: ${sha256}`,
    "Description: a shell",
    " Of many lines.",
    "Description-md5: 11",
  ].join("\n");

describe("what would be installed", () => {
  test.each([
    ["Inst bash (5.2.15-2+b13 Debian:12.15/oldstable [amd64])", "bash", "5.2.15-2+b13"],
    ["Inst libc6 (2.36-9 Debian:12.15/oldstable, Debian-Security:12/x [amd64]) []", "libc6", "2.36-9"],
    ["Inst libattr1 [1:2.5.0] (1:2.5.1-4 Debian:12.15/oldstable [amd64])", "libattr1", "1:2.5.1-4"],
    ["Inst libc6:i386 (2.36-9 Debian:12.15/oldstable [i386])", "libc6", "2.36-9"],
  ])("%s", (line, name, version) => {
    expect(parseInstalls(`NOTE: nothing is done\n${line}\nConf ${name} (${version} x)\n`)).toEqual([
      { name, version },
    ]);
  });

  it("comes in the order of names", () => {
    const text = "Inst b (1 x [all])\nInst a-b (1 x [all])\nInst a (1 x [all])\n";
    expect(parseInstalls(text).map(({ name }) => name)).toEqual(["a", "a-b", "b"]);
  });

  it("is nothing when apt says nothing", () => expect(parseInstalls("")).toEqual([]));
});

describe("package records", () => {
  it("say what a file must be", () => {
    const [bash] = parseRecords(`${record("bash", "5.2-1", hash("a"))}\n\n`);
    expect(bash).toMatchObject({ name: "bash", version: "5.2-1", sha256: hash("a"), bytes: 1234 });
    expect(bash?.architecture).toBe("amd64");
  });

  it("of a package that two archives have count once", () => {
    const text = `${record("bb", "1", hash("b"))}\n\n${record("aa", "1", hash("a"))}\n\n${record("bb", "1", hash("b"))}\n`;
    expect(parseRecords(text).map(({ name }) => name)).toEqual(["aa", "bb"]);
  });

  test.each([
    ["no hash", record("bash", "1", "")],
    ["half a hash", record("bash", "1", "abc")],
    ["no version", record("bash", "", hash("a"))],
    ["a name that is a path", record("../bash", "1", hash("a"))],
    ["no name", "Version: 1"],
  ])("with %s are refused", (_, text) => {
    expect(() => parseRecords(text)).toThrow("The package index describes");
  });
});

const packages: DebianPackage[] = parseRecords(
  `${record("bash", "5.2-1", hash("a"))}\n\n${record("dash", "0.5", hash("d"))}`,
);

test("dpkg's status tells what is installed, and nothing of the archive", () => {
  const status = makeDpkgStatus(packages);
  expect(status).toMatch(
    /^Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2-1\n/,
  );
  expect(status).toContain(
    "Depends: libc6 (>= 2.36),\n libtinfo6\nDescription: a shell\n Of many lines.\n\nPackage: dash\n",
  );
  expect(status).not.toMatch(/SHA256|MD5|Filename|Size/);
});

describe("an image's name", () => {
  const name = contentName(packages, "recipe");
  it("is the same for the same", () => {
    expect(contentName([...packages], "recipe")).toBe(name);
    expect(name).toMatch(/^[0-9a-f]{20}$/);
  });
  test.each([
    ["recipe", contentName(packages, "another")],
    ["package", contentName(packages.slice(1), "recipe")],
    [
      "file",
      contentName(
        packages.map((one) => ({ ...one, sha256: hash("f") })),
        "recipe",
      ),
    ],
  ])("is another for another %s", (_, other) => expect(other).not.toBe(name));
});
