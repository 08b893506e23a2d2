import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { type Tell, tellStep } from "../../cli/src/cluster/tell-steps.ts";
import { ClusterError } from "./cluster-error.ts";
import { runProgram } from "./run-program.ts";

/** A file that must be there, and the Debian package that brings it. */
interface Need {
  /** A program's name, or an absolute path. */
  readonly file: string;
  readonly debianPackage: string;
}

export const NEEDS: readonly Need[] = [
  { file: "containerd", debianPackage: "containerd" },
  { file: "ctr", debianPackage: "containerd" },
  { file: "runc", debianPackage: "runc" },
  { file: "/usr/lib/cni/bridge", debianPackage: "containernetworking-plugins" },
  { file: "/usr/lib/cni/host-local", debianPackage: "containernetworking-plugins" },
  { file: "/usr/lib/cni/portmap", debianPackage: "containernetworking-plugins" },
  { file: "iptables", debianPackage: "iptables" },
  { file: "nft", debianPackage: "nftables" },
  { file: "conntrack", debianPackage: "conntrack" },
  { file: "ip", debianPackage: "iproute2" },
  { file: "sysctl", debianPackage: "procps" },
  { file: "nsenter", debianPackage: "util-linux" },
  { file: "unshare", debianPackage: "util-linux" },
];

/** System programs lie here also where a user's PATH does not lead. */
export const SYSTEM_PATH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** The packages to install, each once, given what says whether a file is there. */
export function missingPackages(needs: readonly Need[], isThere: (file: string) => boolean): string[] {
  return [...new Set(needs.filter(({ file }) => !isThere(file)).map((need) => need.debianPackage))];
}

/** Where a program, given by its name or its absolute path, is: its absolute path, or undefined. */
export function findProgram(file: string, path = process.env.PATH ?? ""): string | undefined {
  return placesOf(file, path).find((place) => {
    try {
      accessSync(place, constants.X_OK); // which a folder passes too
      return statSync(place).isFile();
    } catch {
      return false;
    }
  });
}

function placesOf(file: string, path: string): string[] {
  if (file.startsWith("/")) return [file];
  if (file.includes("/")) return []; // relative to where this process happens to stand, or to any folder of PATH
  return [...path.split(delimiter).filter(isAbsolute), ...SYSTEM_PATH].map((folder) => join(folder, file));
}

/**
 * Sees to it that this machine has what a cluster needs, or something else, installing Debian packages where that is possible.
 * @throws ClusterError `missing` that says what to run
 */
export async function meetNeeds(tell: Tell, needs: readonly Need[] = NEEDS): Promise<void> {
  if (process.platform !== "linux") throw new ClusterError("missing", "A cluster needs Linux.");
  if (process.getuid?.() !== 0) {
    throw new ClusterError(
      "missing",
      "A cluster needs root, for network namespaces and containers. Run the same command with sudo.",
    );
  }
  const missing = () => missingPackages(needs, (file) => findProgram(file) !== undefined);
  const packages = missing();
  if (packages.length === 0) return;
  if (findProgram("apt-get") === undefined) {
    throw new ClusterError(
      "missing",
      `Missing: ${packages.join(", ")} (Debian's names). Install them and try again.`,
    );
  }
  await tellStep(tell, `Installing Debian packages: ${packages.join(", ")}`, () => install(packages));
  const still = missing();
  if (still.length > 0) throw cannotInstall(still, "they were installed, and yet files are missing");
}

async function install(packages: readonly string[]): Promise<void> {
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    await runProgram("apt-get", ["update", "-qq"], { environment });
    await runProgram("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], {
      environment,
    });
  } catch (thrown) {
    throw cannotInstall(packages, thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function cannotInstall(packages: readonly string[], why: string): ClusterError {
  const command = `apt-get update && apt-get install --no-install-recommends ${packages.join(" ")}`;
  return new ClusterError("missing", `Missing: ${packages.join(", ")}; ${why}\nTry: ${command}`);
}
