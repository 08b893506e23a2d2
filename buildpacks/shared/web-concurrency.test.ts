import { spawnSync } from "node:child_process";
import path from "node:path";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";

const PROGRAM = path.join(import.meta.dirname, "web-concurrency.sh");
const PROCESSORS = Number(spawnSync("getconf", ["_NPROCESSORS_ONLN"], { encoding: "utf8" }).stdout);

function answer(env: Readonly<Record<string, string>>) {
  const run = spawnSync("/bin/sh", [PROGRAM], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    encoding: "utf8",
  });
  expect([run.status, run.stdout, run.stderr]).toEqual([0, "", ""]);
  return parse(run.output[3] ?? "");
}

describe("how many workers fit", () => {
  it.each([
    ["512", undefined, 1],
    ["1024", undefined, 2],
    ["2560", undefined, 5],
    ["512", "256", 2],
    ["100", undefined, 1],
    ["1024", "2048", 1],
  ])("%s MB at %s each", (memory, each, fit) => {
    const given: Record<string, string> = each === undefined ? {} : { WEB_MEMORY: each };
    expect(answer({ MEMORY_AVAILABLE: memory, ...given })).toEqual({
      ...(each === undefined ? { WEB_MEMORY: "512" } : {}),
      WEB_CONCURRENCY: String(Math.min(fit, PROCESSORS * 4)),
    });
  });

  it("is at most four a processor", () => {
    expect(answer({ MEMORY_AVAILABLE: "1000000" }).WEB_CONCURRENCY).toBe(String(PROCESSORS * 4));
  });

  it("leaves alone what is set", () => {
    expect(answer({ MEMORY_AVAILABLE: "1024", WEB_CONCURRENCY: "9" })).toEqual({ WEB_MEMORY: "512" });
    expect(answer({ MEMORY_AVAILABLE: "1024", WEB_CONCURRENCY: "9", WEB_MEMORY: "64" })).toEqual({});
  });

  it("finds the limit of memory itself", () => {
    const found = answer({});
    expect(Object.keys(found).toSorted()).toEqual(["MEMORY_AVAILABLE", "WEB_CONCURRENCY", "WEB_MEMORY"]);
    expect(Number(found.MEMORY_AVAILABLE)).toBeGreaterThan(0);
  });

  it.each<Record<string, string>>([{ WEB_MEMORY: "much" }, { WEB_MEMORY: "0" }, { MEMORY_AVAILABLE: "1GB" }])(
    "says nothing to %j",
    (env) => {
      expect(answer(env)).toEqual({});
    },
  );
});
