import { readFileSync } from "node:fs";
import type { HostRelease } from "../drivers/embedded/images/index.ts";

/** This machine's release, as images name the base they stand on (os-release(5)). */
export function readHostRelease(file = "/etc/os-release"): HostRelease {
  return parseHostRelease(readOrEmpty(file), process.arch === "arm64" ? "arm64" : "amd64");
}

export function parseHostRelease(text: string, architecture: HostRelease["architecture"]): HostRelease {
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, "m").exec(text)?.[1] ?? "";
  return { architecture, distroName: field("ID"), distroVersion: field("VERSION_ID") };
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
