import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "smol-toml";
import { BUILDPACK_APIS, PLATFORM_APIS } from "../../buildpacks/lifecycle/api-versions.ts";
import { bundleLifecycle } from "../../buildpacks/lifecycle/bundle-lifecycle.ts";
import { writeLayer } from "../../buildpacks/lifecycle/image-layout.ts";
import { toEntries, walkTree } from "../../buildpacks/lifecycle/tree-entries.ts";
import { bundleBuildpacks } from "../../buildpacks/shared/bundle-buildpacks.ts";
import { type LayerEntry, packLayer } from "../../platform/src/delivery/image/index.ts";
import { bundlePodPrograms } from "../../platform/src/drivers/kubernetes/builds/index.ts";
import type { NamedLayer } from "./assemble-image.ts";
import type { BuilderBuildpack, BuilderContent, OrderGroup } from "./builder-labels.ts";

/** The folder /cnb of a builder image, and what is in it. */
export interface BuilderTree extends BuilderContent {
  /** Names all content. */
  readonly content: string;
  /** Writes it into a layout, as layers of what changes together. */
  readonly pack: (layout: string) => Promise<readonly NamedLayer[]>;
}

const ROOT = { uid: 0, gid: 0 };

/** What goes into a layer of its own: paths below /cnb, that of less change first. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  "Node.js": ["node"],
  lifecycle: ["lifecycle", "conifer", "run.toml"],
  buildpacks: ["buildpacks", "order.toml"],
};

/** Makes the tree in an empty folder. `node` is the program that phases and buildpacks run with. */
export async function makeBuilderTree(
  folder: string,
  from: { readonly node: string; readonly runImage: string },
): Promise<BuilderTree> {
  const at = (path: string) => join(folder, path);
  await mkdir(at("node/bin"), { recursive: true });
  await copyFile(from.node, at("node/bin/node"));
  await chmod(at("node/bin/node"), 0o755);
  await bundleLifecycle(at("lifecycle"));
  await bundlePodPrograms(at("conifer"));
  await writeFile(at("run.toml"), `[[images]]\nimage = ${JSON.stringify(from.runImage)}\n`);
  const { buildpacks, orderFile } = await bundleBuildpacks(at("buildpacks"));
  const order = await readFile(orderFile, "utf8");
  await writeFile(at("order.toml"), order);
  const entries = Object.values(LAYERS)
    .flat()
    .flatMap((path) => [...entriesBelow(folder, path)]);
  return {
    buildpacks: await Promise.all(buildpacks.map(({ dir }) => readBuildpack(dir))),
    order: (parse(order) as unknown as { order: OrderGroup[] }).order,
    lifecycle: { version: await ourVersion(), platformApis: PLATFORM_APIS, buildpackApis: BUILDPACK_APIS },
    content: await hashEntries(entries),
    pack: async (layout) => {
      const layers: NamedLayer[] = [];
      for (const [what, paths] of Object.entries(LAYERS)) {
        const below = paths.flatMap((path) => [...entriesBelow(folder, path)]);
        const layer = await writeLayer(layout, packLayer([CNB, ...below], ROOT));
        layers.push({ ...layer, what });
      }
      return layers;
    },
  };
}

const CNB: LayerEntry = { kind: "directory", path: "/cnb", mode: 0o755 };

/** Everything below a path of the tree as it stands in the image; what the makers remember of themselves stays out. */
function* entriesBelow(folder: string, path: string): Generator<LayerEntry> {
  for (const entry of toEntries(walkTree(join(folder, path)))) {
    const name = entry.path.slice(folder.length);
    if (/\/\.[^/]+$/.test(name) || name === "/buildpacks/order.toml") continue;
    const mode = entry.kind === "directory" || (entry.mode & 0o111) !== 0 ? 0o755 : 0o644;
    const target = entry.kind === "link" ? { target: `/cnb${entry.target.slice(folder.length)}` } : {};
    yield { ...entry, ...target, path: `/cnb${name}`, mode };
  }
}

async function hashEntries(entries: readonly LayerEntry[]): Promise<string> {
  const hash = createHash("sha256");
  for await (const part of packLayer(entries, ROOT)) hash.update(part);
  return hash.digest("hex");
}

async function readBuildpack(dir: string): Promise<BuilderBuildpack> {
  const descriptor = parse(await readFile(join(dir, "buildpack.toml"), "utf8")) as {
    readonly api?: unknown;
    readonly buildpack?: { readonly id?: unknown; readonly version?: unknown };
  };
  const { id, version } = descriptor.buildpack ?? {};
  return { id: String(id), version: String(version), api: String(descriptor.api) };
}

async function ourVersion(): Promise<string> {
  const text = await readFile(join(import.meta.dirname, "../../package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
