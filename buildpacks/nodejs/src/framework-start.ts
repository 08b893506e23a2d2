import { angularOutputs } from "./angular-output.ts";

/** How what a framework has built is served. */
export interface FrameworkStart {
  readonly framework: string;
  /** The command line of a server, which reads PORT. */
  readonly command?: string;
  /** Client output to serve as files. */
  readonly site?: Site;
  /** What is missing, when nothing can be served. */
  readonly advice?: string;
  /** Variables that make the framework's server listen where requests come from. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Site {
  /** Below the app. */
  readonly folder: string;
  /** The file of the folder that answers for addresses that are no file: apps with a router of their own. */
  readonly fallback?: string;
}

export interface BuiltFacts {
  /** Ranges of dependencies and devDependencies by name. */
  readonly needs: Readonly<Record<string, string>>;
  /** Whether a file or folder is below the app, after the build. */
  readonly hasFile: (name: string) => boolean;
  /** The text of a settings file; undefined when it is not there. */
  readonly readText?: (name: string) => string | undefined;
}

interface Framework {
  readonly name: string;
  /** Any of these dependencies tells. */
  readonly packages: readonly string[];
  readonly start: (
    has: BuiltFacts["hasFile"],
    needs: BuiltFacts["needs"],
    read: (name: string) => string | undefined,
  ) => Omit<FrameworkStart, "framework"> | undefined;
  /** Its build command, for the advice where nothing is built. */
  readonly build: string;
}

const EVERYWHERE = { HOST: "0.0.0.0" };

/** A folder of pages, with the page that its router takes over from, when there is one. */
function site(
  folder: string,
  has: BuiltFacts["hasFile"],
  fallbacks: readonly string[] = [],
): { site: Site } | undefined {
  const fallback =
    has(`${folder}/404.html`) && !has(`${folder}/200.html`)
      ? undefined
      : fallbacks.find((name) => has(`${folder}/${name}`));
  if (!has(`${folder}/index.html`) && fallback === undefined) return undefined;
  return { site: { folder, ...(fallback === undefined ? {} : { fallback }) } };
}

const SINGLE_PAGE = ["200.html", "index.html"];
const server = (file: string, has: BuiltFacts["hasFile"], env?: Readonly<Record<string, string>>) =>
  has(file) ? { command: `node ${file}`, ...(env ? { env } : {}) } : undefined;

/**
 * Frameworks by their packages, those that build on others first. Outputs and the variables their servers read are
 * those of each one's deployment documentation.
 */
