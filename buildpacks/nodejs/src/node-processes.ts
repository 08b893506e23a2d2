import { type FrameworkStart, isDevelopmentServer, type Site } from "./framework-start.ts";

/** The programs by which package managers are called. */
export type Program = "npm" | "pnpm" | "yarn";

/** How the app's processes need to be started. */
export interface NodeStart {
  /** The default `web` process, when one is known: a command line, or a folder of files to serve. */
  readonly web: { readonly command: string } | { readonly site: Site } | undefined;
  /** What decided, for the log. */
  readonly why: string;
  /** The package managers that a process of the app calls at run time. */
  readonly programs: readonly Program[];
}

export interface StartFacts {
  readonly scripts: Readonly<Record<string, string>>;
  readonly procfile: string | undefined;
  /** Whether a file is in the app's folder, after the build. */
  readonly hasFile: (name: string) => boolean;
  readonly framework?: FrameworkStart | undefined;
  /** The app's package manager; npm unless said. */
  readonly program?: Program;
  /** Whether packages are in archives, so that only the package manager finds their programs. */
  readonly archives?: boolean;
}

/** Names that only a package manager sets, or programs that only it brings. */
const CALLS: readonly { readonly program: Program; readonly words: RegExp }[] = [
  { program: "npm", words: /\bnpm\b|\bnpx\b|npm_(package|config|lifecycle)_/ },
  { program: "pnpm", words: /\bpnpm\b|\bpnpx\b/ },
  { program: "yarn", words: /\byarn\b|\byarnpkg\b/ },
];

/** The package managers that a text of commands calls. */
export function programsCalled(text: string): readonly Program[] {
  return CALLS.filter(({ words }) => words.test(text)).map(({ program }) => program);
}

/**
 * The default web process is what `npm start` runs, and what serves the output of the app's framework where there is no
 * start script, or one that only starts a server for development. When `scripts.start` needs nothing of a package
 * manager, its text is run as it stands (node_modules/.bin is on PATH): that saves the manager's start-up and memory,
 * and signals reach the app. Without all of that `server.js` and then `index.js` are tried, as `npm start` and Heroku do.
 */
export function nodeStart(facts: StartFacts): NodeStart {
  const { scripts, procfile = "", framework, program = "npm", hasFile } = facts;
  const called = programsCalled(procfile);
  if (/^\s*web\s*:/m.test(procfile)) return { web: undefined, why: "Procfile", programs: called };
  const served = serveFramework(facts);
  const script = scripts.start?.trim();
  if (script && !(served && isDevelopmentServer(script))) {
    const through = mustGoThroughManager(facts, script);
    const programs = through ? [...new Set([program, ...programsCalled(script), ...called])] : called;
    return { web: { command: through ? `${program} start` : script }, why: "the start script", programs };
  }
  if (served !== undefined) {
    const why = script
      ? `${framework?.framework}; the start script is a development server`
      : `${framework?.framework}`;
    const programs =
      "command" in served && served.command.startsWith("yarn ")
        ? [...new Set(["yarn" as const, ...called])]
        : called;
    return { web: served, why, programs };
  }
  const file = ["server.js", "index.js"].find(hasFile);
  return {
    web: file === undefined ? undefined : { command: `node ${file}` },
    why: file ?? "nothing",
    programs: called,
  };
}

function serveFramework({ framework, archives }: StartFacts): NodeStart["web"] {
  if (framework?.site) return { site: framework.site };
  if (framework?.command === undefined) return undefined;
  const { command } = framework;
  return { command: archives && !command.startsWith("node ") ? `yarn ${command}` : command };
}

/** Scripts beside `start` run only with the manager, and so do programs of packages in archives. */
function mustGoThroughManager({ scripts, archives }: StartFacts, script: string): boolean {
  if (programsCalled(script).length > 0 || scripts.prestart || scripts.poststart) return true;
  return archives === true && !/^(?:exec +)?node /.test(script);
}
