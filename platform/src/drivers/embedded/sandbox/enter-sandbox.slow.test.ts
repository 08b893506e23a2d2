import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { processTree } from "./process-tree.ts";
import type { EnteringProgram, Sandbox } from "./sandbox.ts";
import { eventually, openSandboxWorld, type SandboxWorld, whenClosed } from "./sandbox-fixtures.ts";

const ROOT = process.getuid?.() === 0;
let world: SandboxWorld;
afterEach(() => world.close());

const program = (line: string, change: Partial<EnteringProgram> = {}): EnteringProgram => ({
  argv: ["/bin/sh", "-c", line],
  env: { PATH: "/usr/bin:/bin", HOME: "/home/dyno" },
  cwd: "/workspace",
  ...change,
});

/** Runs a line inside to its end; `out` has both outputs. */
async function inside(sandbox: Sandbox, line: string, change: Partial<EnteringProgram> = {}) {
  const entered = await sandbox.enter(program(line, change));
  let out = "";
  const streams = entered.terminal
    ? [entered.terminal]
    : [entered.pipes?.stdout, entered.pipes?.stderr].flatMap((stream) => stream ?? []);
  const ends = streams.map((stream) => {
    stream.on("data", (chunk) => {
      out += chunk;
    });
    return whenClosed(stream);
  });
  entered.pipes?.stdin?.end();
  const code = await entered.exited;
  await Promise.all(ends);
  return { code, out };
}

/** What a program is and sees; the same for every program of a sandbox. */
const LOOK = [
  "id -u; id -g; id -Gn; whoami; pwd; hostname | cut -c1-4",
  "grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp)' /proc/self/status",
  "cut -d: -f2- /proc/self/cgroup | sort; ls / /home /dev | sort; cat /etc/hosts | grep -c test-",
  "for name in mnt pid ipc uts net; do readlink /proc/self/ns/$name; done",
  "for path in /etc/x /usr/x /x; do (: >$path) 2>/dev/null || echo refused; done; : >/tmp/x && : >~/x && echo written",
  "ulimit -c; ulimit -S -n; env | grep -v '^_=' | sort; tr '\\0' ' ' </proc/1/cmdline",
].join("; ");

const MACHINES = [
  ["this machine", []],
  ["one without overlay", ["overlay"]],
  ["one without cgroups", ["cgroups"]],
  ...(ROOT ? [["one without user namespaces", ["userNamespace"]]] : []),
] as [string, ("overlay" | "cgroups" | "userNamespace")[]][];

describe.each(MACHINES)("a further program on %s", (_name, without) => {
  test("is what the first one is, and sees what it sees", async () => {
    world = await openSandboxWorld([...without, "ownNetwork"]);
    const sandbox = await world.start(`(${LOOK}) >/tmp/first 2>&1; : >/tmp/done; exec sleep 60`);
    await eventually(
      "the first one has looked",
      async () => (await inside(sandbox, "cat /tmp/done")).code === 0,
    );
    const first = await inside(sandbox, "cat /tmp/first");
    expect(first.out).toContain("refused\nrefused\nrefused\nwritten");
    expect(first.out).toMatch(/NoNewPrivs:\t1/);
    expect(first.out).toMatch(/CapBnd:\t0000000000000000/);
    expect((await inside(sandbox, LOOK)).out).toBe(first.out);
  });

  test("ends with the sandbox, and its end is not the sandbox's", async () => {
    world = await openSandboxWorld([...without, "ownNetwork"]);
    const sandbox = await world.start("exec sleep 60");
    expect(await inside(sandbox, "exit 7")).toEqual({ code: 7, out: "" });
    expect((await inside(sandbox, "kill -9 $$")).code).toBe(137);
    expect((await inside(sandbox, "true", { argv: ["no-such-program"] })).code).toBe(127);
    const entered = await sandbox.enter(program("sleep 1000 & sleep 1000"));
    sandbox.kill();
    expect(await entered.exited).not.toBe(0);
    await sandbox.cleanUp();
    await expect(sandbox.enter(program("true"))).rejects.toThrow("the sandbox is not there");
  });
});

