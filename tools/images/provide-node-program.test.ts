import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { hostArchitecture } from "./debian-release.ts";
import { provideNodeProgram, requireIntegrity } from "./provide-node-program.ts";

it("is the program that runs, on this machine's own architecture", async () => {
  expect(await provideNodeProgram("/nowhere", hostArchitecture(), () => {})).toBe(process.execPath);
});

it("is refused when it is not what the lock file says", () => {
  const content = Buffer.from("node");
  const integrity = `sha512-${createHash("sha512").update(content).digest("base64")}`;
  requireIntegrity("node 1", content, integrity);
  requireIntegrity("node 1", content, `sha512-other ${integrity}`);
  for (const wrong of ["", "sha512-other", integrity.toLowerCase()])
    expect(() => requireIntegrity("node 1", content, wrong)).toThrow("node 1 is not what the lock file says");
});
