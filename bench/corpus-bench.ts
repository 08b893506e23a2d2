import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { setOut } from "../conformance/src/journey.ts";
import { makeBareBuilds } from "./builds/bare-commands.ts";
import { corpus } from "./corpus/corpus.ts";
import { mergeOutcomes, type Outcome, outcomeLine, summarize } from "./corpus/corpus-report.ts";
import { tryProject } from "./corpus/try-project.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { readResult, writeResult } from "./router/result-file.ts";

/**
 * Projects as people push them, in every language that builds know: each is made on this machine, mostly by the official
 * scaffolding packages, then built cold by the API, started, asked for a page, changed by a line, built warm and asked again.
 * ONLY=<part of a name>[,...] tries those alone; the others keep what an earlier run has found. PARALLEL (1) are tried at a
 * time; BARE=1 measures the package managers' own commands for the same warm builds. What a failing one has said is in
 * ~/.cache/conifer/corpus/outputs. The figure is the share that works; times say something when nothing else runs here.
 */
const GOAL = 100;
const PARALLEL = Number(process.env.PARALLEL ?? 1);
const OUTPUTS = join(homedir(), ".cache/conifer/corpus/outputs");

async function main(): Promise<number> {
  const only = (process.env.ONLY ?? "").split(",").filter(Boolean);
  const wanted = corpus.filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)));
  if (wanted.length === 0) {
    console.error(
      `No project is called ${only.join(", ")}. There are: ${corpus.map(({ name }) => name).join(", ")}`,
    );
    return 1;
  }
  const journey = await setOut({ env: { CONIFER_RATE_LIMIT: "1000000" } });
  const bare = process.env.BARE === "1" ? makeBareBuilds() : undefined;
  let tried: readonly Outcome[] = [];
  try {
    const left = [...wanted];
    const work = async () => {
      for (let project = left.shift(); project; project = left.shift()) {
        const outcome = await tryProject({ journey, bare }, project);
        tried = [...tried, outcome];
        console.log(outcomeLine(outcome));
        keepReason(outcome);
        write(tried);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
  } finally {
    bare?.remove();
    await journey.end();
  }
  const { successPercent, tried: count, works, untried } = summarize(tried);
  console.log(`${successPercent} %: ${works} of ${count} work; ${untried} not tried here`);
  return successPercent >= GOAL || count === 0 ? 0 : 1;
}

function write(tried: readonly Outcome[]): void {
  const earlier = (readResult("corpus")?.outcomes ?? []) as readonly Outcome[];
  const names = corpus.map(({ name }) => name);
  const outcomes = mergeOutcomes(names, earlier, tried.map(shortened));
  writeResult("corpus", {
    figure: "share of projects that build cold and warm, boot and answer, in percent; times in ms",
    ...{ goal: GOAL, ...summarize(outcomes) },
    note: "times were taken while other work ran on the machine, and are no measure",
    outcomes,
    machine: machineFacts(["npm --version", "/usr/bin/python3 --version", "java -version", "go version"]),
  });
}

/** A result holds what failed in a line, and no build's whole output. */
function shortened(outcome: Outcome): Outcome {
  if (outcome.kind !== "works") return { ...outcome, reason: outcomeLine(outcome).replace(/^\S+\s+/, "") };
  const { coldMs, warmMs, bootMs } = outcome;
  return { ...outcome, coldMs: Math.round(coldMs), warmMs: Math.round(warmMs), bootMs: Math.round(bootMs) };
}

function keepReason(outcome: Outcome): void {
  if (outcome.kind !== "fails") return;
  mkdirSync(OUTPUTS, { recursive: true });
  writeFileSync(join(OUTPUTS, `${outcome.name}.txt`), `${outcome.reason}\n`);
}

process.exitCode = await main();
