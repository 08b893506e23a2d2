import { describe, expect, it, test } from "vitest";
import { makeAptConfig, makePreferences, parseRelease, requireRelease } from "./debian-release.ts";

const osRelease = (id: string, version: string, codename: string) =>
  `PRETTY_NAME="Some ${id}"\nID=${id}\nVERSION_ID="${version}"\nVERSION_CODENAME=${codename}\nLIKE=x\n`;

test.each([
  ["debian", "12", "bookworm"],
  ["debian", "13", "trixie"],
  ["ubuntu", "24.04", "noble"],
])("%s %s is a release", (id, version, codename) => {
  expect(parseRelease(osRelease(id, version, codename))).toEqual({ id, version, codename });
});

test.each([
  ["nothing", ""],
  ["another distribution", osRelease("fedora", "40", "forty")],
  ["a derivative, whose archive is another", osRelease("linuxmint", "22", "wilma")],
  ["a release without a number", osRelease("debian", "", "sid")],
  ["a release without a codename", 'ID=debian\nVERSION_ID="12"\n'],
  ["a codename that is none", osRelease("debian", "12", "book worm")],
])("%s is none", (_, text) => {
  expect(parseRelease(text)).toBeUndefined();
});

describe("a machine on which images are made", () => {
  const debian = osRelease("debian", "12", "bookworm");

  it("is told by its release", () => {
    expect(requireRelease(debian, () => true).codename).toBe("bookworm");
  });

  test.each([
    [
      "another distribution",
      osRelease("fedora", "40", "forty"),
      () => true,
      /^Run images .* Debian or Ubuntu only/,
    ],
    ["no os-release", "", () => true, /Debian or Ubuntu only/],
    [
      "no apt",
      debian,
      (name: string) => !name.startsWith("apt"),
      /^Missing: apt-get, apt-cache, apt-config\. /,
    ],
  ])("%s is none", (_, text, isThere, message) => {
    expect(() => requireRelease(text, isThere)).toThrow(message);
  });
});

describe("preferences", () => {
  const pins = (text: string) =>
    [...text.matchAll(/Pin: release (\S+)\nPin-Priority: (\S+)/g)].map(([, what, priority]) => [
      what,
      priority,
    ]);

  it("let in what Debian released, and nothing else", () => {
    expect(pins(makePreferences({ id: "debian", version: "12", codename: "bookworm" }))).toEqual([
      ["o=Debian,n=bookworm", "500"],
      ["o=Debian,n=bookworm-updates", "500"],
      ["o=Debian,n=bookworm-security", "500"],
      ["o=*", "-1"],
    ]);
  });

  it("tell Ubuntu's pockets by archive", () => {
    expect(pins(makePreferences({ id: "ubuntu", version: "24.04", codename: "noble" }))[1]).toEqual([
      "o=Ubuntu,a=noble-updates",
      "500",
    ]);
  });
});

describe("apt's configuration", () => {
  const machine = [
    'APT::Update::Post-Invoke:: "rm -rf /important";',
    'Acquire::http::Proxy "http://proxy:3128";',
    'Acquire::https::CaInfo "/etc/ca.pem";',
    'Acquire::AllowInsecureRepositories "true";',
    'Acquire::Languages:: "de";',
    'Acquire "";',
    'Dir::State::status "/var/lib/dpkg/status";',
    'DPkg::Pre-Install-Pkgs:: "/usr/sbin/dpkg-preconfigure";',
  ].join("\n");
  const lines = makeAptConfig({ folder: "/work", architecture: "amd64", machine }).split("\n");

  it("keeps how the machine reaches its archives", () => {
    expect(lines).toContain('Acquire::http::Proxy "http://proxy:3128";');
    expect(lines).toContain('Acquire::https::CaInfo "/etc/ca.pem";');
  });

  it("keeps nothing of what it does on the machine", () => {
    expect(lines.filter((line) => /Invoke|Pre-Install|\/var\/lib/.test(line))).toEqual([]);
    expect(lines.filter((line) => /^Dir::/.test(line) && !/"\/(?:work|dev\/null)/.test(line))).toEqual([]);
  });

  it("insists on signatures, whatever the machine says", () => {
    const said = lines.filter((line) => line.startsWith("Acquire::AllowInsecureRepositories"));
    expect(said.at(-1)).toBe('Acquire::AllowInsecureRepositories "false";');
    expect(lines).toContain('APT::Get::AllowUnauthenticated "false";');
  });
});
