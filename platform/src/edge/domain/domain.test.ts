import { describe, expect, it } from "vitest";
import { defaultDomain, isReservedDomain } from "./domain.ts";

describe("domains", () => {
  it("puts an app's name before the apps' domain", () => {
    expect(defaultDomain("my-app", "localhost")).toBe("my-app.localhost");
    expect(defaultDomain("My-App", "apps.example.com")).toBe("my-app.apps.example.com");
  });

  it.each([
    ["localhost", true],
    ["a.localhost", true],
    ["A.LOCALHOST", true],
    ["deep.er.localhost", true],
    ["*.localhost", true],
    ["a.localhost.", true],
    ["localhost.example.com", false],
    ["notlocalhost", false],
    ["www.example.com", false],
    ["*.example.com", false],
  ])("%s is reserved: %s", (hostname, expected) => {
    expect(isReservedDomain(hostname, "localhost")).toBe(expected);
    expect(isReservedDomain(hostname, "LocalHost")).toBe(expected);
  });
});
