import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeForeignRoot } from "./foreign-root-fixtures.ts";
import { openSandboxWorld, type SandboxWorld } from "./sandbox-fixtures.ts";

let world: SandboxWorld;
let root: string;
beforeAll(async () => {
  world = await openSandboxWorld();
  root = join(world.home, "foreign");
  makeForeignRoot(root);
  mkdirSync(join(root, "workspace"));
  const { owner } = world.sandboxes;
  if (owner) execFileSync("chown", ["-hR", `${owner.uid}:${owner.gid}`, root]);
});
afterAll(() => world.close());

const ENV = { PATH: "/bin", HOME: "/home/stranger" };
const run = (line: string, more: object = {}) =>
  world.run(line, { lowerDirs: [root], ownRoot: { uid: 1234, gid: 4321 }, env: ENV, ...more });

test("a program sees the image's files alone, as the image's user", async () => {
  const { code, out, err } = await run(
    "id -u; id -g; id -un; cat /etc/os-release; ls /usr/bin; ls -d /usr/lib/os-release /usr/share /home/dyno",
  );
  expect(out).toBe('1234\n4321\nstranger\nID=foreign\nVERSION_ID="1"\n');
  expect(err.match(/cannot access/g)?.length).toBe(3);
  expect(code).toBe(2);
});

test("it writes to a layer of its own, and the image stays as it was", async () => {
  const write =
    "echo x >/workspace/x && echo x >~/x && echo x >/tmp/x && echo x >/dev/shm/x && cat /workspace/x";
  expect(await run(write)).toEqual({ code: 0, out: "x\n", err: "" });
  expect((await run("ls /workspace ~ /dev/shm")).out).toBe("/dev/shm:\n\n/home/stranger:\n\n/workspace:\n");
});

test("what the image has at places of ours is covered", async () => {
  const odd = join(world.home, "odd");
  mkdirSync(join(odd, "etc"), { recursive: true });
  symlinkSync("/etc", join(odd, "proc"));
  symlinkSync("/workspace", join(odd, "dev"));
  symlinkSync("/usr", join(odd, "mnt"));
  writeFileSync(join(odd, "etc/ld.so.preload"), "/workspace/evil.so\n");
  const look =
    "cat /etc/ld.so.preload; [ -r /proc/self/stat ] && echo proc; echo x >/dev/null && ls /mnt; ls /workspace";
  expect(await run(look, { lowerDirs: [odd, root] })).toEqual({ code: 0, out: "proc\n", err: "" });
});

test("the program's own variables reach nothing but the program", async () => {
  const env = { ...ENV, LD_PRELOAD: "/nowhere.so", IFS: "x", CONIFER_UMOUNT: "false" };
  const { code, out, err } = await run("echo $LD_PRELOAD; echo $CONIFER_UMOUNT", { env });
  expect({ code, out }).toEqual({ code: 0, out: "/nowhere.so\nfalse\n" });
  // The image's own shell, once: nothing of ours was given it.
  expect(err.match(/nowhere/g)?.length).toBe(1);
});

test("it has no privilege and no way back to this machine's files", async () => {
  const { out } = await run(
    `cat /proc/self/status | sed -n 's/^CapEff:.//p;s/^NoNewPrivs:.//p'; cat ${world.home}/foreign/etc/passwd /proc/1/root${world.home}/x 2>/dev/null; ls /.conifer`,
  );
  expect(out).toBe("0000000000000000\n1\nbecome\nbin\ninit\nlib\nnothing\n");
  const { err } = await run("echo x >/.conifer/init; echo x >/etc/passwd; rm /etc/ld.so.preload");
  expect(err.match(/Read-only|Permission denied|busy/g)?.length).toBe(2);
});

test("a second program enters it, and signals reach all of it", async () => {
  const sandbox = await world.start("trap 'echo got; exit 3' TERM; echo up; while :; do sleep 0.05; done", {
    ...{ lowerDirs: [root], ownRoot: { uid: 1234, gid: 4321 }, env: ENV },
  });
  const said = text(sandbox.pipes?.stdout ?? process.stdin);
  const inside = await sandbox.enter({
    argv: ["/bin/sh", "-c", "id -un; cat /proc/1/cmdline | tr '\\0' ' '"],
    ...{ env: ENV, cwd: "/home/stranger" },
  });
  const entered = text(inside.pipes?.stdout ?? process.stdin);
  expect(await inside.exited).toBe(0);
  expect(await entered).toMatch(/^stranger\n\/\.conifer\/\S+ .*\/\.conifer\/init/);
  sandbox.signal("SIGTERM");
  expect((await sandbox.exited).code).toBe(3);
  expect(await said).toBe("up\ngot\n");
});

test("a program that is not there ends with 127", async () => {
  expect((await run("", { argv: ["not-there"] })).code).toBe(127);
});
