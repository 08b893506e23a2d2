import { describe, expect, it } from "vitest";
import { orderedSources, runtimeSources } from "./runtime-sources.ts";

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

  it("pass over packages of the release, for languages that have none there", () => {
    const setting = "official debian debian=http://mirror.example/debian";
    expect(runtimeSources(setting, OTHER)).toEqual({ ok: true, sources: [official] });
    expect(runtimeSources("debian", OTHER)).toMatchObject({ ok: false });
  });

  it("hold packages of the release in their place, for languages that have some there", () => {
    const debian = { kind: "debian" };
    const ruby = { name: "ruby", standard: "debian" };
    const read = (setting: string | undefined) => orderedSources(setting, ruby);
    expect(read(undefined)).toEqual({ ok: true, sources: [debian] });
    expect(read("official debian")).toEqual({ ok: true, sources: [official, debian] });
    expect(read("debian=http://mirror.example official")).toEqual({ ok: true, sources: [debian, official] });
    expect(read("debian=mirror")).toMatchObject({ ok: false });
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
