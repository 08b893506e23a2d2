import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mountPoints } from "../../files/trees/index.ts";
import { processTree, startTimeOf } from "./process-tree.ts";
import type { Sandbox } from "./sandbox.ts";
import { eventually, openSandboxWorld, type SandboxWorld } from "./sandbox-fixtures.ts";

let world: SandboxWorld;
beforeAll(async () => {
  world = await openSandboxWorld();
});
afterAll(() => world.close());

/** Collects what a sandbox prints, and waits for a text in it. */
function listen(sandbox: Sandbox) {
  let text = "";
  for (const stream of [sandbox.pipes?.stdout, sandbox.pipes?.stderr, sandbox.terminal])
    stream?.on("data", (chunk) => {
      text += chunk;
    });
  return {
    text: () => text,
    until: (part: string) => eventually(`"${part}" in the output`, () => text.includes(part)),
  };
}

describe("signals", () => {
  test("reach every process, and its end is the program's", async () => {
    const trap = (name: string) =>
      `trap 'echo ${name} got it; exit 0' TERM; echo ${name} ready; while :; do sleep 0.05; done`;
    const sandbox = await world.start(`(${trap("child")}) & ${trap("parent")}`);
    const output = listen(sandbox);
    await output.until("child ready");
    await output.until("parent ready");
    sandbox.signal("SIGTERM");
    await output.until("parent got it");
    expect(await sandbox.exited).toEqual({ code: 0 });
    sandbox.signal("SIGTERM");
  });

  test("that come before the program runs are not lost", async () => {
    const sandbox = await world.start("exec sleep 60");
    sandbox.signal("SIGTERM");
    expect(await sandbox.exited).toEqual({ code: 143 });
  });

  test("are answered by the defaults of a fresh process", async () => {
    const sandbox = await world.start("grep -E '^Sig(Ign|Cgt)' /proc/self/status; exec sleep 60");
    const output = listen(sandbox);
    await output.until("SigCgt");
    expect(/SigIgn:\s*(\d+)/.exec(output.text())?.[1]).toBe("0000000000000000");
    sandbox.signal("SIGINT");
    expect((await sandbox.exited).code).toBe(130);
  });

  test("work also after the program has killed everything it can", async () => {
    const sandbox = await world.start(
      "trap 'echo got it; exit 4' TERM; kill -KILL -1; echo alive; while :; do sleep 0.05; done",
    );
    const output = listen(sandbox);
    await output.until("alive");
    sandbox.signal("SIGTERM");
    expect((await sandbox.exited).code).toBe(4);
  });

  test("SIGKILL ends all of it, told as 137", async () => {
    const sandbox = await world.start("trap '' TERM; while :; do sleep 60; done");
    sandbox.signal("SIGKILL");
    expect(await sandbox.exited).toEqual({ code: 137, signal: "SIGKILL" });
  });
});

describe("the end", () => {
  test("takes orphans and daemons along", async () => {
    const sandbox = await world.start(
      "setsid sh -c 'trap \"\" TERM HUP; sleep 60' & sleep 60 & echo started; read x",
      {
        stdin: "pipe",
      },
    );
    await listen(sandbox).until("started");
    const tree = processTree(sandbox.pid).map((pid) => ({ pid, began: startTimeOf(pid) }));
    expect(tree.length).toBeGreaterThan(4);
    sandbox.pipes?.stdin?.end();
    await sandbox.exited;
    for (const { pid, began } of tree) expect(startTimeOf(pid)).not.toBe(began);
  });

  test("orphans are reaped while the program runs", async () => {
    const { out } = await world.run(
      "(sh -c 'exit 3' &); sleep 0.3; grep -l '^State:.Z' /proc/[0-9]*/status | wc -l",
    );
    expect(out).toBe("0\n");
  });

  test("leaves no folder, cgroup or mount, and may be asked for twice", async () => {
    const spec = world.spec("exec sleep 60");
    const sandbox = await world.sandboxes.start(spec);
    expect(readFileSync(join(spec.directory, "sandbox.json"), "utf8")).toContain(String(sandbox.pid));
    const record = JSON.parse(readFileSync(join(spec.directory, "sandbox.json"), "utf8")) as {
      cgroups: string[];
    };
    // One is there only for a sandbox that takes much of the processors.
    const made = record.cgroups.filter((folder) => !folder.includes("-background/"));
    for (const folder of made) expect(existsSync(folder)).toBe(true);
    await Promise.all([sandbox.cleanUp(), sandbox.cleanUp()]);
    expect(existsSync(spec.directory)).toBe(false);
    for (const folder of record.cgroups) expect(existsSync(folder)).toBe(false);
    const mounts = mountPoints(readFileSync("/proc/self/mountinfo", "utf8"));
    expect(mounts.filter((point) => point.startsWith(world.home))).toEqual([]);
    await sandbox.cleanUp();
  });

  test("a sandbox that cannot be built leaves nothing and says why", async () => {
    const spec = world.spec("true", {
      binds: [{ source: "/no/such/folder", target: "/x", writable: false }],
    });
    await expect(world.sandboxes.start(spec)).rejects.toThrow("cannot be started");
    expect(existsSync(spec.directory)).toBe(false);
  });

  test("what fails inside the set-up is told apart from the program's own failure", async () => {
    const source = join(world.home, "vanishing");
    mkdirSync(source);
    const spec = world.spec("true", { binds: [{ source, target: "/x", writable: false }] });
    const starting = world.sandboxes.start({ ...spec, limits: { ...spec.limits, memoryBytes: -1 } });
    const outcome = await starting.then(
      async (sandbox) => (await sandbox.exited).setUpError ?? "none",
      (thrown: Error) => thrown.message,
    );
    expect(outcome).not.toBe("none");
    await starting.then((sandbox) => sandbox.cleanUp()).catch(() => {});
  });
});

