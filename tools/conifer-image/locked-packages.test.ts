import { describe, expect, it } from "vitest";
import { packagesIn } from "./locked-packages.ts";

const integrity = `sha512-${Buffer.from("00ff", "hex").toString("base64")}`;
const everything = () => true;

describe("the packages of a lock file", () => {
  it("are told by name, with license and checksum, without workspaces and links to them", () => {
    const packages = {
      "": { name: "conifer", version: "0.1.0" },
      platform: { name: "@conifer/platform", version: "0.1.0" },
      "node_modules/@conifer/platform": { link: true, version: "0.1.0" },
      "node_modules/b": { version: "2.0.0", integrity, license: "MIT" },
      "node_modules/@scope/a": { version: "1.0.0", license: { type: "odd" } },
      "node_modules/alias": { name: "real", version: "3.0.0" },
    };
    expect(packagesIn(packages, everything)).toEqual([
      { kind: "npm", name: "@scope/a", version: "1.0.0" },
      {
        ...{ kind: "npm", name: "b", version: "2.0.0", license: "MIT" },
        checksum: { algorithm: "SHA512", hex: "00ff" },
      },
      { kind: "npm", name: "real", version: "3.0.0" },
    ]);
  });

  it("come once for each version, wherever they lie", () => {
    const packages = {
      "node_modules/a": { version: "1.0.0" },
      "node_modules/b/node_modules/a": { version: "1.0.0" },
      "node_modules/c/node_modules/a": { version: "2.0.0" },
    };
    expect(packagesIn(packages, everything).map(({ version }) => version)).toEqual(["1.0.0", "2.0.0"]);
  });

  it("are those that were installed: others are for other platforms, or for development", () => {
    const packages = { "node_modules/a": { version: "1.0.0" }, "node_modules/b": { version: "1.0.0" } };
    expect(packagesIn(packages, (path) => path === "node_modules/b").map(({ name }) => name)).toEqual(["b"]);
  });
});
