import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { execute } from "./stock-client.ts";

/** How a platform is started as if on a lesser machine than this one, or as somebody else. */
export interface PreparedMachine {
  /** A command that runs another one there. */
  readonly machine: readonly string[];
  /** Whether the platform is root's. */
  readonly root: boolean;
  /** A fresh CONIFER_HOME. */
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  /** Takes away what was made, but for the home. */
  remove(): void;
}

/** Whose ids an ordinary platform's processes have. */
export interface OrdinaryAccount {
  readonly uid: number;
  readonly gid: number;
}

/** Whom systems call nobody: an account that no person has. */
export const NOBODY: OrdinaryAccount = { uid: 65_534, gid: 65_534 };

/** What `setpriv` is told to run something as that account. */
export function asAccount({ uid, gid }: OrdinaryAccount): readonly string[] {
  return ["--reuid", String(uid), "--regid", String(gid), "--clear-groups"];
}

/** A line of shell for `changedMachine`: cgroups are not there. */
export const WITHOUT_CGROUPS = "umount --recursive --lazy /sys/fs/cgroup || exit 1";

/** Root on this machine, with nothing else. */
export function asRoot(machine: readonly string[] = []): PreparedMachine {
  return { machine, root: true, home: makeLesserHome(), env: {}, remove: () => {} };
}

/** Runs a command with its own view of the machine's files, changed by a line of shell. */
export function changedMachine(line: string): readonly string[] {
  return ["unshare", "--mount", "sh", "-c", `${line}; exec "$@"`, "sh"];
}

/** An account without rights, in cgroups of version 1 that were made for it, where there are such. */
export function asOrdinary(
  account: OrdinaryAccount,
  { joined, remove }: OwnCgroups = NO_CGROUPS,
): PreparedMachine {
  const home = makeLesserHome();
  chownSync(home, account.uid, account.gid);
  const line =
    'for group in $CONIFER_TEST_GROUPS; do echo 0 >"$group/cgroup.procs" || exit 1; done; unset CONIFER_TEST_GROUPS; exec "$@"';
  const become = ["setpriv", ...asAccount(account), "--inh-caps=-all", "--"];
  return {
    machine: ["sh", "-c", line, "sh", ...become],
    root: false,
    home,
    env: { HOME: home, PATH: openPath(), CONIFER_TEST_GROUPS: joined.join(" ") },
    remove,
  };
}

export interface OwnCgroups {
  readonly joined: readonly string[];
  remove(): void;
}

const NO_CGROUPS: OwnCgroups = { joined: [], remove: () => {} };

/** Adds an account of people's to this machine, as `adduser` does; `remove` takes it away with its folder. */
export async function makeOrdinaryAccount(): Promise<
  OrdinaryAccount & { readonly remove: () => Promise<void> }
> {
  const name = `conifer-t${process.pid}`;
  const folder = mkdtempSync(join(tmpdir(), "conifer-account-"));
  const env = process.env as Record<string, string>;
  const must = async (program: string, ...args: string[]) => {
    const { code, stdout, all } = await execute(program, args, { env });
    if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${all}`);
    return Number(stdout);
  };
  await must("useradd", "--home-dir", folder, "--no-create-home", name);
  return {
    uid: await must("id", "--user", name),
    gid: await must("id", "--group", name),
    remove: async () => {
      await must("userdel", name);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Where somebody else finds programs, too. */
function openPath(): string {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.filter((folder) => !folder.startsWith(homedir())).join(delimiter);
}

const makeLesserHome = () => mkdtempSync(join(tmpdir(), "conifer-lesser-"));
