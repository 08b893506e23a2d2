import { existsSync } from "node:fs";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { shellProcess, writeLaunchFile } from "../../shared/launch-file.ts";
import { DEFAULT_NODE_LINE } from "../../shared/node-version.ts";
import { provideNode } from "../../shared/provide-node.ts";
import { provideStaticServer } from "../../shared/static-server-layer.ts";
import { makeFetcher } from "../../shared/verified-download.ts";

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
  const server = await provideStaticServer(context);
  log.detail(`Serving the files of ${root === "." ? "the top folder" : `${root}/`}`);
  const line = `exec node ${server} ${path.join(appDir, root)}`;
  await writeLaunchFile(context.layersDir, { processes: [shellProcess("web", line)] });
}