describe("streams", () => {
  test("input is piped, and ends", async () => {
    const sandbox = await world.start("cat; echo end", { stdin: "pipe" });
    const output = listen(sandbox);
    sandbox.pipes?.stdin?.write("one\n");
    await output.until("one");
    sandbox.pipes?.stdin?.end("two\n");
    await sandbox.exited;
    await output.until("two\nend\n");
  });

  test("without input there is nothing to read", async () => {
    expect((await world.run("cat; echo end")).out).toBe("end\n");
  });

  test("large output arrives whole", async () => {
    const { out } = await world.run("head -c 3000000 /dev/zero | tr '\\0' x");
    expect(out.length).toBe(3_000_000);
  });

  test("a terminal has its size, is the program's own, and sends Ctrl-C to what runs in it", async () => {
    const sandbox = await world.start(
      "stty size; tty; trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.05; done",
      {
        terminal: { columns: 101, rows: 33 },
      },
    );
    const output = listen(sandbox);
    await output.until("ready");
    expect(output.text()).toContain("33 101\r\n/dev/console\r\n");
    sandbox.terminal?.write("\x03");
    await output.until("interrupted");
    expect((await sandbox.exited).code).toBe(9);
  });

  test("job control works in a terminal", async () => {
    const sandbox = await world.start("exec bash --norc -i", { terminal: { columns: 80, rows: 24 } });
    const output = listen(sandbox);
    await output.until("$");
    expect(output.text()).not.toContain("no job control");
    sandbox.terminal?.write("sh -c 'printf \"in the %s\\n\" job; exec sleep 60'\n");
    await output.until("in the job");
    sandbox.terminal?.write("\x1a");
    await output.until("Stopped");
    // The first is warned of the stopped job, the second is not.
    sandbox.terminal?.write("exit 3\nexit 3\n");
    expect((await sandbox.exited).code).toBe(3);
  });

  test("no other sandbox gets hold of a terminal", async () => {
    const sandbox = await world.start("exec sleep 60", { terminal: { columns: 80, rows: 24 } });
    const { out } = await world.run("ls -l /proc/self/fd /proc/$$/fd");
    expect(out).not.toContain("ptmx");
    await sandbox.cleanUp();
  });
});

