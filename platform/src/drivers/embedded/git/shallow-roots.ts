import { existsSync } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { BusinessError, pause } from "../../../kernel/index.ts";
import { type GitSettings, runGit } from "./git-command.ts";

/** Lines of one push; a clone of a history with very many branches has some hundred. */
const MOST_ROOTS = 10_000;
const LOCK_TRIES = 50;

/**
 * Takes the `shallow <commit>` lines, with which a shallow clone says where its history ends, off the front of a
 * receive-pack request (gitprotocol-pack(5), "Reference Update Request"), and gives them to `onRoots` before git sees the
 * rest.
 *
 * git would record those ends itself only for refs that it moves itself; with refs that a proc-receive hook answers for
 * it dies at the end of the push. When the ends are recorded beforehand and not sent, an ordinary push is left.
 */
export function withoutShallowLines(onRoots: (roots: readonly string[]) => Promise<void>): Transform {
  const roots: string[] = [];
  let head: Buffer | undefined = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (!head) return done(null, chunk);
      head = Buffer.concat([head, chunk]);
      for (let line = shallowLine(head); line; line = shallowLine(head)) {
        roots.push(line.root);
        head = head.subarray(line.length);
      }
      if (mayBeShallow(head) && roots.length <= MOST_ROOTS) return done();
      const rest = head;
      head = undefined;
      if (roots.length === 0) return done(null, rest);
      onRoots(roots.slice(0, MOST_ROOTS)).then(() => done(null, rest), done);
    },
    flush(done) {
      done(null, head);
    },
  });
}

function shallowLine(buffer: Buffer): { root: string; length: number } | undefined {
  const length = Number.parseInt(buffer.toString("latin1", 0, 4), 16);
  if (!(length > 4) || buffer.length < length) return undefined;
  const root = /^shallow ([0-9a-f]{40}|[0-9a-f]{64})\n?$/i.exec(buffer.toString("latin1", 4, length))?.[1];
  return root === undefined ? undefined : { root: root.toLowerCase(), length };
}

/** True while what is there could still become a shallow line. */
function mayBeShallow(buffer: Buffer): boolean {
  const start = buffer.toString("latin1", 0, 80);
  return buffer.length < 80 && (start.length <= 4 || "shallow ".startsWith(start.slice(4, 12)));
}

/**
 * Adds commits that the repository does not have to its `shallow` file (gitrepository-layout(5)), under git's own lock.
 * Those it has are left alone: their history is known or recorded already.
 */
export async function recordShallowRoots(
  settings: GitSettings,
  cwd: string,
  roots: readonly string[],
): Promise<void> {
  const input = roots.map((root) => `${root}\n`).join("");
  const answers = await runGit(settings, ["cat-file", "--batch-check"], { cwd, input });
  const absent = answers
    .split("\n")
    .flatMap((line) => (line.endsWith(" missing") ? [line.slice(0, -8)] : []));
  if (absent.length === 0) return;
  const path = join(cwd, "shallow");
  const lock = await takeLock(`${path}.lock`);
  try {
    const known = existsSync(path) ? (await readFile(path, "utf8")).split("\n").filter(Boolean) : [];
    await lock.writeFile([...new Set([...known, ...absent])].map((oid) => `${oid}\n`).join(""));
    await lock.sync();
    await rename(`${path}.lock`, path);
  } finally {
    await lock.close();
    await rm(`${path}.lock`, { force: true });
  }
}

async function takeLock(path: string) {
  for (let tries = 0; tries < LOCK_TRIES; tries += 1) {
    const lock = await open(path, "wx").catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== "EEXIST") throw cause;
    });
    if (lock) return lock;
    await pause(20);
  }
  throw new BusinessError(
    "unavailable",
    "Another push from a shallow clone is being taken in. Push again in a moment.",
  );
}
