import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { shellProcess, writeLaunchFile } from "../../shared/launch-file.ts";
import { DEFAULT_NODE_LINE } from "../../shared/node-version.ts";
import { provideNode } from "../../shared/provide-node.ts";
import { runTool } from "../../shared/run-tool.ts";
import { provideStaticServer } from "../../shared/static-server-layer.ts";
import { makeFetcher } from "../../shared/verified-download.ts";
import { planSite, readSiteStatements } from "./read-site.ts";

/** Puts a small web server beside the files of a site, how it is to serve them, and Node.js to run it. */
export async function build(context: BuildContext): Promise<void> {
  const { log, appDir } = context;
  log.step("Static site detected");
  const read = await readSiteStatements(appDir);
  for (const warning of read.warnings) log.warn(warning);
  if (read.statements.build !== undefined) await makeFiles(context, read.statements.build);
  const { root, config, readFrom, warnings } = await planSite(appDir, read);
  for (const warning of warnings) log.warn(warning);
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
  const { server, settings } = await provideStaticServer(context, config);
  log.detail(`Serving the files of ${root === "." ? "the top folder" : `${root}/`}`);
  if (readFrom.length > 0)
    log.detail(`Served as ${readFrom.join(", ")} ${readFrom.length === 1 ? "says" : "say"}`);
  const words = [server, path.join(appDir, root), settings].map(quoted);
  await writeLaunchFile(context.layersDir, {
    processes: [shellProcess("web", `exec node ${words.join(" ")}`)],
  });
}

/** Runs the app's own command that makes the files. */
async function makeFiles(context: BuildContext, [command = "", ...args]: readonly string[]): Promise<void> {
  const { appDir: cwd, env, log, signal } = context;
  log.step(`Running ${[command, ...args].join(" ")}`);
  const code = await runTool({ command, args, cwd, env, log, signal }).catch(
    (thrown: NodeJS.ErrnoException) => {
      if (thrown.code !== "ENOENT") throw thrown;
      throw new BuildFailure(`There is no program ${command}.`, [
        "Change build.command in project.toml, or put a buildpack that brings it before this one.",
      ]);
    },
  );
  if (code !== 0) {
    throw new BuildFailure(`The site's build command ended with status ${code}; see its output above.`, [
      "It is build.command in project.toml.",
    ]);
  }
}

/** A word of a shell line; most need nothing. */
function quoted(word: string): string {
  return /^[\w./@%+=:,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
