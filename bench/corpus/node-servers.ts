import { type CorpusProject, greets, LOCK } from "./corpus-project.ts";

const language = "Node.js";
const PNPM_10 = ["npx", "--yes", "pnpm@10.34.9", "install", "--lockfile-only"];
const PNPM_9 = ["npx", "--yes", "pnpm@9.15.9", "install", "--lockfile-only"];
const YARN_4 = ["npx", "--yes", "@yarnpkg/cli-dist@4.14.1", "install", "--mode=update-lockfile"];
const YARN_1 = ["npx", "--yes", "yarn@1.22.22", "install", "--ignore-scripts", "--non-interactive"];

/** A manifest with a start script; `more` is over the rest. */
function manifest(dependencies: Readonly<Record<string, string>>, more: object = {}): string {
  const base = { name: "app", version: "1.0.0", private: true, scripts: { start: "node server.js" } };
  return `${JSON.stringify({ ...base, dependencies, ...more }, undefined, 2)}\n`;
}

const EXPRESS = `const express = require("express");
const app = express();
app.get("/", (request, response) => response.send("Hello from Express"));
app.listen(process.env.PORT);
`;
const PLAIN = `const { createServer } = require("node:http");
createServer((request, response) => response.end("Hello from Node.js " + process.version)).listen(process.env.PORT);
`;
const FASTIFY = `const fastify = require("fastify")({ logger: true });
fastify.get("/", async () => "Hello from Fastify");
fastify.listen({ port: Number(process.env.PORT), host: "0.0.0.0" });
`;
const KOA = `const Koa = require("koa");
const app = new Koa();
app.use((context) => { context.body = "Hello from Koa"; });
app.listen(process.env.PORT);
`;
const HAPI = `const Hapi = require("@hapi/hapi");
const server = Hapi.server({ port: process.env.PORT, host: "0.0.0.0" });
server.route({ method: "GET", path: "/", handler: () => "Hello from hapi" });
server.start();
`;

const ESM = `import { serve } from "@hono/node-server";
import { Hono } from "hono";
const app = new Hono();
app.get("/", (context) => context.text("Hello from Hono"));
serve({ fetch: app.fetch, port: Number(process.env.PORT) });
`;
const NATIVE = `const { createServer } = require("node:http");
const loaded = typeof require("LIBRARY");
createServer((request, response) => response.end("Hello, native " + loaded)).listen(process.env.PORT);
`;
const TYPESCRIPT = `import { createServer } from "node:http";

const words: string = "Hello from TypeScript";
createServer((_request, response) => { response.end(words); }).listen(process.env.PORT);
`;
const SHARED = 'module.exports = () => "Hello from a workspace";\n';
const USES_SHARED = `const greet = require("@acme/greeting");
require("node:http").createServer((request, response) => response.end(greet())).listen(process.env.PORT);
`;

/** Two packages of one repository, one of which needs the other. */
function workspaces(name: string, { range = "1.0.0", more = {}, files = {}, lock = LOCK }): CorpusProject {
  const api = {
    name: "@acme/api",
    version: "1.0.0",
    private: true,
    dependencies: { "@acme/greeting": range },
  };
  const root = { private: true, workspaces: ["apps/*", "packages/*"], ...more };
  return {
    ...{ name, language, finish: [lock] },
    files: {
      "package.json": `${JSON.stringify(root)}\n`,
      "apps/api/package.json": `${JSON.stringify(api)}\n`,
      "apps/api/server.js": USES_SHARED,
      "packages/greeting/package.json":
        '{ "name": "@acme/greeting", "version": "1.0.0", "main": "index.js" }\n',
      "packages/greeting/index.js": SHARED,
      Procfile: "web: node apps/api/server.js\n",
      ...files,
    },
    ...greets("packages/greeting/index.js"),
  };
}

/** A server without packages whose version of Node.js is named in some way; the page says the line that was taken. */
function versioned(name: string, files: Readonly<Record<string, string>>, line = "v"): CorpusProject {
  const { change, thenSays } = greets("server.js");
  return {
    ...{ name, language, says: `Hello from Node.js ${line}`, change, thenSays },
    files: { "package.json": manifest({}), "server.js": PLAIN, ...files },
  };
}

