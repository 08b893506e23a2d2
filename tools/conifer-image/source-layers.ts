import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeLayer } from "../../buildpacks/lifecycle/image-layout.ts";
import { type LayerEntry, packLayer } from "../../platform/src/delivery/image/index.ts";
import type { Purpose } from "./conifer-packages.ts";
import type { NamedLayer } from "./kept-layers.ts";
import { CONIFER_FOLDER } from "./make-module-layers.ts";
import { entriesBelow } from "./placed-tree.ts";

/** The repository's folders that roles run from. */
const FOLDERS = ["buildpacks", "contract", "platform"];
const FILES = ["LICENSE", "package.json"];
/** What a machine's host tells its lifecycle's version by, since it makes the lifecycle itself. */
const FILES_OF = { cluster: [], machine: ["package-lock.json"] } as const satisfies Record<
  Purpose,
  readonly string[]
>;
/** What images begin with, by name in `bin`. */
const PROGRAM = { cluster: "role", machine: "machine" } as const satisfies Record<Purpose, string>;

/** The entry point of an image. */
export function programFor(purpose: Purpose): string {
  return `${CONIFER_FOLDER}/bin/${PROGRAM[purpose]}`;
}

/** Tests and what serves them, what the API's description is generated from, and what installing and editors leave. */
const LEFT_OUT = [
  /(?:\.test|-fixtures|-suite|-fake)\.ts$/,
  /^contract\/(?:description|fixtures|generator|supplement|generate\.ts)(?:\/|$)/,
  /(?:^|\/)(?:node_modules|\.[^/]*)(?:\/|$)|~$/,
];

export function isOfRoles(path: string): boolean {
  return !LEFT_OUT.some((pattern) => pattern.test(path));
}

/** What roles run: the repository's own sources as they are, without a build step. The top layer, and the one that changes. */
export async function packSources(repository: string, layout: string, purpose: Purpose): Promise<NamedLayer> {
  const layer = await writeLayer(layout, packLayer(sourceEntries(repository, purpose), { uid: 0, gid: 0 }));
  return { ...layer, what: "Conifer" };
}

async function* sourceEntries(repository: string, purpose: Purpose): AsyncGenerator<LayerEntry> {
  const directory = (path: string): LayerEntry => ({ kind: "directory", path, mode: 0o755 });
  const file = async (source: string, path: string, mode: number): Promise<LayerEntry> => {
    const content = await readFile(join(repository, source));
    return { kind: "file", path, mode, content, size: content.length };
  };
  yield directory(CONIFER_FOLDER);
  for (const name of [...FILES, ...FILES_OF[purpose]])
    yield await file(name, `${CONIFER_FOLDER}/${name}`, 0o644);
  yield directory(`${CONIFER_FOLDER}/bin`);
  yield await file(`scripts/${PROGRAM[purpose]}.sh`, programFor(purpose), 0o755);
  for (const name of FOLDERS) {
    const wanted = (path: string) => isOfRoles(`${name}/${path}`);
    const tree = { source: join(repository, name), target: `${CONIFER_FOLDER}/${name}`, wanted };
    for await (const entry of entriesBelow(tree)) if (entry.path !== CONIFER_FOLDER) yield entry;
  }
}
