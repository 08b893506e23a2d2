import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { removeTree } from "../../files/trees/index.ts";
import { describeAbilities } from "./abilities.ts";
import { findHierarchies } from "./cgroup-hierarchies.ts";
import { openCgroups, removeParents } from "./cgroups.ts";
import { findFilterLoader } from "./filter-loader.ts";
import { bestEngine, requirePrograms, type SandboxesOptions, withOwnNetwork } from "./find-engine.ts";
import { makePipeStock } from "./pipe-stock.ts";
import type { Sandboxes } from "./sandbox.ts";
import { BUILDER_IDS } from "./sandbox-plan.ts";
import { removeRemains } from "./sandbox-record.ts";
import { startSandbox } from "./start-sandbox.ts";

/**
 * Finds out by trial what this machine can do and makes ready what sandboxes share. Throws, with what the operator can
 * do, when no sandbox can be built here at all.
 */
export async function openSandboxes(options: SandboxesOptions): Promise<Sandboxes> {
  requirePrograms();
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const parentsFile = join(options.directory, "cgroups");
  await removeParents((await readFile(parentsFile, "utf8").catch(() => "")).split("\n").filter(Boolean));
  const root = process.getuid?.() === 0;
  const pipes = await makePipeStock(join(options.directory, "pipes"));
  const cgroups = await openCgroups(
    findHierarchies(readFileSync("/proc/self/mountinfo", "utf8"), readFileSync("/proc/self/cgroup", "utf8")),
    `conifer-${createHash("sha256").update(options.home).digest("hex").slice(0, 12)}`,
  );
  await writeFile(parentsFile, cgroups.parents.join("\n"));
  const filtering = options.without?.includes("filter") ? { hint: "" } : await findFilterLoader();
  const filter = "loader" in filtering ? filtering.loader : undefined;
  const shared = await bestEngine({ options, root, pipes, cgroups, filter });
  const { engine, hint, wayOut, close } = await withOwnNetwork(shared, options);
  return {
    abilities: describeAbilities({
      root,
      userNamespace: engine.machine.userNamespace,
      overlay: engine.machine.overlay,
      powers: engine.cgroups.powers,
      cgroupVersions: engine.cgroups.versions,
      network: engine.network.kind,
      ...{ networkHint: hint, wayOut },
      filter: filter !== undefined,
      ...("hint" in filtering ? { filterHint: filtering.hint } : {}),
    }),
    ...(engine.machine.owner ? { owner: engine.machine.owner } : {}),
    ...(root ? { builder: { uid: BUILDER_IDS.first, gid: BUILDER_IDS.first } } : {}),
    start: (spec) => startSandbox(engine, spec),
    removeRemains,
    stop: async () => {
      await close();
      await cgroups.close();
      await removeTree(options.directory);
    },
  };
}
