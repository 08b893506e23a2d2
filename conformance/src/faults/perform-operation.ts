import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { ApiAnswer } from "../api-call.ts";
import { writeFiles } from "../app-folder.ts";
import { type FaultyStage, PHASED, SUBJECT } from "./faulty-stage.ts";
import { type AppState, acknowledge, intend } from "./judge-app.ts";
import type { FaultPoint, Operation } from "./plan-faults.ts";

/** Does it as a client would that gives up when it is refused, and writes down what was acknowledged. */
type Perform = (stage: FaultyStage, point: FaultPoint) => Promise<void>;

const PUSH_MS = 150_000;
const BUILD_MS = 120_000;
const TAIL_MS = 3_000;
/** How far back a client goes. */
const BACK = 6;

const PERFORM: Readonly<Record<Operation, Perform>> = {
  push,
  build,
  "release phase": (stage, point) => changeConfig(stage, PHASED, point),
  deploy: (stage, point) => release(stage, point, "image"),
  "config change": (stage, point) => changeConfig(stage, SUBJECT, point),
  rollback: (stage, point) => release(stage, point, "rollback"),
  scale,
  run,
  "log tail": logTail,
  "API writes": apiWrites,
};

export async function performOperation(stage: FaultyStage, point: FaultPoint): Promise<void> {
  await PERFORM[point.operation](stage, point);
}

/** The answer, or undefined where none came: whether the call did anything is then open. */
async function attempt(
  stage: FaultyStage,
  method: string,
  path: string,
  body?: unknown,
): Promise<ApiAnswer | undefined> {
  const answer = await stage.journey.api(method, path, body).catch(() => undefined);
  const what = answer === undefined ? "no answer" : String(answer.status);
  stage.answers.set(what, (stage.answers.get(what) ?? 0) + 1);
  return answer;
}

const isGood = (answer: ApiAnswer | undefined) => answer !== undefined && answer.status < 300;

/** Does what changes an app, and returns whether it was acknowledged. */
async function changing(
  stage: FaultyStage,
  name: string,
  { change, ask }: { change: (state: AppState) => AppState; ask: () => Promise<boolean> },
): Promise<void> {
  const before = ledgerOf(stage, name);
  stage.ledgers[name] = intend(before, change);
  const acknowledged = await ask();
  stage.answers.set(acknowledged ? "acknowledged" : "not acknowledged", 1);
  if (acknowledged) stage.ledgers[name] = acknowledge(before, change);
}

function ledgerOf(stage: FaultyStage, name: string) {
  const ledger = stage.ledgers[name];
  if (!ledger) throw new Error(`nothing is known of ${name}`);
  return ledger;
}

async function changeConfig(stage: FaultyStage, name: string, { index }: FaultPoint): Promise<void> {
  const vars = { GREETING: `greeting ${index}`, [`ENTRY_${index}`]: String(index) };
  await changing(stage, name, {
    change: (state) => ({ ...state, config: { ...state.config, ...vars } }),
    ask: async () => isGood(await attempt(stage, "PATCH", `/apps/${name}/config-vars`, vars)),
  });
}

async function commitLabel(stage: FaultyStage, label: string): Promise<void> {
  writeFiles(stage.app.folder, { "label.txt": `${label}\n` });
  await stage.app.commit({});
}

async function push(stage: FaultyStage, { index }: FaultPoint): Promise<void> {
  const label = `push ${index}`;
  await commitLabel(stage, label);
  const { person } = stage.journey;
  const { folder } = stage.app;
  await changing(stage, SUBJECT, {
    change: (state) => ({ ...state, label }),
    ask: async () => {
      const pushed = await person.git(["push", "heroku", "main"], { cwd: folder, timeoutMs: PUSH_MS });
      return pushed.code === 0;
    },
  });
}

async function build(stage: FaultyStage, { index }: FaultPoint): Promise<void> {
  const label = `build ${index}`;
  await commitLabel(stage, label);
  const file = join(stage.folder, "source.tgz");
  await stage.app.git("archive", "--format=tar.gz", `--output=${file}`, "HEAD");
  const tarball = new Uint8Array(readFileSync(file));
  await changing(stage, SUBJECT, {
    change: (state) => ({ ...state, label }),
    ask: async () => {
      const source = (await attempt(stage, "POST", "/sources"))?.body?.source_blob;
      if (!source?.put_url) return false;
      const put = await fetch(source.put_url, { method: "PUT", body: tarball }).catch(() => undefined);
      if (put?.status !== 200) return false;
      const made = await attempt(stage, "POST", `/apps/${SUBJECT}/builds`, {
        source_blob: { url: source.get_url, version: label },
      });
      return made !== undefined && isGood(made) && (await buildSucceeds(stage, made.body.id));
    },
  });
}

