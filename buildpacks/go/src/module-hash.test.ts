import { describe, expect, it } from "vitest";
import { makeModuleHash } from "./module-hash.ts";

function hashOf(files: readonly (readonly [string, string])[]): string {
  const hash = makeModuleHash();
  for (const [name, content] of files) hash.add(name, Buffer.from(content));
  return hash.digest();
}

describe("the hash of a module", () => {
  it("is what go.sum holds for a file that is known", () => {
    // github.com/go-chi/chi/v5 v5.2.1/go.mod, as in examples/go-web/go.sum.
    const lines = [
      "module github.com/go-chi/chi/v5",
      "",
      "// Chi supports the four most recent major versions of Go.",
      "// See https://github.com/go-chi/chi/issues/963.",
      "go 1.20",
      "",
    ];
    expect(hashOf([["go.mod", lines.join("\n")]])).toBe("h1:L2yAIGWB3H+phAw1NxKwWM+7eUH/lU8pOMm5hHcoops=");
  });

  it("does not depend on the order, and does on every byte of names and content", () => {
    const files = [
      ["b", "1"],
      ["a/é", "2"],
      ["a", "3"],
    ] as const;
    expect(hashOf(files.toReversed())).toBe(hashOf(files));
    expect(hashOf([...files.slice(1), ["b", "2"]])).not.toBe(hashOf(files));
    expect(hashOf([...files.slice(1), ["c", "1"]])).not.toBe(hashOf(files));
  });

  it("is refused to names with line breaks", () => {
    expect(() => hashOf([["a\nb", ""]])).toThrow("line break");
  });
});
