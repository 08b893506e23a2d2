import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Home } from "./home.ts";

/** Where earlier versions kept Conifer's own log. */
const EARLIER_LOG = "diagnostics";

/** Makes the home's folders for their owners, all readable by nobody else. */
export function makeHomeFolders(home: Home): void {
  mkdirSync(home.root, { recursive: true, mode: 0o700 });
  chmodSync(home.root, 0o700);
  const earlier = join(home.root, EARLIER_LOG);
  if (existsSync(earlier) && !existsSync(home.log)) renameSync(earlier, home.log);
  const folders = [
    home.keys,
    home.run,
    home.git,
    home.sources,
    home.images,
    home.repositories,
    home.layers,
    home.buildCache,
    home.dynos,
    home.builds,
    home.logs,
    home.state,
    home.log,
    home.downloads,
  ];
  for (const folder of folders) mkdirSync(folder, { recursive: true, mode: 0o700 });
}

/** Sockets and half-written records of an instance that is gone; called with the home claimed. */
export function removeRunRemains(home: Home): void {
  for (const name of readdirSync(home.run)) {
    if (name.endsWith(".sock") || name.startsWith("supervisor.json."))
      rmSync(join(home.run, name), { force: true });
  }
}

/** The credential with which Conifer's processes call each other; made once per home. */
export function ensureRunSecret(home: Home): string {
  return readOrMakeSecret(home.secretFile, () => randomBytes(32).toString("base64url"));
}

/**
 * Reads a file that only this user may read, or makes it. The file appears whole, and of two makers one wins,
 * so that nobody ever holds a secret which the file does not.
 */
export function readOrMakeSecret(file: string, make: () => string): string {
  const found = readIfThere(file);
  if (found) return found;
  const part = `${file}.${process.pid}`;
  writeFileSync(part, make(), { mode: 0o600, flush: true });
  try {
    linkSync(part, file);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
  } finally {
    rmSync(part, { force: true });
  }
  return readFileSync(file, "utf8");
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}