const FRAMEWORKS: readonly Framework[] = [
  {
    name: "Next.js",
    packages: ["next"],
    build: "next build",
    start: (has) => {
      if (has(".next/export-detail.json")) return site("out", has);
      return has(".next/BUILD_ID")
        ? { command: "next start -p $PORT", env: { HOSTNAME: "0.0.0.0" } }
        : undefined;
    },
  },
  {
    name: "Nuxt",
    packages: ["nuxt"],
    build: "nuxt build",
    start: (has) =>
      server(".output/server/index.mjs", has, EVERYWHERE) ?? site(".output/public", has, ["200.html"]),
  },
  {
    name: "React Router",
    packages: ["@react-router/dev", "@react-router/serve"],
    build: "react-router build",
    start: (has, needs) => {
      if (has("build/server/index.js") && needs["@react-router/serve"])
        return { command: "react-router-serve ./build/server/index.js" };
      return site("build/client", has, ["__spa-fallback.html", "index.html"]);
    },
  },
  {
    name: "Remix",
    packages: ["@remix-run/dev", "@remix-run/serve"],
    build: "remix vite:build",
    start: (has, needs) => {
      const built = ["build/server/index.js", "build/index.js"].find(has);
      if (built !== undefined && needs["@remix-run/serve"]) return { command: `remix-serve ./${built}` };
      return site("build/client", has, SINGLE_PAGE);
    },
  },
  {
    name: "Astro",
    packages: ["astro"],
    build: "astro build",
    start: (has) => server("dist/server/entry.mjs", has, EVERYWHERE) ?? site("dist", has),
  },
  {
    name: "SvelteKit",
    packages: ["@sveltejs/kit"],
    build: "vite build",
    start: (has) => {
      if (has("build/handler.js")) return { command: "node build", env: EVERYWHERE };
      const pages = site("build", has, SINGLE_PAGE);
      if (pages !== undefined || !has(".svelte-kit/output")) return pages;
      return {
        advice:
          "SvelteKit has built for no server: take the adapter for Node.js (npm install --save-dev @sveltejs/adapter-node, and name it in svelte.config.js).",
      };
    },
  },
  {
    name: "NestJS",
    packages: ["@nestjs/core"],
    build: "nest build",
    start: (has) => server("dist/main.js", has) ?? server("dist/src/main.js", has),
  },
  { name: "Angular", packages: ["@angular/core"], build: "ng build", start: angularStart },
  {
    name: "Fastify",
    packages: ["fastify-cli"],
    build: "tsc",
    start: () => ({ env: { FASTIFY_ADDRESS: "0.0.0.0" } }),
  },
  {
    name: "Nitro",
    packages: [
      "nitropack",
      "nitro",
      "vinxi",
      "@tanstack/react-start",
      "@solidjs/start",
      "@analogjs/platform",
    ],
    build: "vite build",
    start: (has) =>
      server(".output/server/index.mjs", has, EVERYWHERE) ?? site(".output/public", has, SINGLE_PAGE),
  },
  { name: "Gatsby", packages: ["gatsby"], build: "gatsby build", start: (has) => site("public", has) },
  {
    name: "Docusaurus",
    packages: ["@docusaurus/core"],
    build: "docusaurus build",
    start: (has) => site("build", has),
  },
  { name: "Eleventy", packages: ["@11ty/eleventy"], build: "eleventy", start: (has) => site("_site", has) },
  {
    name: "Create React App",
    packages: ["react-scripts"],
    build: "react-scripts build",
    start: (has) => site("build", has, SINGLE_PAGE),
  },
  {
    name: "Vue CLI",
    packages: ["@vue/cli-service"],
    build: "vue-cli-service build",
    start: (has) => site("dist", has, SINGLE_PAGE),
  },
  {
    name: "VitePress",
    packages: ["vitepress"],
    build: "vitepress build",
    start: (has) => site(".vitepress/dist", has) ?? site("docs/.vitepress/dist", has),
  },
  {
    name: "Rsbuild",
    packages: ["@rsbuild/core"],
    build: "rsbuild build",
    start: (has) => site("dist", has, SINGLE_PAGE),
  },
  {
    name: "Parcel",
    packages: ["parcel"],
    build: "parcel build",
    start: (has) => site("dist", has, SINGLE_PAGE),
  },
  { name: "Vite", packages: ["vite"], build: "vite build", start: (has) => site("dist", has, SINGLE_PAGE) },
];

/** A server where the app renders on one, which reads PORT; else the files for browsers. */
function angularStart(has: BuiltFacts["hasFile"], _: unknown, read: (name: string) => string | undefined) {
  for (const folder of angularOutputs(read("angular.json") ?? "")) {
    const pages = ["index.csr.html", ...SINGLE_PAGE];
    const found =
      server(`${folder}/server/server.mjs`, has) ??
      site(`${folder}/browser`, has, pages) ??
      site(folder, has, pages);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The first framework of the app, and how its output is served; undefined for an app without one. */
export function frameworkStart({ needs, hasFile, readText }: BuiltFacts): FrameworkStart | undefined {
  const found = FRAMEWORKS.find(({ packages }) => packages.some((name) => needs[name] !== undefined));
  if (found === undefined) return undefined;
  const start = found.start(hasFile, needs, readText ?? (() => undefined));
  if (start !== undefined) return { framework: found.name, ...start };
  const advice = `${found.name} has built nothing that can be served. Is there a build script in package.json? For example:\n  "build": "${found.build}"`;
  return { framework: found.name, advice };
}

/** Programs that serve for development: they listen on this machine only, or need packages that are not in the image. */
const DEVELOPMENT =
  /^(?:npx +|yarn +|pnpm +(?:exec +)?)?(?:vite(?: +(?:dev|serve|preview))?|nest +start|react-scripts +start|vue-cli-service +serve|ng +serve|rsbuild(?: +(?:dev|preview))?|vitepress(?: +(?:dev|preview|serve))?|astro +(?:dev|preview)|nuxi? +(?:dev|preview)|nuxt +(?:dev|preview)|next +dev|remix +(?:dev|vite:dev)|react-router +dev|webpack(?:-dev-server| +serve)|gatsby +develop|docusaurus +start|parcel|eleventy +--serve)(?= |$)/;

/** Whether a start script is known not to serve requests in a dyno. One that says which port it takes is believed. */
export function isDevelopmentServer(script: string): boolean {
  const line = script.trim().replace(/^(?:cross-env +)?(?:\w+=\S* +)*/, "");
  return DEVELOPMENT.test(line) && !/\$\{?PORT\b/.test(script);
}
