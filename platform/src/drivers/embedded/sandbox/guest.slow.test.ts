import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isStatic, missingPrograms } from "./debian-package-fixture.ts";
import { openSandboxWorld, type SandboxWorld } from "./sandbox-fixtures.ts";

const missing = missingPrograms(["busybox"], "busybox-static", isStatic);
const PROGRAMS = ["sh", "ls", "id", "cat", "env", "touch", "chroot", "unshare", "mount", "pwd", "readlink"];
let world: SandboxWorld;
let lower: string;

beforeAll(async () => {
  world = await openSandboxWorld();
  if (missing) return;
  lower = join(world.home, "guest-image");
  mkdirSync(join(lower, "bin"), { recursive: true });
  const busybox = execFileSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" }).trim();
  copyFileSync(busybox, join(lower, "bin/busybox"));
  chmodSync(join(lower, "bin/busybox"), 0o4755);
  for (const name of PROGRAMS) symlinkSync("busybox", join(lower, "bin", name));
  for (const [name, target] of [
    ["etc", "/etc"],
    ["dev", "/"],
    ["proc", "../../../../.."],
    ["tmp", world.home],
    ["sys", "/usr"],
  ] as const)
    symlinkSync(target, join(lower, name));
  mkdirSync(join(lower, "srv"));
  writeFileSync(join(lower, "srv/file"), "of the image\n");
  const { owner } = world.sandboxes;
  if (owner) execFileSync("chown", ["-hR", `${owner.uid}:${owner.gid}`, lower]);
});
afterAll(() => world.close());

const run = (line: string, user?: { uid: number; gid: number }) =>
  world.run(line, {
    guest: { lowerDirs: [lower], ...(user ? { user } : {}) },
    lowerDirs: [],
    cwd: "/srv",
    env: { PATH: "/bin" },
    argv: ["/bin/sh", "-c", line],
  });

describe.skipIf(missing)(`a guest${missing ? ` (${missing})` : ""}`, () => {
  test("sees its own files and nothing of this machine, whatever its links say", async () => {
    const { out } = await run(
      "pwd; cat file; ls /; ls /usr /workspace /guest; cat /etc/passwd; ls /etc /tmp /sys",
    );
    expect(out).toContain("/srv\nof the image\n");
    expect(out.split("\n").slice(2, 9)).toEqual(["bin", "dev", "etc", "proc", "srv", "sys", "tmp"]);
    expect(out.slice(out.indexOf("/etc:"))).toBe("/etc:\nhosts\nresolv.conf\n\n/sys:\n\n/tmp:\n");
  });

  test("owns its files as whom its image wants, never as root, and leaves the image as it was", async () => {
    const write =
      "id -u; id -g; echo changed >file; touch /new /tmp/x && ls -ln /new | cut -d' ' -f1; cat file";
    expect((await run(`${write}; cat /dev/null >/dev/null && echo devices`)).out).toMatch(
      /^1000\n1000\n.*devices\n$/s,
    );
    expect((await run(write, { uid: 1234, gid: 99 })).out).toMatch(/^1234\n99\n/);
    expect((await run("cat file; ls /new")).out).toBe("of the image\n");
    await expect(run("id", { uid: 0, gid: 0 })).rejects.toThrow("Nothing runs as root");
  });

  test("has no way out", async () => {
    const ways = [
      "unshare -r id",
      "chroot / id",
      "mount -t tmpfs none /srv",
      "ls /proc/1/root/",
      "readlink /proc/1/exe",
      "ls ../../../../../usr",
      `ls ${world.home}`,
    ];
    for (const way of ways) {
      const { code, out } = await run(way);
      expect([way, code === 0, out]).toEqual([way, false, ""]);
    }
    expect((await run("cat /proc/self/status")).out).toMatch(/NoNewPrivs:\t1/);
    expect((await run("cat /proc/self/status")).out).toMatch(/CapEff:\t0000000000000000/);
  });

  test("that is not there ends as a program that is not found", async () => {
    const missingProgram = { argv: ["/nothing"] as [string], lowerDirs: [], cwd: "/" };
    const { code, err } = await world.run("", { ...missingProgram, guest: { lowerDirs: [lower] } });
    expect([code, err]).toEqual([127, expect.stringContaining("/nothing")]);
    await expect(world.run("", { ...missingProgram, guest: { lowerDirs: [] } })).rejects.toThrow(
      "at least one layer",
    );
  });

  test("can be entered", async () => {
    const spec = { guest: { lowerDirs: [lower] }, lowerDirs: [], cwd: "/srv", env: { PATH: "/bin" } };
    const sandbox = await world.start("", {
      ...spec,
      argv: ["/bin/sh", "-c", "echo up; cat"],
      stdin: "pipe",
    });
    await new Promise((resolve) => sandbox.pipes?.stdout.once("data", resolve));
    const entered = await sandbox.enter({ ...spec, argv: ["/bin/sh", "-c", "pwd; cat file"] });
    let out = "";
    entered.pipes?.stdout.on("data", (chunk) => {
      out += chunk;
    });
    await new Promise((resolve) => entered.pipes?.stdout.once("close", resolve));
    expect([await entered.exited, out]).toEqual([0, "/srv\nof the image\n"]);
    sandbox.kill();
  });
});
