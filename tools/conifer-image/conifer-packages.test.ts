import { describe, expect, it } from "vitest";
import { choosePackagesFor, packagesFor } from "./conifer-packages.ts";

const packages = [
  { name: "libc6", layer: "system" },
  { name: "git", layer: "programs" },
  { name: "perl-base", layer: "programs" },
  { name: "tar", layer: "system" },
  { name: "gcc", layer: "tools" },
];

describe("what images are made of", () => {
  it("leaves out of the one for clusters what no role starts", () => {
    const chosen = choosePackagesFor("cluster", packages).map(({ name }) => name);
    expect(chosen).toEqual(["libc6", "git", "gcc"]);
  });

  it("puts that above the layers they share in the one for a machine, which so are the same", () => {
    expect(choosePackagesFor("machine", packages).map(({ layer }) => layer)).toEqual([
      ...["system", "programs", "dynos", "dynos", "tools"],
    ]);
  });

  it("has on a machine what sandboxes are made with, and what builds in a cluster have", () => {
    const { dynos = [], tools = [], ...shared } = packagesFor("machine");
    expect(shared).toEqual(packagesFor("cluster"));
    for (const name of ["util-linux", "mount", "iproute2", "nftables", "perl-base", "curl", "python3"])
      expect(dynos).toContain(name);
    expect(tools).toEqual(expect.arrayContaining(["gcc", "make", "apt"]));
  });
});
