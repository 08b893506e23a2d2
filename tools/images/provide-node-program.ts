import { createHash } from "node:crypto";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Tell, tellStep } from "../../cli/src/cluster/tell-steps.ts";
import { runProgram } from "../cluster/run-program.ts";
import { type Architecture, CPU, hostArchitecture } from "./debian-release.ts";
import { ImageError } from "./image-error.ts";

/**
 * The Node.js program for an architecture: the one that runs this, or for another the one of the lock file, checked against
 * it. Returns its path, below the folder when it had to be fetched.
 * @throws ImageError when it cannot be had or is not what the lock file says
 */
export async function provideNodeProgram(
  folder: string,
  architecture: Architecture,
  tell: Tell,
): Promise<string> {
  if (architecture === hostArchitecture()) return process.execPath;
  const name = `node-linux-${CPU[architecture]}`;
  const { version, integrity } = await readLocked(name);
  await mkdir(folder, { recursive: true });
  await tellStep(tell, `Fetching Node.js ${version} for ${architecture}`, () =>
    fetchPackage(name, version, folder),
  );
  const [file = ""] = await readdir(folder);
  requireIntegrity(`${name} ${version}`, await readFile(join(folder, file)), integrity);
  await runProgram("tar", ["-xzf", join(folder, file), "-C", folder, "package/bin/node"]);
  return join(folder, "package/bin/node");
}

/** @throws ImageError when content is not what a lock file's `integrity` (SRI, sha512) says */
export function requireIntegrity(what: string, content: Buffer, integrity: string): void {
  const found = `sha512-${createHash("sha512").update(content).digest("base64")}`;
  if (!integrity.split(" ").includes(found))
    throw new ImageError(
      "failed",
      `${what} is not what the lock file says. Is there a mirror in between that changes it?`,
    );
}

async function fetchPackage(name: string, version: string, folder: string): Promise<void> {
  const args = ["pack", "--silent", "--pack-destination", folder, `${name}@${version}`];
  await runProgram("npm", args, { folder }).catch((cause: Error) => {
    throw new ImageError(
      "failed",
      `${name} ${version} cannot be had from the npm registry. ${cause.message}`,
      { cause },
    );
  });
}

async function readLocked(name: string): Promise<{ readonly version: string; readonly integrity: string }> {
  const text = await readFile(join(import.meta.dirname, "../../package-lock.json"), "utf8");
  const { packages } = JSON.parse(text) as {
    readonly packages: Readonly<Record<string, { readonly version?: string; readonly integrity?: string }>>;
  };
  const { version = "", integrity = "" } = packages[`node_modules/${name}`] ?? {};
  if (version === "") throw new ImageError("failed", `The lock file has no ${name}.`);
  return { version, integrity };
}
