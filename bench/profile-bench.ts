import { appendFileSync, cpSync } from "node:fs";
import { join } from "node:path";
import { HELLO_APP } from "../conformance/src/app-folder.ts";
import { type Journey, setOut } from "../conformance/src/journey.ts";
import { CLONE } from "../conformance/src/running-platform.ts";
import { buildFolder } from "./builds/build-folder-by-api.ts";
import { type Profile, profileProcess, selfTimes } from "./platform/profile-process.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { readResult, writeResult } from "./router/result-file.ts";

/**
 * What PROCESS (`control`, or `host`) spends its time on for SECONDS while READERS clients ask the API one question after
 * another, one changes config vars and one builds an app whose packages change: the share of each part of the code, of what
 * is not idle.
 */
const SECONDS = Number(process.env.SECONDS ?? 60);
const READERS = Number(process.env.READERS ?? 4);
const PROCESS = process.env.PROCESS ?? "control";
const SHOWN = 15;
const APP = "asked";
const READ = [
  "/apps",
  `/apps/${APP}`,
  `/apps/${APP}/dynos`,
  `/apps/${APP}/releases`,
  `/apps/${APP}/formation`,
];

async function main(): Promise<void> {
  const journey = await setOut({ env: { CONIFER_RATE_LIMIT: "100000000" } });
  try {
    await journey.deployApp(APP, HELLO_APP);
    const built = await journey.makeApp("built", {});
    cpSync(join(CLONE, "examples", "node-express"), built.folder, { recursive: true });
    await built.commit({}, "The example");
    await built.push();
    const pid = journey.platform.roles().get(PROCESS) ?? 0;
    const done = { reads: 0, changes: 0, builds: 0 };
    const profile = await profileProcess(pid, () => useIt(journey, built.folder, done));
    const figures = { seconds: SECONDS, readers: READERS, done, ...shares(profile) };
    writeResult("profile", {
      figure: "share of a process's time under load, in percent of what is not idle",
      ...{ ...readResult("profile"), [PROCESS]: figures, machine: machineFacts([]) },
    });
    console.log(JSON.stringify(figures, undefined, 2));
  } finally {
    await journey.end();
  }
}

async function useIt(
  journey: Journey,
  folder: string,
  done: { reads: number; changes: number; builds: number },
): Promise<void> {
  const end = Date.now() + SECONDS * 1_000;
  const repeat = async (kind: keyof typeof done, act: () => Promise<unknown>) => {
    while (Date.now() < end) {
      await act();
      done[kind] += 1;
    }
  };
  const change = async () => {
    await journey.api("PATCH", `/apps/${APP}/config-vars`, { ROUND: String(done.changes) });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  };
  const readers = Array.from({ length: READERS }, () =>
    repeat("reads", () => journey.api("GET", READ[done.reads % READ.length] ?? "/apps")),
  );
  await Promise.all([
    ...readers,
    repeat("changes", change),
    repeat("builds", () => {
      appendFileSync(join(folder, "package-lock.json"), "\n");
      return buildFolder(journey, "built", folder);
    }),
  ]);
}

function shares(profile: Profile) {
  const all = selfTimes(profile, partOf);
  const busy = all.filter(([name]) => name !== "(idle)").reduce((sum, [, time]) => sum + time, 0);
  const total = all.reduce((sum, [, time]) => sum + time, 0);
  const percent = (times: readonly (readonly [string, number])[]) =>
    Object.fromEntries(
      times
        .filter(([name]) => name !== "(idle)")
        .slice(0, SHOWN)
        .map(([name, time]) => [name, Number(((time / busy) * 100).toFixed(1))]),
    );
  const functionOf = (frame: Parameters<typeof partOf>[0]) =>
    frame.url ? `${frame.functionName || "(unnamed)"} in ${partOf(frame)}` : frame.functionName;
  return {
    busyPercent: Number(((busy / total) * 100).toFixed(1)),
    parts: percent(all),
    functions: percent(selfTimes(profile, functionOf)),
  };
}

/** A package, a file of ours, a module of node, or what the engine itself did. */
function partOf({ url, functionName }: { readonly url: string; readonly functionName: string }): string {
  const file = url.replace(/^file:\/\//, "");
  const packaged = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1];
  if (packaged) return packaged;
  if (file.startsWith(CLONE)) return file.slice(join(CLONE, "/").length);
  return file || functionName;
}

await main();
