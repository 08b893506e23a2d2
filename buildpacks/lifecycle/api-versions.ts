import { EXIT, PhaseError } from "./phase-error.ts";

export const PLATFORM_APIS = ["0.12", "0.13", "0.14", "0.15"];
export const BUILDPACK_APIS = ["0.7", "0.8", "0.9", "0.10", "0.11", "0.12"];

/** The Platform API to speak: what the platform asks for, else the newest. Throws with exit code 11. */
export function requirePlatformApi(asked: string | undefined): string {
  const version = asked || "0.15";
  if (PLATFORM_APIS.includes(version)) return version;
  throw new PhaseError(
    EXIT.platformApi,
    `Platform API ${version} is not supported. Set CNB_PLATFORM_API to one of ${PLATFORM_APIS.join(", ")}.`,
  );
}

/** Throws with exit code 12 when a buildpack is written for an API this lifecycle does not speak. */
export function requireBuildpackApi(id: string, version: string): void {
  if (BUILDPACK_APIS.includes(version)) return;
  throw new PhaseError(
    EXIT.buildpackApi,
    `Buildpack ${id} is written for Buildpack API ${version}; supported are ${BUILDPACK_APIS.join(", ")}.`,
  );
}

/** Compares versions of the form `<major>.<minor>`. */
export function isAtLeast(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = least.split(".").map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
