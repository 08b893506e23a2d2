import { describe, expect, it } from "vitest";
import { runtimeSources } from "./runtime-sources.ts";

const NODE = { name: "nodejs", standard: "official registry" };
const OTHER = { name: "python", standard: "official" };

describe("where runtimes come from", () => {
  const official = { kind: "official" };
  const registry = { kind: "registry" };
  const mirror = (address: string) => ({ kind: "mirror", address });
  it.each([
    [undefined, [official, registry]],
    ["", [official, registry]],
    ["  ", [official, registry]],
    ["registry", [registry]],
    ["registry official", [registry, official]],
    ["registry,official", [registry, official]],
    [" registry ,  official ", [registry, official]],
    ["nodejs=https://mirror.example/dist", [mirror("https://mirror.example/dist")]],
    ["nodejs=http://127.0.0.1:8081/node/ registry", [mirror("http://127.0.0.1:8081/node"), registry]],
    ["python=https://mirror.example registry", [registry]],
    ["nodejs=https://mirror.example/?a=b", [mirror("https://mirror.example/?a=b")]],
  ])("%j", (setting, sources) => {
    expect(runtimeSources(setting, NODE)).toEqual({ ok: true, sources });
  });

  it("are each language's own", () => {
    const setting = "nodejs=https://mirror.example/a python=https://mirror.example/b";
    expect(runtimeSources(setting, OTHER)).toEqual({
      ok: true,
      sources: [mirror("https://mirror.example/b")],
    });
    expect(runtimeSources("", OTHER)).toEqual({ ok: true, sources: [official] });
  });

  it.each([
    ["offical", 'holds "offical"'],
    ["registry nodejs=ftp://mirror.example", 'holds "nodejs=ftp://mirror.example"'],
    ["nodejs=", 'holds "nodejs="'],
    ["https://mirror.example/dist", 'holds "https://mirror.example/dist"'],
    ["base", 'holds "base"'],
    ["python=https://mirror.example", "names no source for nodejs"],
  ])("%j is refused", (setting, message) => {
    expect(runtimeSources(setting, NODE)).toEqual({ ok: false, message: expect.stringContaining(message) });
  });
});
