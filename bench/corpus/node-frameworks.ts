import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CorpusProject, LOCK } from "./corpus-project.ts";

const language = "Node.js";
const PNPM = ["npx", "--yes", "pnpm@10.34.9", "install", "--lockfile-only"];
const YARN_4 = ["npx", "--yes", "@yarnpkg/cli-dist@4.14.1", "install", "--mode=skip-build", "--no-immutable"];

/** A title in a page of the source that ends up in the page that is served. */
function titled(file: string, from: string) {
  const to = `Again ${from}`;
  return { says: `<title>${from}</title>`, change: { file, from, to }, thenSays: `<title>${to}</title>` };
}

/** A heading of the source that the server renders, or the build writes into a page. */
function rendered(file: string, words: string) {
  return { says: words, change: { file, from: words, to: `Again, ${words}` }, thenSays: `Again, ${words}` };
}

function manifest(scripts: Readonly<Record<string, string>>, packages: object, more: object = {}): string {
  return `${JSON.stringify({ name: "app", private: true, type: "module", scripts, ...more, dependencies: packages }, undefined, 2)}\n`;
}

function vite(name: string, template: string, finish = LOCK, files = {}): CorpusProject {
  const scaffold = ["npx", "create-vite@9.3.0", "app", "--template", template, "--no-interactive"];
  const page = { says: "<title>", change: { file: "index.html", from: "<title>", to: "<title>Again " } };
  return {
    ...{ name, language, scaffold: [scaffold], files, finish: [finish] },
    ...page,
    thenSays: "<title>Again ",
  };
}

const NEXT = ["npx", "create-next-app@16.4.3", "app", "--yes", "--app", "--empty", "--no-eslint"];
const NEXT_QUIET = ["--skip-install", "--disable-git", "--no-tailwind"];

/** What official scaffolding packages make. */
const scaffolded: readonly CorpusProject[] = [
  vite("vite-vue", "vue"),
  vite("vite-react-ts", "react-ts", PNPM),
  vite("vite-svelte", "svelte"),
  {
    ...vite("vite-solid-ts", "solid-ts", YARN_4, { ".yarnrc.yml": "nodeLinker: node-modules\n" }),
    // Yarn 4.14 patches TypeScript as it was before 7, and fails on that.
    scaffold: [
      ["npx", "create-vite@9.3.0", "app", "--template", "solid-ts", "--no-interactive"],
      ["npm", "pkg", "set", "--prefix", "app", "devDependencies.typescript=~5.9.3"],
    ],
  },
  vite("vite-preact", "preact"),
  vite("vite-lit", "lit"),
  vite("vite-vanilla-ts", "vanilla-ts"),
  {
    ...{ name: "create-vue-router", language },
    scaffold: [["npx", "create-vue@3.24.0", "app", "--ts", "--router"]],
    finish: [LOCK],
    ...titled("index.html", "Vite App"),
  },
  {
    ...{ name: "next-js", language },
    scaffold: [[...NEXT, ...NEXT_QUIET, "--js", "--use-npm"]],
    finish: [LOCK],
    ...rendered("app/page.js", "Hello World!"),
  },
  {
    ...{ name: "next-ts-pnpm", language },
    scaffold: [[...NEXT, ...NEXT_QUIET, "--ts", "--src-dir", "--use-pnpm"]],
    finish: [PNPM],
    ...rendered("src/app/page.tsx", "Hello world!"),
  },
  {
    ...{ name: "sveltekit-node", language },
    scaffold: [
      [
        "npx",
        "sv@0.17.1",
        "create",
        "app",
        "--template",
        "minimal",
        "--no-types",
        "--no-add-ons",
        "--no-install",
      ],
      ["npm", "pkg", "set", "--prefix", "app", "devDependencies.@sveltejs/adapter-node=^5.3.3"],
    ],
    make: adaptToNode,
    finish: [LOCK],
    ...rendered("src/routes/+page.svelte", "Welcome to SvelteKit"),
  },
  {
    ...{ name: "angular", language },
    scaffold: [
      [
        "npx",
        "@angular/cli@21.0.0",
        "new",
        "app",
        "--skip-install",
        "--skip-git",
        "--defaults",
        "--package-manager=npm",
      ],
    ],
    finish: [LOCK],
    ...titled("src/index.html", "App"),
  },
  {
    ...{ name: "docusaurus", language },
    scaffold: [["npx", "create-docusaurus@3.10.2", "app", "classic", "--javascript", "--skip-install"]],
    finish: [LOCK],
    ...rendered("docusaurus.config.js", "Dinosaurs are cool"),
  },
];

