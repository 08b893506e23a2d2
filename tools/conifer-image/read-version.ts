import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LAYER_TIME } from "../../platform/src/delivery/image/index.ts";
import { runProgram } from "../cluster/run-program.ts";
import type { ConiferVersion } from "./conifer-config.ts";

/** What the sources in a folder say of themselves. Where they are no clone of ours there is no revision. */
export async function readVersion(repository: string): Promise<ConiferVersion> {
  const { version, license } = JSON.parse(await readFile(join(repository, "package.json"), "utf8"));
  const known = await readCommit(repository).catch(() => undefined);
  return { version, license, ...(known ?? { created: LAYER_TIME }) };
}

async function readCommit(repository: string) {
  const git = async (...args: string[]) => (await runProgram("git", ["-C", repository, ...args])).trim();
  // A folder below somebody else's clone is none of its commits.
  if ((await git("rev-parse", "--show-prefix")) !== "") return undefined;
  const [commit = "", seconds] = (await git("log", "-1", "--format=%H %ct")).split(" ");
  const changed = (await git("status", "--porcelain")) !== "";
  return { revision: changed ? `${commit}-changed` : commit, created: new Date(Number(seconds) * 1000) };
}
