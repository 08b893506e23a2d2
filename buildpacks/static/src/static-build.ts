import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { contentKey } from "../../shared/content-key.ts";
import { shellProcess, writeLaunchFile } from "../../shared/launch-file.ts";
import { clearLayer, openLayer, sameMetadata, saveLayer } from "../../shared/layer-folder.ts";
import { DEFAULT_NODE_LINE } from "../../shared/node-version.ts";
import { provideNode } from "../../shared/provide-node.ts";
import { makeFetcher } from "../../shared/verified-download.ts";

const SERVER = "static-server.mjs";
/** Where a site may stand in its repository, in the order they are tried. */
const ROOTS = ["public", "dist", "site", "."] as const;

/** Puts a small web server beside the files of a site, and Node.js to run it. */
export async function build(context: BuildContext): Promise<void> {
  const { log, appDir } = context;
  log.step("Static site detected");
  const root = ROOTS.find((name) => existsSync(path.join(appDir, name, "index.html")));
  if (root === undefined)
    throw new BuildFailure("The site has no index.html.", ["Put one at the top, or in public/."]);
  const fetcher = makeFetcher(context.env, context.signal);
  try {
    const node = await provideNode(
      context,
      { range: DEFAULT_NODE_LINE, statedIn: "the site's server" },
      { fetcher, tools: false },
    );
    await node.keep();
  } finally {
    await fetcher.close();
  }
  const server = await provideServer(context);
  log.detail(`Serving the files of ${root === "." ? "the top folder" : `${root}/`}`);
  const line = `exec node ${server} ${path.join(appDir, root)}`;
  await writeLaunchFile(context.layersDir, { processes: [shellProcess("web", line)] });
}

async function provideServer(context: BuildContext): Promise<string> {
  const layer = await openLayer(context.layersDir, "server");
  const program = await readFile(path.join(context.buildpackDir, "launch", SERVER));
  const metadata = { key: contentKey(program) };
  if (!sameMetadata(layer, metadata)) {
    await clearLayer(layer);
    await writeFile(path.join(layer.dir, SERVER), program);
  }
  await saveLayer(layer, { launch: true }, metadata);
  return path.join(layer.dir, SERVER);
}
