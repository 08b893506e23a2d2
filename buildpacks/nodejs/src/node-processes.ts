/** How the app's processes need to be started. */
export interface NodeStart {
  /** The command line of the default `web` process, when one is known. */
  readonly web: string | undefined;
  /** Whether a process of the app calls npm or npx at run time. */
  readonly needsNpm: boolean;
}

export interface StartFacts {
  readonly scripts: Readonly<Record<string, string>>;
  readonly procfile: string | undefined;
  /** Whether a file is in the app's folder. */
  readonly hasFile: (name: string) => boolean;
}

/** Names that only npm sets, or programs that only npm brings. */
const NEEDS_NPM = /\bnpm\b|\bnpx\b|npm_(package|config|lifecycle)_/;

/**
 * The default web process is what `npm start` runs. When `scripts.start` needs nothing of npm itself, its text is run
 * as it stands (node_modules/.bin is on PATH): that saves npm's start-up and memory, and signals reach the app.
 * Without a start script, `server.js` and then `index.js` are tried, as `npm start` and Heroku do.
 */
export function nodeStart(facts: StartFacts): NodeStart {
  const procfileHasWeb = /^\s*web\s*:/m.test(facts.procfile ?? "");
  const procfileNeedsNpm = NEEDS_NPM.test(facts.procfile ?? "");
  if (procfileHasWeb) return { web: undefined, needsNpm: procfileNeedsNpm };
  const start = facts.scripts.start?.trim();
  if (start) {
    const throughNpm =
      NEEDS_NPM.test(start) || Boolean(facts.scripts.prestart) || Boolean(facts.scripts.poststart);
    return { web: throughNpm ? "npm start" : start, needsNpm: throughNpm || procfileNeedsNpm };
  }
  const file = ["server.js", "index.js"].find(facts.hasFile);
  return { web: file === undefined ? undefined : `node ${file}`, needsNpm: procfileNeedsNpm };
}