/** An acknowledged build is never forgotten; whether it succeeds is another matter. */
async function buildSucceeds(stage: FaultyStage, id: string): Promise<boolean> {
  const until = performance.now() + BUILD_MS;
  while (performance.now() < until) {
    const answer = await attempt(stage, "GET", `/apps/${SUBJECT}/builds/${id}`);
    if (answer?.status === 404) {
      stage.complaints.push(`build ${id} was acknowledged and is not there`);
      return false;
    }
    if (isGood(answer) && answer?.body.status !== "pending") return answer?.body.status === "succeeded";
    await pause(200);
  }
  stage.complaints.push(`build ${id} was acknowledged and has not ended`);
  return false;
}

/** Goes back to a release, or releases its image anew with the config of now. */
async function release(stage: FaultyStage, { choice }: FaultPoint, how: "rollback" | "image"): Promise<void> {
  // Known from before the fault, so that it is not the list that fails.
  const recent = [...stage.history.values()].slice(-BACK);
  const to = recent[Math.floor(choice * recent.length)];
  if (!to) throw new Error("no release is known that can be gone back to");
  const { config, label } = to.state;
  await changing(stage, SUBJECT, {
    change: (state) => (how === "rollback" ? { ...state, config, label } : { ...state, label }),
    ask: async () => {
      const body = how === "rollback" ? { release: to.id } : { oci_image: to.imageId };
      return isGood(await attempt(stage, "POST", `/apps/${SUBJECT}/releases`, body));
    },
  });
}

async function scale(stage: FaultyStage, { choice }: FaultPoint): Promise<void> {
  const quantities = { web: 1 + Math.floor(choice * 2), worker: Math.floor(choice * 4) % 2 };
  const updates = Object.entries(quantities).map(([type, quantity]) => ({ type, quantity }));
  await changing(stage, SUBJECT, {
    change: (state) => ({ ...state, quantities: { ...state.quantities, ...quantities } }),
    ask: async () => isGood(await attempt(stage, "PATCH", `/apps/${SUBJECT}/formation`, { updates })),
  });
}

/** Attached or detached; that it leaves nothing is seen afterwards. */
async function run(stage: FaultyStage, { choice, index }: FaultPoint): Promise<void> {
  if (choice < 0.5) {
    await attempt(stage, "POST", `/apps/${SUBJECT}/dynos`, { command: "sleep 2", attach: false });
    return;
  }
  const words = ["run", "--exit-code", "-a", SUBJECT, "--", `sleep 1; echo ran ${index}`];
  const { code, all } = await stage.journey.person.heroku(words, { timeoutMs: 60_000 });
  if (code === 0 && !all.includes(`ran ${index}`))
    stage.complaints.push(`a command succeeded without its output:\n${all}`);
}

async function logTail(stage: FaultyStage, { index }: FaultPoint): Promise<void> {
  const made = await attempt(stage, "POST", `/apps/${SUBJECT}/log-sessions`, { tail: true, lines: 10 });
  if (!made || !isGood(made)) return;
  const signal = AbortSignal.timeout(TAIL_MS);
  await fetch(made.body.logplex_url, { signal })
    .then((stream) => stream.text())
    .catch(() => {});
  await stage.app.page(`/?tail-${index}`).catch(() => {});
}

/** Makes an app, changes it, and removes the one before. */
async function apiWrites(stage: FaultyStage, { index }: FaultPoint): Promise<void> {
  const name = `extra-${index}`;
  const earlier = [...stage.extras.keys()].at(-1);
  stage.extras.set(name, "perhaps");
  const made = await attempt(stage, "POST", "/apps", { name });
  if (made?.status === 201) stage.extras.set(name, "there");
  for (let entry = 0; entry < 5; entry++) await writeEntry(stage, name, entry);
  if (!earlier) return;
  stage.extras.set(earlier, "perhaps");
  const removed = await attempt(stage, "DELETE", `/apps/${earlier}`);
  if (removed?.status === 200) stage.extras.set(earlier, "gone");
}

async function writeEntry(stage: FaultyStage, name: string, entry: number): Promise<void> {
  const answer = await attempt(stage, "PATCH", `/apps/${name}/config-vars`, { [`ENTRY_${entry}`]: name });
  if (answer?.status === 200) stage.entries.push({ name, variable: `ENTRY_${entry}` });
}