/** SvelteKit's own first choice of an adapter builds for no server in particular. */
function adaptToNode(folder: string): void {
  for (const name of ["svelte.config.js", "vite.config.js", "package.json"]) {
    const path = join(folder, name);
    if (!existsSync(path)) continue;
    const text = readFileSync(path, "utf8");
    if (name === "package.json")
      writeFileSync(path, text.replace(/\n\s*"@sveltejs\/adapter-auto":[^\n]*/, ""));
    else writeFileSync(path, text.replace("@sveltejs/adapter-auto", "@sveltejs/adapter-node"));
  }
}

const REACT = { react: "19.2.0", "react-dom": "19.2.0" };
const ROOT_PAGE = `import { Links, Meta, Outlet, Scripts } from "PACKAGE";

export default function Root() {
  return (
    <html lang="en">
      <head><Meta /><Links /></head>
      <body><Outlet /><Scripts /></body>
    </html>
  );
}
`;
const HOME = "export default function Home() {\n  return <h1>Hello from a route</h1>;\n}\n";

/** Those whose scaffolding packages fetch templates from elsewhere, as their documentation has them. */
const written: readonly CorpusProject[] = [
  {
    ...{ name: "nuxt", language },
    files: {
      "package.json": manifest({ build: "nuxt build", dev: "nuxt dev" }, { nuxt: "4.1.3", vue: "3.5.22" }),
      "app/app.vue": "<template><h1>Hello from Nuxt</h1></template>\n",
      "nuxt.config.ts":
        'export default defineNuxtConfig({ compatibilityDate: "2025-07-15", telemetry: false });\n',
    },
    finish: [LOCK],
    ...rendered("app/app.vue", "Hello from Nuxt"),
  },
  {
    ...{ name: "react-router", language },
    files: {
      "package.json": manifest(
        { build: "react-router build", start: "react-router-serve ./build/server/index.js" },
        {
          ...REACT,
          "react-router": "7.9.4",
          "@react-router/node": "7.9.4",
          "@react-router/serve": "7.9.4",
          isbot: "5.1.31",
        },
        { devDependencies: { "@react-router/dev": "7.9.4", vite: "7.1.9", typescript: "5.9.3" } },
      ),
      "vite.config.js":
        'import { reactRouter } from "@react-router/dev/vite";\nexport default { plugins: [reactRouter()] };\n',
      "app/root.jsx": ROOT_PAGE.replace("PACKAGE", "react-router"),
      "app/routes.js":
        'import { index } from "@react-router/dev/routes";\nexport default [index("routes/home.jsx")];\n',
      "app/routes/home.jsx": HOME,
    },
    finish: [LOCK],
    ...rendered("app/routes/home.jsx", "Hello from a route"),
  },
  {
    ...{ name: "remix", language },
    files: {
      "package.json": manifest(
        { build: "remix vite:build", start: "remix-serve ./build/server/index.js" },
        {
          react: "18.3.1",
          "react-dom": "18.3.1",
          "@remix-run/node": "2.17.1",
          "@remix-run/react": "2.17.1",
          "@remix-run/serve": "2.17.1",
          isbot: "4.4.0",
        },
        {
          devDependencies: { "@remix-run/dev": "2.17.1", vite: "6.3.6", typescript: "5.9.3" },
          engines: { node: ">=20.0.0" },
        },
      ),
      "vite.config.js":
        'import { vitePlugin as remix } from "@remix-run/dev";\nexport default { plugins: [remix()] };\n',
      "app/root.jsx": ROOT_PAGE.replace("PACKAGE", "@remix-run/react"),
      "app/routes/_index.jsx": HOME,
    },
    finish: [LOCK],
    ...rendered("app/routes/_index.jsx", "Hello from a route"),
  },
  {
    ...{ name: "astro-site", language },
    files: {
      "package.json": manifest({ build: "astro build", start: "astro dev" }, { astro: "5.14.5" }),
      "src/pages/index.astro":
        "---\n---\n<html><head><title>Hello from Astro</title></head><body></body></html>\n",
    },
    finish: [LOCK],
    ...rendered("src/pages/index.astro", "Hello from Astro"),
  },
  {
    ...{ name: "astro-server", language },
    files: {
      "package.json": manifest({ build: "astro build" }, { astro: "5.14.5", "@astrojs/node": "9.5.0" }),
      "astro.config.mjs":
        'import node from "@astrojs/node";\nexport default { output: "server", adapter: node({ mode: "standalone" }) };\n',
      "src/pages/index.astro":
        "---\n---\n<html><head><title>Hello from Astro</title></head><body></body></html>\n",
    },
    finish: [LOCK],
    ...rendered("src/pages/index.astro", "Hello from Astro"),
  },
  {
    ...{ name: "eleventy", language },
    files: {
      "package.json": manifest({ build: "eleventy" }, { "@11ty/eleventy": "3.1.2" }),
      "index.md": "# Hello from Eleventy\n",
    },
    finish: [LOCK],
    ...rendered("index.md", "Hello from Eleventy"),
  },
  {
    ...{ name: "rsbuild", language },
    files: {
      "package.json": manifest(
        { build: "rsbuild build" },
        {},
        { devDependencies: { "@rsbuild/core": "1.5.16" } },
      ),
      "rsbuild.config.mjs": 'export default { html: { title: "Hello from Rsbuild" } };\n',
      "src/index.js": 'document.body.textContent = "Hi";\n',
    },
    finish: [LOCK],
    ...rendered("rsbuild.config.mjs", "Hello from Rsbuild"),
  },
  {
    ...{ name: "vitepress", language },
    files: {
      "package.json": manifest(
        { "docs:build": "vitepress build docs", build: "npm run docs:build" },
        {},
        { devDependencies: { vitepress: "1.6.4" } },
      ),
      "docs/index.md": "# Hello from VitePress\n",
    },
    finish: [LOCK],
    ...rendered("docs/index.md", "Hello from VitePress"),
  },
  {
    ...{ name: "parcel", language },
    files: {
      "package.json": `${JSON.stringify({ name: "app", private: true, source: "src/index.html", scripts: { start: "parcel", build: "parcel build" }, devDependencies: { parcel: "2.16.0" } })}\n`,
      "src/index.html": "<!doctype html><title>Hello from Parcel</title><p>Hi</p>\n",
    },
    finish: [LOCK],
    ...rendered("src/index.html", "Hello from Parcel"),
  },
  {
    ...{ name: "create-react-app", language },
    files: {
      "package.json": `${JSON.stringify({ name: "app", private: true, scripts: { start: "react-scripts start", build: "react-scripts build" }, dependencies: { react: "18.3.1", "react-dom": "18.3.1", "react-scripts": "5.0.1" }, browserslist: ["defaults"] })}\n`,
      "public/index.html":
        '<!doctype html><html><head><title>Hello from React</title></head><body><div id="root"></div></body></html>\n',
      "src/index.js":
        'import { createRoot } from "react-dom/client";\ncreateRoot(document.getElementById("root")).render(<h1>Hi</h1>);\n',
    },
    finish: [LOCK],
    ...rendered("public/index.html", "Hello from React"),
  },
];

/** Apps of frameworks that build. */
export const nodeFrameworks: readonly CorpusProject[] = [...scaffolded, ...written];
