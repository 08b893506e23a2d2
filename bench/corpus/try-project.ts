import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Journey } from "../../conformance/src/journey.ts";
import { type Visit, visit } from "../../conformance/src/visit.ts";
import { waitUntil } from "../../conformance/src/wait-until.ts";
import type { BareBuilds } from "../builds/bare-commands.ts";
import { buildFolder } from "../builds/build-folder-by-api.ts";
import { managerCommands } from "./bare-equivalent.ts";
import type { CorpusProject } from "./corpus-project.ts";
import type { Outcome } from "./corpus-report.ts";
import { applyEdit, sourceOf } from "./scaffolded-source.ts";

const BUILD_MS = 1_200_000;
const BOOT_MS = 90_000;

export interface Trial {
  readonly journey: Journey;
  /** Where the same is done without a platform, when that is to be measured. */
  readonly bare: BareBuilds | undefined;
}

/** Builds the project cold, starts and asks it, changes a line, builds it warm and asks again; the app is removed. */
export async function tryProject(trial: Trial, project: CorpusProject): Promise<Outcome> {
  const { name, language } = project;
  const why = project.missing?.();
  if (why !== undefined) return { name, language, kind: "untried", reason: why };
  const folder = mkdtempSync(join(tmpdir(), "conifer-corpus-"));
  try {
    cpSync(await sourceOf(project), folder, { recursive: true, verbatimSymlinks: true });
    return { name, language, kind: "works", ...(await serve(trial, project, folder)) };
  } catch (thrown) {
    return { name, language, kind: "fails", reason: (thrown as Error).message };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function serve({ journey, bare }: Trial, project: CorpusProject, folder: string) {
  const { config, stack, says, thenSays } = project;
  const made = await journey.api("POST", "/apps", { name: project.name, ...(stack ? { stack } : {}) });
  if (made.status !== 201) throw new Error(`no app: ${JSON.stringify(made.body)}`);
  const app = made.body.id;
  try {
    if (config) await journey.api("PATCH", `/apps/${app}/config-vars`, config);
    const coldMs = await buildFolder(journey, app, folder, BUILD_MS);
    const began = performance.now();
    const { status } = await untilSaid(journey, project, says);
    const bootMs = performance.now() - began;
    const commands = bare && managerCommands(folder);
    // The first time fills the manager's cache, as the platform's is by then.
    if (commands) await bare.time(folder, commands, "kept");
    applyEdit(folder, project.change);
    const warmMs = await buildFolder(journey, app, folder, BUILD_MS);
    await untilSaid(journey, project, thenSays);
    const bareMs = commands && (await bare.time(folder, commands, "kept"));
    return { coldMs, warmMs, bootMs, status, text: says, ...(bareMs === undefined ? {} : { bareMs }) };
  } finally {
    await journey.api("DELETE", `/apps/${app}`);
  }
}

/** The first answer with status 200 that has the text. Throws with the last one and the app's log when none comes. */
async function untilSaid(journey: Journey, { name, page = "/" }: CorpusProject, text: string) {
  let last: Visit | undefined;
  const look = async () => {
    last = await visit(journey.platform.routerPort, `${name}.localhost`, page, {
      accept: "text/html, */*;q=0.8",
    });
    return last.status === 200 && last.body.includes(text) && last;
  };
  try {
    return await waitUntil(`a page with "${text}"`, look, { ms: BOOT_MS });
  } catch {
    const seen = `${last?.status}: ${last?.body.slice(0, 2_000)}`;
    throw new Error(`no page with "${text}", but ${seen}\n${await logOf(journey, name)}`);
  }
}

async function logOf(journey: Journey, app: string): Promise<string> {
  const { body } = await journey.api("POST", `/apps/${app}/log-sessions`, { lines: 1_500 });
  const text = await (await fetch(body.logplex_url, { signal: AbortSignal.timeout(10_000) })).text();
  // The visits of the wait are not what is looked for.
  return text.replace(/^.* heroku\[router\]: .*\n/gm, "");
}
