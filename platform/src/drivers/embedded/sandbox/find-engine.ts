import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { errorText } from "../../../kernel/index.ts";
import { removeTree } from "../../files/trees/index.ts";
import { type Candidate, type EngineParts, makeEngine } from "./make-engine.ts";
import { openOwnNetwork } from "./own-network.ts";
import { runTrial } from "./run-trial.ts";
import type { SandboxEngine } from "./sandbox-engine.ts";
import { hasWayOut } from "./way-out.ts";

export interface SandboxesOptions {
  /** CONIFER_HOME: it tells this instance's cgroups and addresses from another's. */
  readonly home: string;
  /** A folder for what all sandboxes share: the base layer and spare pipes. One process at a time may use it. */
  readonly directory: string;
  /** CONIFER_CA_BUNDLE. */
  readonly caBundle?: string | undefined;
  /** Ports of this machine that sandboxes with a network of their own may call. Default: none. */
  readonly openPorts?: readonly number[];
  /** What is not to be used although it may be there: how tests stand on a lesser machine. */
  readonly without?: readonly (keyof Candidate | "ownNetwork" | "filter")[];
}

export interface NetworkedEngine {
  readonly engine: SandboxEngine;
  readonly hint: string | undefined;
  /** Whether sandboxes with networks of their own get beyond this machine. */
  readonly wayOut: boolean;
  close(): Promise<void>;
}

/** The engine with a network for each sandbox where that works, shown by a sandbox that has one. */
export async function withOwnNetwork(
  shared: SandboxEngine,
  options: SandboxesOptions,
): Promise<NetworkedEngine> {
  const none = (hint: string | undefined) => ({
    ...{ engine: shared, hint, wayOut: true },
    close: async () => {},
  });
  if (!shared.machine.root || options.without?.includes("ownNetwork")) return none(undefined);
  const own = await openOwnNetwork(options.home, options.openPorts ?? []);
  if (!own.network) return none(own.hint);
  const engine = { ...shared, network: own.network };
  const failure = await tryOut(engine, join(options.directory, "trial"));
  if (failure === undefined) {
    const trial = { engine, directory: join(options.directory, "way-out"), resolver: own.resolver };
    const wayOut = await hasWayOut(trial).catch(() => true);
    return { engine, hint: undefined, wayOut, close: own.close };
  }
  await own.close();
  return none(`Let Conifer make network interfaces: ${failure}`);
}

/** From the most isolated to the least; without root there is no sandbox without a user namespace. */
function candidates(root: boolean): Candidate[] {
  return [true, false].flatMap((userNamespace) =>
    [true, false].flatMap((overlay) =>
      [true, false].flatMap((cgroups) =>
        root || userNamespace ? [{ userNamespace, overlay, cgroups }] : [],
      ),
    ),
  );
}

export interface TrialOptions extends EngineParts {
  readonly options: SandboxesOptions;
}

/** The most isolated engine that has built a sandbox here; throws when none has. */
export async function bestEngine(trial: TrialOptions): Promise<SandboxEngine> {
  const failures: string[] = [];
  const { without = [] } = trial.options;
  for (const candidate of candidates(trial.root)) {
    if (without.some((power) => power !== "ownNetwork" && power !== "filter" && candidate[power])) continue;
    if (candidate.cgroups && trial.cgroups.powers.size === 0) continue;
    const engine = await makeEngine(trial, candidate);
    const directory = join(trial.options.directory, "trial");
    await removeTree(directory);
    const failure = await tryOut(engine, directory);
    if (failure === undefined) return engine;
    failures.push(failure);
  }
  throw new Error(
    `No sandbox for dynos can be built on this machine: ${failures[0]}. ` +
      "Allow user namespaces (sysctl -w user.max_user_namespaces=10000; on Ubuntu also " +
      "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0), or run Conifer as root.",
  );
}

/** Starts a real sandbox; returns why it did not work. */
async function tryOut(engine: SandboxEngine, directory: string): Promise<string | undefined> {
  try {
    const line = ": >/tmp/file && : >~/file && : </proc/self/stat";
    const { code, setUpError, said } = await runTrial(engine, directory, ["sh", "-c", line]);
    return code === 0 ? undefined : (setUpError ?? `${said.trim()} (status ${code})`);
  } catch (thrown) {
    return errorText(thrown);
  }
}

const PROGRAMS = ["unshare", "nsenter", "setpriv", "setsid", "mount", "umount", "pivot_root", "mkfifo", "sh"];

/** Throws when this machine lacks a program that every sandbox needs. */
export function requirePrograms(): void {
  const folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
  const missing = PROGRAMS.filter((name) => !folders.some((folder) => isProgram(join(folder, name))));
  if (missing.length === 0) return;
  throw new Error(
    `Conifer needs the programs ${missing.join(", ")} to run dynos. They are in the packages util-linux and coreutils.`,
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
