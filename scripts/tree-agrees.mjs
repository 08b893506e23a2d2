// Exits 0 when node_modules already holds what package-lock.json asks for, by npm's own record of the installed tree.
// Plain JavaScript for the machine's own Node.js: it runs before Node.js 24 is installed.
import { existsSync, readFileSync } from "node:fs";

const read = (path) => JSON.parse(readFileSync(path, "utf8")).packages;

function agrees() {
  const wanted = read("package-lock.json");
  const installed = read("node_modules/.package-lock.json");
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "" || !path.startsWith("node_modules/") || entry.link) return true;
    const found = installed[path];
    if (found) return found.version === entry.version && existsSync(path);
    return entry.optional === true && !neededHere(entry);
  });
}

/** Whether an optional package is the one for this machine: those name their platform. Conifer runs on glibc. */
function neededHere({ os, cpu, libc = ["glibc"] }) {
  return Boolean(os?.includes(process.platform) && cpu?.includes(process.arch) && libc.includes("glibc"));
}

try {
  process.exitCode = agrees() ? 0 : 1;
} catch {
  process.exitCode = 1;
}
