import { describe, expect, it } from "vitest";
import {
  aptSettings,
  archiveAddresses,
  type DebianBase,
  packagesOfBase,
  readBase,
  sourcesList,
  statusOfBase,
  upstreamVersion,
} from "./debian-archive.ts";

const BOOKWORM: DebianBase = { id: "debian", version: "12", codename: "bookworm", architecture: "amd64" };
const NOBLE: DebianBase = { id: "ubuntu", version: "24.04", codename: "noble", architecture: "arm64" };
const DEBIAN_RELEASE = 'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n';

describe("the release of a base", () => {
  it.each([
    [DEBIAN_RELEASE, "x64", BOOKWORM],
    ['ID=ubuntu\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n', "arm64", NOBLE],
    [DEBIAN_RELEASE, "riscv64", undefined],
    ["ID=fedora\nVERSION_ID=41\n", "x64", undefined],
    ["ID=debian\nVERSION_CODENAME=trixie\n", "x64", undefined],
    ['ID=debian\nVERSION_ID="12"\nVERSION_CODENAME="a b"\n', "x64", undefined],
    ["", "x64", undefined],
  ])("%j on %s", (text, arch, base) => {
    expect(readBase(text, arch)).toEqual(base);
  });
});

describe("where packages come from", () => {
  const own = "http://deb.debian.org/debian";
  it.each([
    [BOOKWORM, undefined, own, `${own}-security`],
    [BOOKWORM, "official registry debian", own, `${own}-security`],
    [BOOKWORM, "debian=https://m.example/debian/", "https://m.example/debian", `${own}-security`],
    [BOOKWORM, "debian=http://m/d,debian-security=http://m/s", "http://m/d", "http://m/s"],
    [BOOKWORM, "debian=ftp://m/d", own, `${own}-security`],
    [NOBLE, undefined, "http://ports.ubuntu.com/ubuntu-ports", "http://ports.ubuntu.com/ubuntu-ports"],
    [NOBLE, "debian=http://m/u", "http://m/u", "http://m/u"],
  ])("%j with %j", (base, setting, main, security) => {
    expect(archiveAddresses(base, setting)).toEqual({ main, security });
  });

  it("is signed by the release's key, in each of its parts", () => {
    expect(sourcesList(BOOKWORM, { main: "http://m", security: "http://s" })).toBe(
      [
        "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://m bookworm main",
        "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://m bookworm-updates main",
        "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://s bookworm-security main",
        "",
      ].join("\n"),
    );
  });

  it("is asked without anything of this machine", () => {
    const settings = aptSettings("/tmp/a", BOOKWORM);
    expect(settings).toContain('Dir::Etc::main "/dev/null";');
    expect(settings).toContain('Dir::State::status "/tmp/a/status";');
    expect(settings).toContain('APT::Get::AllowUnauthenticated "false";');
    expect(settings.split("\n").filter((line) => /"\/(?!tmp\/a[/"]|dev\/null")/.test(line))).toEqual([]);
  });
});

describe("what apt is told the base has", () => {
  const one = (name: string, record = "") => ({
    ...{ name, version: "1:2-3", architecture: "amd64", sha256: "0".repeat(64), bytes: 1, record },
  });

  it("is what is there, and what no layer may have", () => {
    const packages = ["libc6", "libpq5", "libyaml-0-2", "systemd", "perl-base"].map((name) => one(name));
    expect(packagesOfBase(packages, (name) => name === "libpq5").map(({ name }) => name)).toEqual([
      ...["libc6", "libpq5", "systemd", "perl-base"],
    ]);
  });

  it("needs nothing, and provides what it provides", () => {
    const record = "Package: a\nDepends: missing (>= 1)\nProvides: default-a\nMulti-Arch: same";
    const text = statusOfBase([one("libpq5", record)]);
    expect(text).toContain("Status: install ok installed\n");
    expect(text).toContain("Version: 1:2-3\nProvides: default-a\nMulti-Arch: same\n");
    expect(text).not.toContain("Depends");
  });
});

it.each([
  ["3.1.2-7+deb12u1", "3.1.2"],
  ["1:2.3.15-2", "2.3.15"],
  ["8.2.36-1~deb12u1", "8.2.36"],
  ["3.3.7+dfsg-1", "3.3.7"],
  ["2.9.14~rc1", "2.9.14"],
  ["7", "7"],
])("the version %s is %s upstream", (version, upstream) => {
  expect(upstreamVersion(version)).toBe(upstream);
});
