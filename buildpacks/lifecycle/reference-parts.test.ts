import { describe, expect, it } from "vitest";
import { parseReference, requireTags } from "./reference-parts.ts";

describe("a reference", () => {
  const cases: readonly [string, ReturnType<typeof parseReference>][] = [
    ["r.example/a/b:v", { registry: "r.example", repository: ["a", "b"], tag: "v", digest: undefined }],
    ["localhost/a", { registry: "localhost", repository: ["a"], tag: "latest", digest: undefined }],
    ["a", { registry: "index.docker.io", repository: ["library", "a"], tag: "latest", digest: undefined }],
    [
      "r.example:5000/a@sha256:0",
      { registry: "r.example:5000", repository: ["a"], tag: "latest", digest: "sha256:0" },
    ],
  ];
  it.each(cases)("%s", (text, reference) => {
    expect(parseReference(text)).toEqual(reference);
  });
});

describe("the names of one image", () => {
  const cases: readonly [readonly string[], RegExp | undefined][] = [
    [["r.example/a"], undefined],
    [["r.example/a:1", "r.example/b/c:2"], undefined],
    [["a", "team/b"], undefined],
    [["r.example/a", "r.example/a@sha256:0"], /digest/],
    [["r.example/a", "s.example/a"], /both r\.example and s\.example/],
    [["r.example/a", "b"], /both/],
    [["r.example/a", "a:b:c"], /not an image reference/],
  ];
  it.each(cases)("%j", (names, problem) => {
    if (problem) expect(() => requireTags(names)).toThrow(problem);
    else expect(() => requireTags(names)).not.toThrow();
  });
});
