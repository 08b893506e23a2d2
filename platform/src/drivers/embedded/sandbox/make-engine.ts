import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Cgroups, openCgroups } from "./cgroups.ts";
import type { FilterLoader } from "./filter-loader.ts";
import { prepareHostBase } from "./host-base.ts";
import { findKernelFiles } from "./kernel-files.ts";
import { prepareOwnRootTools } from "./own-root-tools.ts";
import type { PipeStock } from "./pipe-stock.ts";
import type { SandboxEngine } from "./sandbox-engine.ts";
import { sharedNetwork } from "./sandbox-network.ts";
import type { Account } from "./sandbox-plan.ts";
import { SET_UP } from "./sandbox-scripts.ts";

/** Account that programs run as when Conifer is root: below the ids that systemd and shadow give out, and nobody's. */
const OWNER: Account = { uid: 96_400, gid: 96_400 };
/** Who a program is inside its user namespace. */
const INSIDE: Account = { uid: 1000, gid: 1000 };

/** What an engine is to use of its machine. */
export interface Candidate {
  readonly userNamespace: boolean;
  readonly overlay: boolean;
  readonly cgroups: boolean;
}

/** What every engine of this process has. */
export interface EngineParts {
  readonly options: {
    readonly home: string;
    readonly directory: string;
    readonly caBundle?: string | undefined;
  };
  readonly root: boolean;
  readonly pipes: PipeStock;
  readonly cgroups: Cgroups;
  readonly filter: FilterLoader | undefined;
}

/** Makes ready, in the folder that all sandboxes share, what an engine needs; in place of what another one had there. */
export async function makeEngine(
  { options, root, pipes, cgroups, filter }: EngineParts,
  wanted: Candidate,
): Promise<SandboxEngine> {
  const owner = root ? OWNER : undefined;
  const inside = wanted.userNamespace ? INSIDE : OWNER;
  const base = await prepareHostBase({
    directory: join(options.directory, "base"),
    caBundle: options.caBundle,
    inside,
    owner,
  });
  const mountPoint = join(options.directory, "root");
  const setUpFile = join(options.directory, "set-up");
  await writeFile(setUpFile, SET_UP);
  await mkdir(mountPoint, { recursive: true, mode: 0o755 });
  return {
    machine: {
      root,
      userNamespace: wanted.userNamespace,
      inside,
      owner,
      overlay: wanted.overlay,
      base,
      setUpFile,
      mountPoint,
      home: options.home,
      coverUsrLocal: existsSync("/usr/local"),
      kernelFiles: findKernelFiles(),
      ...(filter ? { filter } : {}),
    },
    cgroups: wanted.cgroups ? cgroups : await openCgroups([], ""),
    network: sharedNetwork,
    pipes,
    terminals: new Set(),
    ownRootTools: once(() =>
      prepareOwnRootTools(join(options.directory, "own-root"), {
        certificates: options.caBundle,
        filtered: filter !== undefined,
      }),
    ),
    checkedLayers: new Set(),
  };
}

/** What failed is tried again by the next who asks. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((thrown: unknown) => {
      made = undefined;
      throw thrown;
    });
    return made;
  };
}