describe("limits", () => {
  test("processes", async () => {
    const limits = { memoryBytes: 256 * 1024 * 1024, cpuShare: 1, pids: 20 };
    const { out, err } = await world.run("for i in $(seq 40); do sleep 5 & done; echo end; kill -9 -1", {
      limits,
    });
    expect(`${out}${err}`).toMatch(/fork/);
  });

  test("memory, where a cgroup enforces it", async ({ skip }) => {
    if (world.sandboxes.abilities.cgroup === "none") skip("this machine lets this user make no cgroup");
    const limits = { memoryBytes: 32 * 1024 * 1024, cpuShare: 1, pids: 50 };
    const sandbox = await world.start("head -c 100000000 /dev/zero | tail -c 99999999 >/dev/null; exit $?", {
      limits,
    });
    listen(sandbox);
    expect((await sandbox.exited).code).toBe(137);
    expect(await sandbox.ranOutOfMemory()).toBe(true);
  });

  test("less weight in the background, where cgroups weigh", async ({ skip }) => {
    const sandbox = await world.start("exec sleep 60", { background: true });
    const record = readFileSync(join(world.home, "dynos", sandbox.id, "sandbox.json"), "utf8");
    const parents = (JSON.parse(record).cgroups as string[]).map((folder) => dirname(folder));
    const files = parents.flatMap((folder) => ["cpu.shares", "cpu.weight"].map((name) => join(folder, name)));
    const [file] = files.filter((each) => existsSync(each));
    if (!file) return skip("this machine lets this user make no cgroup that weighs");
    expect(readFileSync(file, "utf8")).toBe(file.endsWith("cpu.shares") ? "102\n" : "10\n");
    await sandbox.cleanUp();
  });

  test("no first place for who keeps all processors busy", async ({ skip }) => {
    const row = world.sandboxes.abilities.table.find(({ what }) => what === "Processor shares");
    if (!row?.detail.includes("after the others")) skip("this machine cannot tell who uses its processors");
    const spin = "while :; do :; done";
    const line = `for n in $(seq ${Math.min(64, 2 * availableParallelism())}); do (${spin}) & done; ${spin}`;
    const sandbox = await world.start(line);
    const quiet = await world.start("exec sleep 60");
    const groupsOf = (pid: number) => readFileSync(`/proc/${pid}/cgroup`, "utf8");
    const isBehind = (pid: number) => {
      const cpu = /^\d+:(?:.*,)?cpu(?:,.*)?:(.*)$/m.exec(groupsOf(pid))?.[1];
      if (cpu !== undefined) return cpu.includes("-background/");
      return readFileSync(`/sys/fs/cgroup${groupsOf(pid).trim().slice(3)}/cpu.idle`, "utf8").trim() === "1";
    };
    await eventually("all its processes come after the others", () => {
      const members = processTree(sandbox.pid).slice(1);
      return members.length > 1 && members.every(isBehind);
    });
    expect(isBehind(quiet.pid)).toBe(false);
    await sandbox.cleanUp();
    await quiet.cleanUp();
  });

  test("memory in use is known", async () => {
    const sandbox = await world.start("exec sleep 60");
    await eventually("memory is in use", async () => (await sandbox.memoryBytes()) > 50_000);
    await sandbox.cleanUp();
    expect(await sandbox.memoryBytes()).toBe(0);
  });

  test("open files and core dumps", async () => {
    expect((await world.run("ulimit -S -n; ulimit -c")).out).toBe("10000\n0\n");
  });
});

describe("freezing", () => {
  test("stops all its processes until it is thawed", async ({ skip }) => {
    if (!world.sandboxes.abilities.freezer) skip("this machine lets this user freeze nothing");
    const sandbox = await world.start("while :; do echo tick; sleep 0.01; done");
    let ticks = 0;
    sandbox.pipes?.stdout.on("data", () => {
      ticks++;
    });
    await eventually("it ticks", () => ticks > 3);
    await sandbox.freeze();
    // What was written before is read first; after that nothing comes.
    let frozenAt = -1;
    while (ticks !== frozenAt) {
      frozenAt = ticks;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await sandbox.thaw();
    await eventually("it ticks again", () => ticks > frozenAt + 3);
    await sandbox.freeze();
    sandbox.kill();
    expect((await sandbox.exited).code).toBe(137);
  });
});

describe("remains", () => {
  test("of a killed process are ended and removed; other folders' sandboxes are not touched", async () => {
    const parent = join(world.home, "left");
    const left = world.spec("trap '' TERM; while :; do sleep 60; done", { directory: join(parent, "one") });
    const sandbox = await world.sandboxes.start(left);
    const other = await world.start("exec sleep 60");
    mkdirSync(join(parent, "two/upper"), { recursive: true });
    mkdirSync(join(parent, ".kept"));
    writeFileSync(
      join(parent, "two/sandbox.json"),
      JSON.stringify({ pid: process.pid, startTime: "0", cgroups: [] }),
    );
    await world.sandboxes.removeRemains(parent);
    expect((await sandbox.exited).code).toBe(137);
    expect(readdirSync(parent)).toEqual([".kept"]);
    await eventually("the other one runs", async () => (await other.memoryBytes()) > 0);
    await world.sandboxes.removeRemains(join(world.home, "no such folder"));
  });
});
