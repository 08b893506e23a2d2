import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { invalidParams } from "../../../kernel/index.ts";
import { GitFailed, type GitSettings, gitEnvironment, runGit } from "./git-command.ts";

/**
 * git records the ends of a shallow history only when it moves the ref itself (`receive.shallowUpdate`); refs that a
 * proc-receive hook answers for are left out. So this finds the commits whose parents were not sent and adds them to the
 * repository's `shallow` file, after git has agreed that nothing else is missing. (git-shallow in gitrepository-layout(5))
 */
export async function admitShallow(settings: GitSettings, cwd: string, commit: string): Promise<void> {
  if (await isConnected({ settings, cwd, commit, objects: false })) return;
  const ends = await findEnds(settings, cwd, commit);
  const shallowFile = join(cwd, "shallow");
  const lock = `${shallowFile}.lock`;
  const known = existsSync(shallowFile)
    ? (await readFile(shallowFile, "utf8")).split("\n").filter(Boolean)
    : [];
  const file = await open(lock, "wx").catch(() => {
    throw invalidParams("Another push from a shallow clone is being taken in. Push again in a moment.");
  });
  try {
    await file.writeFile([...new Set([...known, ...ends])].map((oid) => `${oid}\n`).join(""));
    await file.sync();
    if (!(await isConnected({ settings, cwd, commit, objects: true, shallowFile: lock }))) {
      throw invalidParams(
        "Parts of the history are missing. Push from a full clone, or run `git fetch --unshallow` first.",
      );
    }
    await rename(lock, shallowFile);
  } finally {
    await file.close();
    await rm(lock, { force: true });
  }
}

interface Walk {
  readonly settings: GitSettings;
  readonly cwd: string;
  readonly commit: string;
  /** Look at trees and files too, not only at commits. */
  readonly objects: boolean;
  readonly shallowFile?: string;
}

async function isConnected({ settings, cwd, commit, objects, shallowFile }: Walk): Promise<boolean> {
  const args = ["rev-list", "--quiet", ...(objects ? ["--objects"] : []), commit, "--not", "--all"];
  const env = shallowFile === undefined ? {} : { env: { GIT_SHALLOW_FILE: shallowFile } };
  try {
    await runGit(settings, args, { cwd, ...env });
    return true;
  } catch (thrown) {
    if (thrown instanceof GitFailed) return false;
    throw thrown;
  }
}

/** Walks from the commit to where parents are absent, and returns the commits that have such a parent. */
async function findEnds(settings: GitSettings, cwd: string, commit: string): Promise<string[]> {
  const child = spawn("git", ["cat-file", "--batch"], {
    cwd,
    env: gitEnvironment(settings),
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.on("error", () => {});
  /** Each commit asked for, with its parents once they are known; absent commits keep `undefined`. */
  const parents = new Map<string, readonly string[] | undefined>();
  let open = 0;
  const ask = (oid: string) => {
    if (parents.has(oid)) return;
    parents.set(oid, undefined);
    open += 1;
    child.stdin.write(`${oid}\n`);
  };
  try {
    ask(commit);
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      rest = Buffer.concat([rest, chunk]);
      for (let answer = takeAnswer(rest); answer; answer = takeAnswer(rest)) {
        rest = rest.subarray(answer.length);
        open -= 1;
        if (!answer.commit) continue;
        parents.set(answer.oid, answer.commit.parents);
        answer.commit.parents.forEach(ask);
      }
      if (open === 0) break;
    }
  } finally {
    child.kill();
  }
  const isAbsent = (oid: string) => parents.get(oid) === undefined;
  return [...parents].filter(([, found]) => found?.some(isAbsent)).map(([oid]) => oid);
}

interface BatchAnswer {
  readonly oid: string;
  readonly commit?: { readonly parents: readonly string[] };
  /** Bytes of the answer. */
  readonly length: number;
}

/** One answer of `git cat-file --batch` from the front of the buffer, or undefined while it is incomplete. */
export function takeAnswer(buffer: Buffer): BatchAnswer | undefined {
  const end = buffer.indexOf(0x0a);
  if (end < 0) return undefined;
  const [oid = "", type, size] = buffer.toString("latin1", 0, end).split(" ");
  if (type === "missing") return { oid, length: end + 1 };
  const length = end + 1 + Number(size) + 1;
  if (buffer.length < length) return undefined;
  const [head = ""] = buffer.toString("latin1", end + 1, length - 1).split("\n\n", 1);
  const parents = head.split("\n").flatMap((line) => (line.startsWith("parent ") ? [line.slice(7)] : []));
  return { oid, commit: { parents }, length };
}
