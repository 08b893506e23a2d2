const { spawn, spawnSync } = require("node:child_process");
const { closeSync, mkdirSync, openSync, rmSync, writeSync } = require("node:fs");

/** Where each stops by itself, in what it counts. */
const MOST = {
  processes: 3_000,
  mebibytes: 1_600,
  descriptors: 150_000,
  diskMebibytes: 2_048,
  files: 400_000,
  lines: 100_000,
};

/** What only looks now and then is given so long to see what is there. */
const SEEN_MS = 75_000;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const outcome = (count, most, what) => [count >= most ? "yes" : "bounded", `${count} ${what}`];

/** Runs a function of this file in a process of its own, which may not survive it; `text` is what it printed last. */
function apart(name) {
  const options = { encoding: "utf8", timeout: 60_000 };
  const { stdout, signal, error } = spawnSync(process.execPath, [__filename, name], options);
  if (error) throw error;
  return { last: Number(stdout.trim().split("\n").at(-1)), signal };
}

/** Writes as much as there may be to an open file and keeps it for a while. */
async function fill(fd) {
  const chunk = Buffer.alloc(2 ** 24, 1);
  let count = 0;
  try {
    while (count < MOST.diskMebibytes) {
      count += writeSync(fd, chunk) / 2 ** 20;
      await wait(0);
    }
    await wait(SEEN_MS);
  } catch {}
  closeSync(fd);
  return outcome(count, MOST.diskMebibytes, "MiB");
}

const inside = {
  memory: () => {
    const held = [];
    const step = () => {
      held.push(Buffer.alloc(64 * 2 ** 20, 1));
      process.stdout.write(`${held.length * 64}\n`);
      if (held.length * 64 < MOST.mebibytes) setTimeout(step, 50);
      // Who only looks now and then is given the time to see it.
      else setTimeout(() => held.length, 5_000);
    };
    step();
  },
};

module.exports = {
  processes: async () => {
    const children = [];
    let failed = false;
    while (!failed && children.length < MOST.processes) {
      try {
        const child = spawn("sleep", ["30"], { stdio: "ignore" });
        child.on("error", () => {
          failed = true;
        });
        if (child.pid === undefined) break;
        children.push(child);
      } catch {
        break;
      }
      if (children.length % 100 === 0) await new Promise(setImmediate);
    }
    const ended = children.map((child) => new Promise((resolve) => child.once("exit", resolve)));
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(ended);
    return outcome(children.length, MOST.processes, "processes");
  },

  descriptors: () => {
    const open = [];
    try {
      while (open.length < MOST.descriptors) open.push(openSync("/dev/null"));
    } catch {}
    for (const fd of open) closeSync(fd);
    return outcome(open.length, MOST.descriptors, "descriptors");
  },

  disk: async () => {
    const fd = openSync("/tmp/escape-big", "w");
    return await fill(fd).finally(() => rmSync("/tmp/escape-big"));
  },

  unnamed: async () => {
    const fd = openSync("/tmp/escape-unnamed", "w");
    rmSync("/tmp/escape-unnamed");
    return await fill(fd);
  },

  inodes: async () => {
    let count = 0;
    try {
      for (; count < MOST.files; count += 1_000) {
        const folder = `/tmp/escape-many/${count}`;
        mkdirSync(folder, { recursive: true });
        for (let n = 0; n < 1_000; n += 1) closeSync(openSync(`${folder}/${n}`, "w"));
        await wait(0);
      }
      await wait(SEEN_MS);
    } catch {}
    rmSync("/tmp/escape-many", { recursive: true });
    return outcome(count, MOST.files, "files");
  },

  logs: () => {
    for (let n = 0; n < MOST.lines; n += 100)
      writeSync(1, Array.from({ length: 100 }, (_, m) => `flood ${n + m} ${"x".repeat(60)}\n`).join(""));
    return ["yes", `${MOST.lines} lines written`];
  },

  memory: () => {
    const { last, signal } = apart("memory");
    return outcome(signal ? last - 1 : last, MOST.mebibytes, `MiB${signal ? `, then ${signal}` : ""}`);
  },
};

if (require.main === module) inside[process.argv[2]]();