/** Servers written by hand, over package managers and ways of naming a version. */
export const nodeServers: readonly CorpusProject[] = [
  {
    ...{ name: "node-npm-express", language },
    files: { "package.json": manifest({ express: "5.1.0" }), "server.js": EXPRESS },
    finish: [LOCK],
    ...greets("server.js"),
  },
  {
    ...{ name: "node-pnpm-fastify", language },
    files: {
      "package.json": manifest({ fastify: "5.6.1" }, { packageManager: "pnpm@10.34.9" }),
      "server.js": FASTIFY,
    },
    finish: [PNPM_10],
    ...greets("server.js"),
  },
  {
    ...{ name: "node-yarn1-koa", language },
    files: { "package.json": manifest({ koa: "3.0.1" }), "server.js": KOA },
    finish: [YARN_1],
    ...greets("server.js"),
  },
  {
    ...{ name: "node-npm-hapi", language },
    files: { "package.json": manifest({ "@hapi/hapi": "21.4.3" }), "server.js": HAPI },
    finish: [LOCK],
    ...greets("server.js"),
  },
  {
    ...{ name: "node-plain-procfile", language },
    files: { "package.json": '{ "private": true }\n', "web.js": PLAIN, Procfile: "web: node web.js\n" },
    ...greets("web.js"),
  },
  {
    ...{ name: "node-yarn4-express", language },
    files: {
      "package.json": manifest({ express: "4.21.2" }, { packageManager: "yarn@4.14.1" }),
      ".yarnrc.yml": "nodeLinker: node-modules\nenableTelemetry: false\n",
      "server.js": EXPRESS,
    },
    finish: [YARN_4],
    ...greets("server.js"),
  },
  {
    ...{ name: "node-yarn4-pnp-koa", language },
    files: {
      "package.json": manifest({ koa: "2.16.2" }, { packageManager: "yarn@4.14.1" }),
      ".yarnrc.yml": "nodeLinker: pnp\nenableTelemetry: false\n",
      "server.js": KOA,
    },
    finish: [YARN_4],
    ...greets("server.js"),
  },
  {
    ...{ name: "node-pnpm9-express", language },
    files: { "package.json": manifest({ express: "4.21.2" }), "server.js": EXPRESS, ".nvmrc": "22\n" },
    finish: [PNPM_9],
    ...greets("server.js"),
  },
  {
    ...{ name: "node-no-lock-express", language },
    files: { "package.json": manifest({ express: "^4.21.2" }), "server.js": EXPRESS },
    ...greets("server.js"),
  },
  {
    ...{ name: "node-shrinkwrap-express", language },
    files: { "package.json": manifest({ express: "4.21.2" }), "server.js": EXPRESS },
    finish: [LOCK, ["npm", "shrinkwrap"]],
    ...greets("server.js"),
  },
  {
    ...{ name: "node-esm-hono", language },
    files: {
      "package.json": manifest({ hono: "4.9.12", "@hono/node-server": "1.19.5" }, { type: "module" }),
      "server.js": ESM,
    },
    finish: [LOCK],
    ...greets("server.js"),
  },
  {
    ...{ name: "node-typescript-build", language },
    files: {
      "package.json": manifest(
        {},
        {
          scripts: { build: "tsc -p .", start: "node dist/server.js" },
          devDependencies: { typescript: "5.9.3", "@types/node": "24.7.2" },
        },
      ),
      "tsconfig.json":
        '{ "compilerOptions": { "module": "nodenext", "outDir": "dist", "rootDir": "src", "strict": true, "types": ["node"] }, "include": ["src"] }\n',
      "src/server.ts": TYPESCRIPT,
    },
    finish: [LOCK],
    ...greets("src/server.ts"),
  },
  {
    ...{ name: "node-native-prebuilt", language },
    files: {
      "package.json": manifest({ sharp: "0.34.4" }),
      "server.js": NATIVE.replace("LIBRARY", "sharp"),
    },
    finish: [LOCK],
    ...greets("server.js"),
  },
  {
    ...{ name: "node-native-compiled", language },
    files: {
      "package.json": manifest({ "unix-dgram": "2.0.7" }),
      "server.js": NATIVE.replace("LIBRARY", "unix-dgram"),
    },
    finish: [LOCK],
    ...greets("server.js"),
  },
  versioned(
    "node-engines-range",
    { "package.json": manifest({}, { engines: { node: ">=20 <23" } }) },
    "v22.",
  ),
  versioned("node-volta-exact", { "package.json": manifest({}, { volta: { node: "22.12.0" } }) }, "v22.12.0"),
  versioned("node-version-file", { ".node-version": "24\n" }, "v24."),
  versioned("node-nvmrc-lts", { ".nvmrc": "lts/*\n" }),
  versioned("node-old-line", { "package.json": manifest({}, { engines: { node: "18.x" } }) }, "v18."),
  workspaces("node-npm-workspaces", {}),
  workspaces("node-yarn1-workspaces", { lock: YARN_1 }),
  workspaces("node-pnpm-workspaces", {
    range: "workspace:*",
    more: { packageManager: "pnpm@10.34.9", workspaces: undefined },
    files: { "pnpm-workspace.yaml": "packages:\n  - apps/*\n  - packages/*\n" },
    lock: PNPM_10,
  }),
  {
    ...{ name: "express-generator", language },
    scaffold: [["npx", "express-generator@4.16.1", "--view=ejs", "app"]],
    edits: [{ file: "package.json", from: "~2.6.1", to: "~3.1.10" }],
    finish: [LOCK],
    says: "Welcome to Express",
    change: { file: "routes/index.js", from: "'Express'", to: "'Express again'" },
    thenSays: "Welcome to Express again",
  },
  {
    ...{ name: "fastify-cli", language },
    scaffold: [["npx", "fastify-cli@8.0.2", "generate", "app"]],
    finish: [LOCK],
    says: '{"root":true}',
    change: { file: "routes/root.js", from: "root: true", to: "again: true" },
    thenSays: '{"again":true}',
  },
  {
    ...{ name: "nestjs", language },
    scaffold: [
      [
        "npx",
        "@nestjs/cli@11.0.10",
        "new",
        "app",
        "--skip-git",
        "--skip-install",
        "--package-manager",
        "npm",
      ],
    ],
    finish: [LOCK],
    ...greets("src/app.service.ts", "Hello World"),
  },
];
