import { describe, expect, it } from "vitest";
import { type FrameworkStart, frameworkStart, isDevelopmentServer } from "./framework-start.ts";

const start = (packages: readonly string[], files: readonly string[]) =>
  frameworkStart({
    needs: Object.fromEntries(packages.map((name) => [name, "*"])),
    hasFile: (name) => files.includes(name),
  });
const site = (folder: string, fallback?: string) => ({ site: { folder, ...(fallback ? { fallback } : {}) } });

describe("how the output of a framework is served", () => {
  it.each<[readonly string[], readonly string[], Partial<FrameworkStart> & { framework: string }]>([
    [["next", "react"], [".next/BUILD_ID"], { framework: "Next.js", command: "next start -p $PORT" }],
    [
      ["next"],
      [".next/BUILD_ID", ".next/export-detail.json", "out/index.html"],
      { framework: "Next.js", ...site("out") },
    ],
    [
      ["nuxt"],
      [".output/server/index.mjs"],
      { framework: "Nuxt", command: "node .output/server/index.mjs", env: { HOST: "0.0.0.0" } },
    ],
    [
      ["nuxt"],
      [".output/public/index.html", ".output/public/200.html", ".output/public/404.html"],
      { framework: "Nuxt", ...site(".output/public", "200.html") },
    ],
    [
      ["@react-router/dev", "@react-router/serve", "vite"],
      ["build/server/index.js"],
      { framework: "React Router", command: "react-router-serve ./build/server/index.js" },
    ],
    [
      ["@react-router/dev", "vite"],
      ["build/client/index.html"],
      { framework: "React Router", ...site("build/client", "index.html") },
    ],
    [
      ["@react-router/dev"],
      ["build/client/index.html", "build/client/__spa-fallback.html"],
      { framework: "React Router", ...site("build/client", "__spa-fallback.html") },
    ],
    [
      ["@remix-run/dev", "@remix-run/serve", "vite"],
      ["build/server/index.js"],
      { framework: "Remix", command: "remix-serve ./build/server/index.js" },
    ],
    [
      ["@remix-run/serve"],
      ["build/index.js"],
      { framework: "Remix", command: "remix-serve ./build/index.js" },
    ],
    [
      ["astro"],
      ["dist/server/entry.mjs", "dist/client"],
      { framework: "Astro", command: "node dist/server/entry.mjs", env: { HOST: "0.0.0.0" } },
    ],
    [["astro", "vite"], ["dist/index.html"], { framework: "Astro", ...site("dist") }],
    [
      ["@sveltejs/kit", "vite"],
      ["build/handler.js", "build/index.js"],
      { framework: "SvelteKit", command: "node build", env: { HOST: "0.0.0.0" } },
    ],
    [["@sveltejs/kit"], ["build/index.html", "build/404.html"], { framework: "SvelteKit", ...site("build") }],
    [["@sveltejs/kit"], ["build/200.html"], { framework: "SvelteKit", ...site("build", "200.html") }],
    [["@nestjs/core"], ["dist/main.js"], { framework: "NestJS", command: "node dist/main.js" }],
    [["@nestjs/core"], ["dist/src/main.js"], { framework: "NestJS", command: "node dist/src/main.js" }],
    [
      ["nitropack"],
      [".output/server/index.mjs"],
      { framework: "Nitro", command: "node .output/server/index.mjs", env: { HOST: "0.0.0.0" } },
    ],
    [["fastify-cli", "fastify"], [], { framework: "Fastify", env: { FASTIFY_ADDRESS: "0.0.0.0" } }],
    [
      ["vitepress"],
      ["docs/.vitepress/dist/index.html"],
      { framework: "VitePress", ...site("docs/.vitepress/dist") },
    ],
    [["@rsbuild/core"], ["dist/index.html"], { framework: "Rsbuild", ...site("dist", "index.html") }],
    [["parcel"], ["dist/index.html"], { framework: "Parcel", ...site("dist", "index.html") }],
    [["gatsby"], ["public/index.html"], { framework: "Gatsby", ...site("public") }],
    [
      ["react-scripts"],
      ["build/index.html"],
      { framework: "Create React App", ...site("build", "index.html") },
    ],
    [["@vue/cli-service"], ["dist/index.html"], { framework: "Vue CLI", ...site("dist", "index.html") }],
    [["vite"], ["dist/index.html"], { framework: "Vite", ...site("dist", "index.html") }],
    [["vite"], ["dist/index.html", "dist/404.html"], { framework: "Vite", ...site("dist") }],
  ])("%j with %j", (packages, files, expected) => {
    expect(start(packages, files)).toMatchObject(expected);
  });

  it.each<[readonly string[], Partial<FrameworkStart>]>([
    [["dist/shop/browser/index.html"], site("dist/shop/browser", "index.html")],
    [["dist/shop/browser/index.csr.html"], site("dist/shop/browser", "index.csr.html")],
    [["dist/shop/index.html"], site("dist/shop", "index.html")],
    [
      ["dist/shop/server/server.mjs", "dist/shop/browser/index.csr.html"],
      { command: "node dist/shop/server/server.mjs" },
    ],
  ])("Angular with %j", (files, expected) => {
    const found = frameworkStart({
      needs: { "@angular/core": "*" },
      hasFile: (name) => files.includes(name),
      readText: (name) => (name === "angular.json" ? '{"projects":{"shop":{}}}' : undefined),
    });
    expect(found).toEqual({ framework: "Angular", ...expected });
  });

  it("is nothing for other apps", () => {
    expect(start(["express"], ["dist/index.html"])).toBeUndefined();
  });

  it.each([
    [["next"], [], '"build": "next build"'],
    [["vite"], ["index.html"], '"build": "vite build"'],
    [["@react-router/dev"], ["build/server/index.js"], "React Router has built nothing that can be served"],
    [["@sveltejs/kit"], [".svelte-kit/output"], "@sveltejs/adapter-node"],
  ])("%j with %j is told what is missing", (packages, files, words) => {
    const found = start(packages, files);
    expect(found?.advice).toContain(words);
    expect([found?.command, found?.site]).toEqual([undefined, undefined]);
  });
});

describe("a start script", () => {
  it.each([
    "vite",
    "vite preview",
    "vite --host",
    "npx vite preview",
    "pnpm exec astro preview",
    "nest start",
    "nest start --watch",
    "react-scripts start",
    "NODE_ENV=production next dev",
    "cross-env NODE_ENV=x nuxt dev",
    "nuxi preview",
    "ng serve",
    "webpack serve --mode development",
    "docusaurus start",
    "rsbuild preview",
    "vitepress dev docs",
  ])("%s is for development", (script) => {
    expect(isDevelopmentServer(script)).toBe(true);
  });

  it.each([
    "next start",
    "node server.js",
    "vite preview --host --port $PORT",
    "vite preview --port ${" + "PORT:-3000}",
    "vite-node server.ts",
    "nest build && node dist/main",
    "nuxt start",
    "serve -s build",
    "vitest",
    "remix-serve build",
    "astro",
  ])("%s is taken as it is", (script) => {
    expect(isDevelopmentServer(script)).toBe(false);
  });
});
