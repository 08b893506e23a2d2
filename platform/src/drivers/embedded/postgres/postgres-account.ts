import { constants } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";

/**
 * As whom PostgreSQL runs; it refuses to run as root.
 * - `self`: Conifer is not root, nothing to change.
 * - `account`: an account of the machine that is kept for this, when it can reach the server's files and the data.
 * - `namespace`: a user namespace in which root appears as nobody. Needs no account, and data below a folder that
 *   only root may enter stays reachable.
 */
export type PostgresAccount =
  | { readonly kind: "self" }
  | { readonly kind: "account"; readonly name: string; readonly uid: number; readonly gid: number }
  | { readonly kind: "namespace" };

export interface AccountFacts {
  /** Of this process. */
  readonly uid: number;
  /** The owner of the data folder, when there is one. */
  readonly dataOwner: number | undefined;
  /** Dedicated accounts of the machine, each with whether it can reach the server's files and the data. */
  readonly accounts: readonly {
    readonly name: string;
    readonly uid: number;
    readonly gid: number;
    readonly reaches: boolean;
  }[];
  /** Whether util-linux `unshare` is there. */
  readonly unshare: boolean;
}

/** Chooses as whom PostgreSQL runs. Data that exists decides: its owner stays its owner. Throws with the way out. */
export function choosePostgresAccount(facts: AccountFacts): PostgresAccount {
  const { uid, dataOwner, accounts, unshare } = facts;
  if (uid !== 0) {
    if (dataOwner === undefined || dataOwner === uid) return { kind: "self" };
    throw new Error(
      `The database belongs to user ${dataOwner}, and Conifer runs as user ${uid}. ` +
        "Start Conifer as the user who started it first, or choose another CONIFER_HOME.",
    );
  }
  const account = accounts.find((a) => a.reaches && (dataOwner === undefined || a.uid === dataOwner));
  if (account) return { kind: "account", name: account.name, uid: account.uid, gid: account.gid };
  if (unshare && (dataOwner === undefined || dataOwner === 0)) return { kind: "namespace" };
  if (dataOwner !== undefined && dataOwner !== 0) {
    throw new Error(
      `The database belongs to user ${dataOwner}, who is not an account of this machine that can reach it. ` +
        "Start Conifer as that user, or give the data folder to root with chown.",
    );
  }
  throw new Error(
    "PostgreSQL refuses to run as root, and there is no other user to run it as. Start Conifer as an ordinary user, " +
      "install util-linux (unshare), or set DATABASE_URL to a PostgreSQL of yours.",
  );
}

/** Gathers what `choosePostgresAccount` wants to know. */
export async function gatherAccountFacts(at: { dataDir: string; native: string }): Promise<AccountFacts> {
  const uid = process.getuid?.() ?? 0;
  const dataOwner = await stat(at.dataDir).then(
    (found) => found.uid,
    () => undefined,
  );
  const named = uid === 0 ? await dedicatedAccounts() : [];
  const accounts = await Promise.all(
    named.map(async (account) => ({
      ...account,
      reaches: (await mayEnter(at.native, account)) && (await mayEnter(dirname(at.dataDir), account)),
    })),
  );
  return { uid, dataOwner, accounts, unshare: (await findProgram("unshare")) !== undefined };
}

const DEDICATED = ["conifer-postgres", "postgres"];

async function dedicatedAccounts(): Promise<{ name: string; uid: number; gid: number }[]> {
  const passwd = await readFile("/etc/passwd", "utf8").catch(() => "");
  const accounts = passwd.split("\n").map((line) => line.split(":"));
  return DEDICATED.flatMap((wanted) => {
    const [name, , uid, gid] = accounts.find(([candidate]) => candidate === wanted) ?? [];
    return name && Number(uid) > 0 ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}

/** Whether the account may search the folder and every folder above it, by mode bits alone. */
async function mayEnter(path: string, account: { uid: number; gid: number }): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    const found = await stat(folder).catch(() => undefined);
    if (!found) return false;
    const bit =
      found.uid === account.uid
        ? constants.S_IXUSR
        : found.gid === account.gid
          ? constants.S_IXGRP
          : constants.S_IXOTH;
    if ((found.mode & bit) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** The first executable file of this name on PATH, with the system folders that a user's PATH may lack. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin", "/bin", "/usr/sbin", "/sbin"];
  for (const folder of folders.filter(Boolean)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() && (found.mode & 0o111) !== 0) return path;
  }
  return undefined;
}

export interface AccountCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

export interface AccountTools {
  readonly setpriv: string | undefined;
  readonly unshare: string | undefined;
}

/**
 * The command that runs `program` as the account. Every wrapper replaces itself by the program, so that the process id
 * is the program's. With setpriv the program gets SIGQUIT when the thread that started it ends: PostgreSQL stops
 * at once and recovers from its log at the next start. It is set after the change of credentials, which clears it.
 */
export function asAccount(
  account: PostgresAccount,
  program: string,
  args: readonly string[],
  tools: AccountTools,
): AccountCommand {
  const death = tools.setpriv ? ["--pdeathsig", "QUIT", "--"] : [];
  switch (account.kind) {
    case "self":
      return tools.setpriv
        ? { command: tools.setpriv, args: [...death, program, ...args] }
        : { command: program, args };
    case "account": {
      const { uid, gid } = account;
      if (!tools.setpriv) return { command: program, args, uid, gid };
      const change = ["--reuid", String(uid), "--regid", String(gid), "--clear-groups"];
      return { command: tools.setpriv, args: [...change, ...death, program, ...args] };
    }
    case "namespace": {
      const inside = ["--user", "--map-user=65534", "--map-group=65534", "--"];
      const rest = tools.setpriv ? [tools.setpriv, ...death, program, ...args] : [program, ...args];
      return { command: tools.unshare ?? "unshare", args: [...inside, ...rest] };
    }
  }
}
