import { spawnSync } from "node:child_process";

/**
 * Why a test that needs these programs cannot run; undefined when they are there. Installs the Debian package that has
 * them when this process may. On CI (`CI=true`) a missing program is a failure, not a reason to skip.
 */
export function missingPrograms(
  programs: readonly string[],
  debianPackage: string,
  isRight: (name: string) => boolean = () => true,
): string | undefined {
  const isThere = (name: string) => spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;
  const missing = () => programs.filter((name) => !isThere(name) || !isRight(name));
  if (missing().length === 0) return undefined;
  if (process.getuid?.() === 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    spawnSync("apt-get", ["install", "-y", debianPackage], { env, timeout: 120_000 });
  }
  if (missing().length === 0) return undefined;
  const why = `needs ${missing().join(", ")} (Debian package ${debianPackage})`;
  if (process.env.CI === "true") throw new Error(`this test ${why}`);
  return why;
}

/** Whether a program needs no library: Debian has busybox with and without the C library in it. */
export function isStatic(program: string): boolean {
  return spawnSync("sh", ["-c", `ldd "$(command -v ${program})"`]).status !== 0;
}
