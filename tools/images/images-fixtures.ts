import { existsSync, readFileSync } from "node:fs";
import { findProgram } from "../cluster/machine-needs.ts";
import { parseRelease } from "./debian-release.ts";

/** Why images cannot be made here, for a test's name; undefined where they can. On CI that is a failure. */
export function whyNotHere(): string | undefined {
  const text = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  if (parseRelease(text) && findProgram("apt-get") && findProgram("dpkg-deb")) return undefined;
  const why = "needs Debian or Ubuntu";
  if (process.env.CI === "true") throw new Error(`this test ${why}`);
  return why;
}
