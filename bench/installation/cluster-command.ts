import { execFileSync } from "node:child_process";

/** Runs `npm run cluster` for a cluster of ours and returns what it prints. Throws when it fails. */
export function runCluster(cluster: string, args: readonly string[], input = ""): string {
  return execFileSync("npm", ["run", "-s", "cluster", "--", "--name", cluster, ...args], {
    ...{ input, encoding: "utf8", maxBuffer: 64 * 2 ** 20 },
    stdio: ["pipe", "pipe", "inherit"],
  });
}