describe("a further program", () => {
  test("has no file of this machine, however early it comes", async () => {
    world = await openSandboxWorld();
    const marker = readFileSync("/etc/hostname", "utf8");
    for (let n = 0; n < 5; n++) {
      const sandbox = await world.start("exec sleep 60");
      const { out } = await inside(sandbox, "cat /etc/hostname; ls /root /home; ls -d /workspace");
      expect(out).not.toContain(marker);
      expect(out).toContain("/workspace\n");
      await sandbox.cleanUp();
    }
  });

  test.runIf(ROOT)("is in the sandbox's network", async () => {
    world = await openSandboxWorld([]);
    if (world.sandboxes.abilities.network !== "own") return;
    const sandbox = await world.start("readlink /proc/self/ns/net >/tmp/net; exec sleep 60", {
      network: "own",
    });
    await eventually("it has looked", async () => (await inside(sandbox, "cat /tmp/net")).out !== "");
    const { out } = await inside(sandbox, "cat /tmp/net; readlink /proc/self/ns/net");
    const [first, second] = out.trim().split("\n");
    expect(second).toBe(first);
  });

  test("counts against the sandbox's limits", async () => {
    world = await openSandboxWorld();
    const limits = { memoryBytes: 64 * 2 ** 20, cpuShare: 1, pids: 30 };
    const sandbox = await world.start("exec sleep 60", { limits });
    const { out } = await inside(sandbox, "for i in $(seq 60); do sleep 5 & done; echo end");
    expect(out).toMatch(/fork/);
  });

  test("in a terminal has its size and is its session's own", async () => {
    world = await openSandboxWorld();
    const sandbox = await world.start("exec sleep 60");
    const terminal = { columns: 90, rows: 20 };
    const { code, out } = await inside(sandbox, "stty size; : </dev/tty && echo controlled; exit 5", {
      terminal,
    });
    expect({ code, out }).toEqual({ code: 5, out: "20 90\r\ncontrolled\r\n" });
  });

  test("can be signaled with what it has started, also after its end, and nobody else is", async () => {
    world = await openSandboxWorld();
    const sandbox = await world.start("trap '' HUP; while :; do sleep 0.1; done");
    const entered = await sandbox.enter(program("sleep 1000 & setsid sleep 1001 & echo ready; wait; :"));
    const ready = new Promise((resolve) => entered.pipes?.stdout.once("data", resolve));
    await ready;
    const below = (root: number) => processTree(root).flatMap((pid) => commandOf(pid)[1] ?? []);
    const running = () => below(sandbox.pid);
    // Only then is it in a session of its own.
    await eventually("both run", () => ["1000", "1001"].every((one) => below(process.pid).includes(one)));
    entered.signal("SIGHUP");
    expect(await entered.exited).toBe(129);
    entered.signal("SIGKILL");
    await eventually("it has ended", () => !running().includes("1000"));
    expect(running()).toContain("1001");
    expect((await inside(sandbox, "echo still here")).out).toBe("still here\n");
  });

  test("leaves nothing behind", async () => {
    world = await openSandboxWorld();
    const before = processTree(process.pid);
    const sandbox = await world.start("exec sleep 60");
    const terminal = { columns: 80, rows: 24 };
    for (const change of [{}, { terminal }])
      await sandbox.enter(program("sleep 1000 & setsid sleep 1000 & sleep 1000", change));
    expect(processTree(process.pid).length).toBeGreaterThan(before.length + 4);
    await sandbox.cleanUp();
    const left = () => processTree(process.pid).filter((pid) => !before.includes(pid));
    await eventually("all processes have ended", () => left().length === 0);
    expect(existsSync(join(world.home, "dynos", sandbox.id))).toBe(false);
  });
});

/** Nothing of a process that has just ended. */
function commandOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}
