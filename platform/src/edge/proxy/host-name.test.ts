import { describe, expect, it } from "vitest";
import { hostName, isOwnHost } from "./host-name.ts";

describe("the name in a Host header", () => {
  it.each([
    ["app.localhost", "app.localhost"],
    ["App.LocalHost:8080", "app.localhost"],
    ["app.localhost.", "app.localhost"],
    ["app.localhost.:80", "app.localhost"],
    ["127.0.0.1:8080", "127.0.0.1"],
    ["[::1]:8080", "::1"],
    ["[::1]", "::1"],
    ["", ""],
    [":80", ""],
  ])("%j is %j", (host, name) => expect(hostName(host)).toBe(name));

  it.each([
    ["localhost", true],
    ["apps.example.com", true],
    ["10.1.2.3", true],
    ["::1", true],
    ["", true],
    ["a.apps.example.com", false],
    ["a.localhost", false],
    ["example.com", false],
  ])("%j is our own: %s", (name, expected) => expect(isOwnHost(name, "apps.example.com")).toBe(expected));
});
