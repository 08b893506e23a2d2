import { describe, expect, it } from "vitest";
import { nodeStart, type StartFacts } from "./node-processes.ts";

const start = (scripts: Readonly<Record<string, string>>, more: Partial<StartFacts> = {}) =>
  nodeStart({ scripts, procfile: undefined, hasFile: () => false, ...more });

describe("an app without a Procfile", () => {
  it.each([
    [{ start: "node server.js" }, { web: "node server.js", needsNpm: false }],
    [{ start: "  next start -p $PORT " }, { web: "next start -p $PORT", needsNpm: false }],
    [{ start: "npm run serve" }, { web: "npm start", needsNpm: true }],
    [{ start: "npx serve" }, { web: "npm start", needsNpm: true }],
    [{ start: "node . $npm_package_version" }, { web: "npm start", needsNpm: true }],
    [
      { start: "node .", prestart: "node prepare.js" },
      { web: "npm start", needsNpm: true },
    ],
    [
      { start: "node .", poststart: "node after.js" },
      { web: "npm start", needsNpm: true },
    ],
    [{ start: "node npmish.js" }, { web: "node npmish.js", needsNpm: false }],
    [{ start: "" }, { web: undefined, needsNpm: false }],
    [{ build: "tsc" }, { web: undefined, needsNpm: false }],
    [{}, { web: undefined, needsNpm: false }],
  ])("%o", (scripts, expected) => {
    expect(start(scripts)).toEqual(expected);
  });

  it.each([
    [["server.js"], "node server.js"],
    [["index.js"], "node index.js"],
    [["server.js", "index.js"], "node server.js"],
    [["main.js"], undefined],
  ])("with the files %j and no start script starts %s", (files, web) => {
    expect(start({}, { hasFile: (name) => files.includes(name) }).web).toBe(web);
  });

  it("prefers the start script to a file", () => {
    expect(start({ start: "node a.js" }, { hasFile: () => true }).web).toBe("node a.js");
  });
});

describe("an app with a Procfile", () => {
  it.each([
    ["web: node server.js", { web: undefined, needsNpm: false }],
    ["  web : npm start", { web: undefined, needsNpm: true }],
    ["web: node .\nworker: npx thing", { web: undefined, needsNpm: true }],
    ["worker: node worker.js", { web: "node s.js", needsNpm: false }],
    ["worker: npm run work", { web: "node s.js", needsNpm: true }],
    ["# web: later", { web: "node s.js", needsNpm: false }],
    ["website: node x.js", { web: "node s.js", needsNpm: false }],
  ])("%j", (procfile, expected) => {
    expect(start({ start: "node s.js" }, { procfile })).toEqual(expected);
  });
});
