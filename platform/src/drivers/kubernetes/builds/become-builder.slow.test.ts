import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { builderArgv } from "./become-builder.ts";
import { DOCKERFILE_IDS } from "./dockerfile-pod.ts";

/** Becoming root of a namespace with the rights that a pod gives, and with none to be had. */

const isRoot = process.getuid?.() === 0;
/** The two capabilities of the pod's container, and no way to more. */
const AS_IN_A_POD = [
  ...[
    "setpriv",
    "--no-new-privs",
    "--bounding-set",
    "-all,+setuid,+setgid",
    "--inh-caps",
    "-all,+setuid,+setgid",
  ],
  ...["--reuid", "0"],
];

function run(argv: readonly string[]) {
  const [program = "", ...args] = argv;
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", timeout: 30_000 });
  return { status, text: `${stdout}${stderr}` };
}

describe.skipIf(!isRoot)(`becoming a builder${isRoot ? "" : " (needs root)"}`, () => {
  it("gives a program the ids of a namespace in which it is root, without a way to gain rights", () => {
    const { status, text } = run([
      ...AS_IN_A_POD,
      ...builderArgv([
        "sh",
        "-c",
        "id -u; id -g; cat /proc/self/uid_map; grep NoNewPrivs /proc/self/status; exit 7",
      ]),
    ]);
    const [uid, gid, ids, privileges] = text.split("\n").map((line) => line.trim().split(/\s+/));
    expect([uid, gid, ids]).toEqual([
      ...[["0"], ["0"]],
      ["0", String(DOCKERFILE_IDS.first), String(DOCKERFILE_IDS.count)],
    ]);
    expect([privileges, status]).toEqual([["NoNewPrivs:", "1"], 7]);
  });

  it("ends, and says so, where the kernel makes no such namespace", async () => {
    // From a changed root it makes none.
    const root = mkdtempSync(join(tmpdir(), "builder-root-"));
    try {
      const script = `mount --rbind / ${root} && exec chroot ${root} "$@"`;
      const inside = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"];
      const { status, text } = run([...inside, ...builderArgv(["true", root])]);
      expect(text).toMatch(/^unshare: unshare failed: /m);
      expect(status).toBe(1);
      const running = () => execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
      await expect.poll(running, { timeout: 10_000 }).not.toContain(root);
    } finally {
      rmdirSync(root);
    }
  });
});
