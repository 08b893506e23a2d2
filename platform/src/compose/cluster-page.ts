import { mkdirSync } from "node:fs";
import { clusterTable } from "./cluster-dynos.ts";
import type { Config } from "./config.ts";
import { makeFirstPage, writeFirstPage } from "./first-page.ts";

/** What a browser sees on the ports of an installation that somebody has led to their machine. */
export function writeClusterPage(config: Config): void {
  mkdirSync(config.home.run, { recursive: true, mode: 0o700 });
  const page = makeFirstPage({
    config,
    email: config.adminEmail,
    clone: "<a clone of Conifer>",
    isolation: clusterTable(config.namespace),
  });
  const point = 'export CONIFER_HOME=<what `conifer connect` says>; eval "$(npm run -s env)"';
  writeFirstPage(config.home, { ...page, home: "<CONIFER_HOME>", point });
}
