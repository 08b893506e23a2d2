import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Commands } from "../builds/bare-commands.ts";

const NPM = ["--no-audit", "--no-fund", "--cache", "CACHE"];
const PIP = ["-q", "--disable-pip-version-check", "--cache-dir", "CACHE"];

/** What somebody types to build a source on a machine of their own; undefined where that is not one line for all. */
export function managerCommands(folder: string): Commands | undefined {
  const has = (name: string) => existsSync(join(folder, name));
  if (has("package-lock.json")) {
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const built = manifest.scripts?.build === undefined ? [] : [["npm", "run", "build"]];
    return [["npm", "ci", ...NPM], ...built];
  }
  if (has("requirements.txt") && !has("package.json")) {
    return [
      ["/usr/bin/python3", "-m", "venv", ".venv"],
      [".venv/bin/pip", "install", ...PIP, "-r", "requirements.txt"],
    ];
  }
  if (has("go.mod")) return [["go", "build", "-o", "built/", "./..."]];
  if (has("pom.xml"))
    return [["mvn", "-B", "-q", "-Dmaven.repo.local=CACHE", "clean", "package", "-DskipTests"]];
  return undefined;
}
