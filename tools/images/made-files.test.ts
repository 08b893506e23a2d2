import { describe, expect, it } from "vitest";
import { ALTERNATIVES, MADE_FOLDERS, MADE_LINKS, makeFiles } from "./made-files.ts";

const USER = { name: "dyno", uid: 1000, gid: 1000, home: "/home/dyno" };
const files = makeFiles(USER, {
  passwd: "root:*:0:0:root:/root:/bin/bash\n",
  group: "root:*:0:\n",
  certificates: ["-----BEGIN CERTIFICATE-----\na", "-----BEGIN CERTIFICATE-----\nb\n\n"],
  dpkgStatus: "Package: bash\n",
});

describe("what maintainer scripts would have made", () => {
  it("knows the app's user beside the release's", () => {
    expect(files.get("etc/passwd")).toBe(
      "root:*:0:0:root:/root:/bin/bash\ndyno:x:1000:1000:dyno:/home/dyno:/bin/bash\n",
    );
    expect(files.get("etc/group")).toBe("root:*:0:\ndyno:x:1000:\n");
  });

  it("puts every certificate into the bundle, each on lines of its own", () => {
    expect(files.get("etc/ssl/certs/ca-certificates.crt")).toBe(
      "-----BEGIN CERTIFICATE-----\na\n-----BEGIN CERTIFICATE-----\nb\n",
    );
  });

  it("asks for names as a dyno of one machine does", () => {
    expect(files.get("etc/nsswitch.conf")).toContain("hosts: files dns\n");
  });

  it("lies below the root, and nothing is made twice", () => {
    const all = [...files.keys(), ...Object.keys(MADE_LINKS), ...Object.keys(MADE_FOLDERS)];
    expect(all.filter((path) => path.startsWith("/") || path.includes(".."))).toEqual([]);
    expect(new Set(all).size).toBe(all.length);
  });

  it("gives everybody room for temporary files, and nobody root's home", () => {
    expect([MADE_FOLDERS.tmp, MADE_FOLDERS["var/tmp"], MADE_FOLDERS.root]).toEqual([0o1777, 0o1777, 0o700]);
  });

  it("knows a program for each name that scripts expect", () => {
    expect(Object.values(ALTERNATIVES).filter((programs) => programs.length === 0)).toEqual([]);
  });
});
