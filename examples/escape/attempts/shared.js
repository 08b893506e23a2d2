const { readdirSync, readFileSync } = require("node:fs");
const { spawnSync } = require("node:child_process");

/** The words of a config var. */
const given = (name) => (process.env[name] ?? "").split(" ").filter(Boolean);

const quietly = (work, otherwise) => {
  try {
    return work();
  } catch {
    return otherwise;
  }
};

const list = (folder) => quietly(() => readdirSync(folder), []);
const read = (file) => quietly(() => readFileSync(file, "latin1"), "");
const pids = () => list("/proc").filter((name) => /^\d+$/.test(name)).map(Number);

/** What a word looks for without holding it: the variable has it backwards, so that finding it means somebody else's. */
const canary = () => [...(process.env.ESCAPE_CANARY ?? "")].reverse().join("");

const program = (name, ...args) => spawnSync(name, args, { encoding: "utf8", timeout: 10_000 });

const ERRNO = { 1: "EPERM", 2: "ENOENT", 3: "ESRCH", 8: "ENOEXEC", 13: "EACCES", 14: "EFAULT", 22: "EINVAL", 38: "ENOSYS" };

/** Numbers of system calls on x64 and arm64. */
const CALLS = {
  ptrace: [101, 117],
  mount: [165, 40],
  init_module: [175, 105],
  delete_module: [176, 106],
  kexec_load: [246, 104],
  add_key: [248, 217],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  reboot: [169, 142],
  swapon: [167, 224],
};

/** Makes a system call by way of perl, which is on every Debian; arguments are numbers, and perl's expressions for bytes. */
function call(name, ...args) {
  const number = CALLS[name][process.arch === "arm64" ? 1 : 0];
  const given = args.map((arg, n) => (typeof arg === "number" ? arg : `(my $bytes${n} = ${arg})`));
  const text = `my $got = syscall(${[number, ...given].join(", ")}); print $got < 0 ? -int($! + 0) : $got`;
  const { stdout, stderr, error } = program("perl", "-e", text);
  if (error) throw new Error("there is no perl to make system calls with");
  if (!/^-?\d+$/.test(stdout)) throw new Error(`perl made no call: ${stderr}`);
  const value = Number(stdout);
  return { ok: value >= 0, says: value < 0 ? (ERRNO[-value] ?? `errno ${-value}`) : `${value}` };
}

module.exports = { call, canary, given, list, pids, program, quietly, read };
