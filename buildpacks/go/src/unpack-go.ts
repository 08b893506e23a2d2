import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { unpackArchive } from "../../shared/verified-download.ts";
import { readZip } from "../../shared/zip-archive.ts";
import type { GoArchive } from "./go-sources.ts";
import { makeModuleHash } from "./module-hash.ts";

/** Files between which an abort is looked at. */
const STRIDE = 200;

/**
 * Unpacks a toolchain so that `<target>/bin/go` runs. Go's own tests and documents stay behind. A module's zip is
 * checked on the way: when its hash differs this throws, and `target` holds files that must not be used.
 */
export async function unpackGo(
  context: Pick<BuildContext, "env" | "signal">,
  archive: GoArchive,
  target: string,
): Promise<void> {
  if (archive.kind === "module") return await unpackModule(context, archive, target);
  const { env, signal } = context;
  const without = ["go/test", "go/api", "go/doc", "go/misc", "*/testdata", "*_test.go"];
  await unpackArchive(archive.file, target, { members: ["go/*"], without, env, signal });
}

/** Whether a toolchain's file is of no use to a build. */
export function isDispensable(name: string): boolean {
  return /^(test|api|doc|misc)\/|(^|\/)testdata\/|_test\.go$/.test(name);
}

async function unpackModule(
  { signal }: Pick<BuildContext, "signal">,
  { file, hash, top }: Extract<GoArchive, { kind: "module" }>,
  target: string,
): Promise<void> {
  const made = new Set<string>();
  const sum = makeModuleHash();
  let count = 0;
  for await (const { name, content } of readZip(file)) {
    if (count++ % STRIDE === 0) signal.throwIfAborted();
    sum.add(name, content);
    if (!name.startsWith(top))
      throw new Error(`it holds ${JSON.stringify(name)}, which is no file of the module`);
    const own = ownName(name.slice(top.length));
    if (isDispensable(own)) continue;
    const at = path.join(target, own);
    const folder = path.dirname(at);
    if (!made.has(folder)) mkdirSync(folder, { recursive: true });
    made.add(folder);
    writeFileSync(at, content);
    // A module's zip has no permissions; cmd/go marks the same two folders.
    if (/^(bin|pkg\/tool)\//.test(own)) chmodSync(at, 0o755);
  }
  if (sum.digest() !== hash) throw new Error(`its content hashes to ${sum.digest()}, not to ${hash}`);
}

/** A module cannot hold another one's go.mod, so those of the standard library are called otherwise there. */
function ownName(name: string): string {
  return name.replace(/(^|\/)_go\.mod$/, "$1go.mod");
}
