import { createHash } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Home } from "./home.ts";

const HEADER = "# Conifer's certificate authority, and what NODE_EXTRA_CA_CERTS named before:";

/**
 * Writes the bundle for NODE_EXTRA_CA_CERTS, our authority and the certificates in the file the variable `named` so
 * far, and returns its path. A bundle of Conifer's own (this instance's or another's) counts as the file it was made
 * with, so that doing it again changes nothing. Shells that named different files get bundles of their own.
 */
export function writeCaBundle(home: Home, named: string | undefined): string {
  const base = named ? originalOf(named) : undefined;
  const path = bundlePath(home, base);
  const parts = [`${HEADER} ${base ?? ""}`.trimEnd(), readFileSync(home.caFile, "utf8").trim()];
  const before = base === undefined ? undefined : readIfThere(base);
  if (before !== undefined) parts.push(before.trim());
  const text = `${parts.join("\n")}\n`;
  if (readIfThere(path) === text) return path;
  const part = `${path}.${process.pid}`;
  writeFileSync(part, text, { mode: 0o644 });
  renameSync(part, path);
  return path;
}

function bundlePath(home: Home, base: string | undefined): string {
  if (base === undefined) return home.caBundleFile;
  const id = createHash("sha256").update(base).digest("hex").slice(0, 12);
  return home.caBundleFile.replace(/\.pem$/, `-${id}.pem`);
}

/** The file a bundle of ours was made with; any other file is its own original. */
function originalOf(named: string): string | undefined {
  const first = readIfThere(named)?.split("\n", 1)[0] ?? "";
  if (!first.startsWith(HEADER)) return named;
  return first.slice(HEADER.length).trim() || undefined;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
