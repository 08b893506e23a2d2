import { describe, expect, it } from "vitest";
import { nodeStart, programsCalled, type StartFacts } from "./node-processes.ts";

const start = (scripts: Readonly<Record<string, string>>, more: Partial<StartFacts> = {}) =>
  nodeStart({ scripts, procfile: undefined, hasFile: () => false, ...more });
const command = (text: string) => ({ command: text });

describe("an app without a Procfile", () => {
  it.each([
    [{ start: "node server.js" }, command("node server.js"), []],
    [{ start: "  next start -p $PORT " }, command("next start -p $PORT"), []],
    [{ start: "npm run serve" }, command("npm start"), ["npm"]],
    [{ start: "npx serve" }, command("npm start"), ["npm"]],
    [{ start: "node . $npm_package_version" }, command("npm start"), ["npm"]],
    [{ start: "node .", prestart: "node prepare.js" }, command("npm start"), ["npm"]],
    [{ start: "node .", poststart: "node after.js" }, command("npm start"), ["npm"]],
    [{ start: "node npmish.js" }, command("node npmish.js"), []],
    [{ start: "" }, undefined, []],
    [{ build: "tsc" }, undefined, []],
    [{}, undefined, []],
  ])("%o", (scripts, web, programs) => {
    expect(start(scripts)).toMatchObject({ web, programs });
  });

  it.each<[StartFacts["program"], string, string, readonly string[]]>([
    ["pnpm", "node server.js", "node server.js", []],
    ["pnpm", "pnpm run serve", "pnpm start", ["pnpm"]],
    ["pnpm", "npm run serve", "pnpm start", ["pnpm", "npm"]],
    ["yarn", "yarn serve", "yarn start", ["yarn"]],
    ["npm", "yarn serve", "npm start", ["npm", "yarn"]],
  ])("of %s with the start script %s", (program, script, web, programs) => {
    expect(start({ start: script }, { program })).toMatchObject({ web: { command: web }, programs });
  });

  it.each([
    ["node server.js", "node server.js", []],
    ["exec node server.js", "exec node server.js", []],
    ["next start", "yarn start", ["yarn"]],
  ])("with packages in archives and the start script %s", (script, web, programs) => {
    const found = start({ start: script }, { program: "yarn", archives: true });
    expect(found).toMatchObject({ web: { command: web }, programs });
  });

  it.each([
    [["server.js"], command("node server.js")],
    [["index.js"], command("node index.js")],
    [["server.js", "index.js"], command("node server.js")],
    [["main.js"], undefined],
  ])("with the files %j and no start script starts %s", (files, web) => {
    expect(start({}, { hasFile: (name) => files.includes(name) }).web).toEqual(web);
  });

  it("prefers the start script to a file", () => {
    expect(start({ start: "node a.js" }, { hasFile: () => true }).web).toEqual(command("node a.js"));
  });
});

describe("an app of a framework", () => {
  const site = { folder: "dist", fallback: "index.html" };
  const vite = { framework: "Vite", site };
  const next = { framework: "Next.js", command: "next start -p $PORT" };

  it.each<[Readonly<Record<string, string>>, Partial<StartFacts>, object, readonly string[]]>([
    [{}, { framework: next }, { command: "next start -p $PORT" }, []],
    [{}, { framework: vite }, { site }, []],
    [{ start: "vite preview" }, { framework: vite }, { site }, []],
    [
      { start: "vite preview --port $PORT" },
      { framework: vite },
      { command: "vite preview --port $PORT" },
      [],
    ],
    [{ start: "node server.js" }, { framework: vite }, { command: "node server.js" }, []],
    [{ start: "next start" }, { framework: next }, { command: "next start" }, []],
    [{ start: "vite" }, { framework: { framework: "Vite", advice: "build it" } }, { command: "vite" }, []],
    [
      {},
      { framework: next, archives: true, program: "yarn" },
      { command: "yarn next start -p $PORT" },
      ["yarn"],
    ],
    [
      {},
      {
        framework: { framework: "Nuxt", command: "node .output/server/index.mjs" },
        archives: true,
        program: "yarn",
      },
      { command: "node .output/server/index.mjs" },
      [],
    ],
  ])("%j with %j", (scripts, facts, web, programs) => {
    expect(start(scripts, { hasFile: () => true, ...facts })).toMatchObject({ web, programs });
  });

  it("is told why the start script is passed over", () => {
    expect(start({ start: "vite" }, { framework: vite }).why).toBe(
      "Vite; the start script is a development server",
    );
    expect(start({}, { framework: vite }).why).toBe("Vite");
  });
});

describe("an app with a Procfile", () => {
  const own = { web: undefined, why: "Procfile" };
  it.each([
    ["web: node server.js", { ...own, programs: [] }],
    ["  web : npm start", { ...own, programs: ["npm"] }],
    ["web: node .\nworker: npx thing", { ...own, programs: ["npm"] }],
    ["web: yarn start\nworker: pnpm work", { ...own, programs: ["pnpm", "yarn"] }],
    ["worker: node worker.js", { web: command("node s.js"), programs: [] }],
    ["worker: npm run work", { web: command("node s.js"), programs: ["npm"] }],
    ["# web: later", { web: command("node s.js"), programs: [] }],
    ["website: node x.js", { web: command("node s.js"), programs: [] }],
  ])("%j", (procfile, expected) => {
    expect(start({ start: "node s.js" }, { procfile })).toMatchObject(expected);
  });
});

it.each([
  ["npm run a && yarn b", ["npm", "yarn"]],
  ["turbo run build", []],
  ["pnpm -r build", ["pnpm"]],
  ["pnpx x; yarnpkg y", ["pnpm", "yarn"]],
])("the text %j calls %j", (text, programs) => {
  expect(programsCalled(text)).toEqual(programs);
});
