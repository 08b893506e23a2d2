import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openAgentState } from "./agent-state.ts";
import type { PodFacts } from "./pod-facts.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-agent-state-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const facts = (uid: string): PodFacts => ({
  ...{
    uid,
    namespace: "apps",
    pod: "dyno-1",
    appId: "a1",
    names: [[0, "web.1"]],
    endedRun: -1,
    isGone: false,
  },
});
const place = { run: 1, file: "2026-11-21T10:45:00Z", offset: 12 };

test("what is kept is there for the next one, what is forgotten is not", () => {
  const state = openAgentState(folder);
  state.keep({ facts: facts("u1") });
  state.keep({ facts: facts("u1"), place });
  state.keep({ facts: facts("u2") });
  state.forget("u2");
  state.forget("u3");
  expect(openAgentState(folder).load()).toEqual([{ facts: facts("u1"), place }]);
});

test("what is damaged, half-written or foreign is removed, and the rest stays", () => {
  const state = openAgentState(folder);
  state.keep({ facts: facts("u1") });
  const damaged = {
    "u2.json": "",
    "u3.json": "{",
    "u4.json": "null",
    "u5.json": JSON.stringify({ facts: facts("another") }),
    "u6.json": JSON.stringify({ facts: { uid: "u6" } }),
    "u1.json.new": "{}",
    "x y.json": "{}",
  };
  for (const [name, text] of Object.entries(damaged)) writeFileSync(join(folder, "pods", name), text);
  expect(openAgentState(folder).load()).toEqual([{ facts: facts("u1") }]);
  expect(readdirSync(join(folder, "pods"))).toEqual(["u1.json"]);
});

test("what was unpacked before a kill is removed", () => {
  const { scratch } = openAgentState(folder);
  writeFileSync(join(scratch, "unpacked-1"), "x");
  openAgentState(folder);
  expect(existsSync(scratch)).toBe(true);
  expect(readdirSync(scratch)).toEqual([]);
});
