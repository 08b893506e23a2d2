import { execFileSync } from "node:child_process";

/**
 * Looks for a program and installs its Debian packages when it may. Returns why it is not here, for the name of a test that
 * is then skipped; throws where nothing may be skipped (`CI=true`).
 */
export function findTool(command: string, packages: readonly string[]): string | undefined {
  const works = () => {
    try {
      execFileSync(command, ["--version"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  };
  const find = () => {
    if (works()) return undefined;
    try {
      const args = ["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"];
      execFileSync("apt-get", [...args, ...packages], { stdio: "ignore" });
    } catch {
      return `${command} is not here and cannot be installed`;
    }
    return works() ? undefined : `${command} does not run`;
  };
  const missing = find();
  if (missing && process.env.CI === "true") throw new Error(missing);
  return missing;
}
