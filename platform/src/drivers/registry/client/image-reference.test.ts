import { describe, expect, it, test } from "vitest";
import { digestOf } from "../../../delivery/image/index.ts";
import {
  layoutPathOf,
  parseImageReference,
  parseShortReference,
  referenceText,
  registryUrl,
} from "./index.ts";

const digest = digestOf("x");

describe("an image reference", () => {
  it.each([
    ["registry.example.com/app", { registry: "registry.example.com", repository: "app" }],
    ["localhost/team/app:v1", { registry: "localhost", repository: "team/app", tag: "v1" }],
    ["127.0.0.1:5000/a/b/c:1_x", { registry: "127.0.0.1:5000", repository: "a/b/c", tag: "1_x" }],
    ["[::1]:5000/a", { registry: "[::1]:5000", repository: "a" }],
    [`r.example:443/a__b/c-d.e@${digest}`, { registry: "r.example:443", repository: "a__b/c-d.e", digest }],
    [`r.example/a:v1@${digest}`, { registry: "r.example", repository: "a", tag: "v1", digest }],
  ])("%s", (text, wanted) => expect(parseImageReference(text)).toEqual(wanted));

  it.each([
    "",
    "app",
    "team/app",
    "registry.example.com/",
    "registry.example.com/Upper",
    "registry.example.com/a//b",
    "registry.example.com/a/../b",
    "registry.example.com/a:",
    "registry.example.com/a:-x",
    "registry.example.com/a@sha256:12",
    "https://registry.example.com/a",
    "user@registry.example.com/a",
    `registry.example.com/${"a".repeat(256)}`,
  ])("is not %j", (text) => expect(() => parseImageReference(text)).toThrow("full image reference"));

  it("leads to where the registry's API answers", () => {
    expect(registryUrl("r.example:5000")).toBe("https://r.example:5000");
    expect(registryUrl("r.example:5000", true)).toBe("http://r.example:5000");
    expect(registryUrl("docker.io")).toBe("https://registry-1.docker.io");
  });
});

test.each([
  ["heroku/builder:24", "docker.io/heroku/builder:24"],
  ["ubuntu", "docker.io/library/ubuntu:latest"],
  ["registry.test/acme/builder", "registry.test/acme/builder:latest"],
  ["localhost/acme/builder:1", "localhost/acme/builder:1"],
  [`acme/builder@sha256:${"0".repeat(64)}`, `docker.io/acme/builder@sha256:${"0".repeat(64)}`],
])("the short name %s is %s", (text, full) => {
  expect(referenceText(parseShortReference(text))).toBe(full);
});

test.each(["/srv/builder", "Heroku/builder", "a/b:c:d", "", "https://registry.test/a"])(
  "%j is no short name",
  (text) => {
    expect(() => parseShortReference(text)).toThrow("is not a full image reference");
  },
);

test.each([
  ["heroku/heroku:24", "index.docker.io/heroku/heroku/24"],
  ["docker.io/acme/run", "index.docker.io/acme/run/latest"],
  ["ubuntu", "index.docker.io/library/ubuntu/latest"],
  [`registry.test:5000/run@sha256:${"a".repeat(64)}`, `registry.test:5000/run/sha256/${"a".repeat(64)}`],
])("the layout of %s stands in %s", (image, path) => {
  expect(layoutPathOf(image)).toBe(path);
});
