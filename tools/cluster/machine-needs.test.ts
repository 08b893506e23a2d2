import { accessSync, constants } from "node:fs";
import { describe, expect, test } from "vitest";
import { isNewEnough, linkFlags } from "./build-programs.ts";
import { findProgram, missingPackages, NEEDS } from "./machine-needs.ts";

describe("what is missing", () => {
  test("is named by package, each once", () => {
    expect(missingPackages(NEEDS, () => true)).toEqual([]);
    expect(missingPackages(NEEDS, () => false)).toEqual([
      "containerd",
      "runc",
      "containernetworking-plugins",
      "iptables",
      "nftables",
      "conntrack",
      "iproute2",
      "procps",
      "util-linux",
    ]);
    expect(missingPackages(NEEDS, (file) => file !== "runc")).toEqual(["runc"]);
  });

  test("programs are found on PATH, in the system's folders, or by their path", () => {
    const shell = findProgram("sh") ?? "";
    expect(() => accessSync(shell, constants.X_OK)).not.toThrow();
    expect(findProgram("sh", "/nowhere")).toBeDefined();
    expect(findProgram(shell)).toBe(shell);
    expect(findProgram("no-such-program")).toBeUndefined();
    expect(findProgram("/no/such/program")).toBeUndefined();
  });
});

describe("building", () => {
  test.each([
    ["go1.26.8", "1.24", true],
    ["go1.26.8", "1.26", true],
    ["go1.24", "1.24", true],
    ["go1.24rc1\n", "1.24", true],
    ["go1.24", "1.26", false],
    ["go1.23.12", "1.24", false],
    ["go1.9", "1.24", false],
    ["go2.0", "1.24", true],
    ["devel +abc", "1.24", false],
    ["", "1.24", false],
  ])("%j will do for %s: %s", (version, oldest, enough) => {
    expect(isNewEnough(version, oldest)).toBe(enough);
  });

  test("programs know their version", () => {
    const flags = linkFlags("1.34.4");
    expect(flags).toContain("-X k8s.io/component-base/version.gitVersion=v1.34.4");
    expect(flags).toContain("-X k8s.io/component-base/version.gitMinor=34");
    expect(linkFlags(undefined)).toBe("-s -w");
  });
});
