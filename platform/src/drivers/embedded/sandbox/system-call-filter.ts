/** A processor whose system calls are known here, as Node names it. */
export type FilteredProcessor = "x64" | "arm64";

/**
 * Whose system calls are filtered: an ordinary program; one that becomes a guest's, which begins a user namespace to change
 * its root; or a builder, which makes file systems in namespaces of its own.
 */
export type FilteredKind = "program" | "guest" | "builder";

/** What becomes of a refused call: `EPERM`, or `ENOSYS` where programs then do without. */
type Refusal = "EPERM" | "ENOSYS";

/** Numbers of a system call on x64 and on arm64; undefined where there is none. */
type Numbers = readonly [x64: number, arm64: number | undefined];

/**
 * Calls for those who administer a machine, and doors to much of the kernel that apps can do without. The list is near to
 * what container engines refuse (Moby, `profiles/seccomp/default.json`); numbers as in Linux' `unistd_64.h` and
 * `asm-generic/unistd.h`. Tracing is not in it: process namespaces leave a program only itself to trace.
 */
const KERNEL_CALLS: Readonly<Record<string, Numbers>> = {
  _sysctl: [156, undefined],
  acct: [163, 89],
  add_key: [248, 217],
  bpf: [321, 280],
  clock_adjtime: [305, 266],
  clock_settime: [227, 112],
  create_module: [174, undefined],
  delete_module: [176, 106],
  fanotify_init: [300, 262],
  finit_module: [313, 273],
  get_kernel_syms: [177, undefined],
  init_module: [175, 105],
  ioperm: [173, undefined],
  iopl: [172, undefined],
  kexec_file_load: [320, 294],
  kexec_load: [246, 104],
  keyctl: [250, 219],
  lookup_dcookie: [212, 18],
  nfsservctl: [180, 42],
  open_by_handle_at: [304, 265],
  perf_event_open: [298, 241],
  query_module: [178, undefined],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  reboot: [169, 142],
  request_key: [249, 218],
  settimeofday: [164, 170],
  swapoff: [168, 225],
  swapon: [167, 224],
  sysfs: [139, undefined],
  syslog: [103, 116],
  uselib: [134, undefined],
  userfaultfd: [323, 282],
  ustat: [136, undefined],
  vhangup: [153, 58],
};

/** Libraries look whether these are there, and do without. */
const OPTIONAL_CALLS: Readonly<Record<string, Numbers>> = {
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
};

const NAMESPACE_CALLS: Readonly<Record<string, Numbers>> = {
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fsopen: [430, 430],
  fspick: [433, 433],
  mount: [165, 40],
  mount_setattr: [442, 442],
  move_mount: [429, 429],
  open_tree: [428, 428],
  pivot_root: [155, 41],
  setns: [308, 268],
  umount2: [166, 39],
};

const CLONE: Numbers = [56, 220];
const CLONE3: Numbers = [435, 435];
const UNSHARE: Numbers = [272, 97];
const IOCTL: Numbers = [16, 29];

const NEW_USER = 0x1000_0000;
/** Bits of clone(2) and unshare(2) for namespaces: cgroup, uts, ipc, user, pid, net, mount, time. */
const NEW_NAMESPACES = 0x7e02_0080;
/** Types for the terminal's reader, as if it had typed: `TIOCSTI` and `TIOCLINUX`. */
const TYPING = [0x5412, 0x541c] as const;

const ARCHITECTURE = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;
/** From here on numbers are those of another table of calls on x64. */
const X32 = 0x4000_0000;

/** Places in `struct seccomp_data` (seccomp(2)); of an argument, its lower half. */
const AT = { number: 0, architecture: 4, first: 16, second: 24 } as const;

/** Codes of instructions and of verdicts (linux/filter.h, linux/seccomp.h). */
const LOAD = 0x20;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const IF_ANY_BIT = 0x45;
const RETURN = 0x06;
const ERRNO = { EPERM: 0x0005_0001, ENOSYS: 0x0005_0026 } as const;
const ALLOW = 0x7fff_0000;
const KILL = 0x8000_0000;

/** One instruction; `yes` and `no` say how many are skipped after a test. */
interface Instruction {
  readonly code: number;
  readonly yes: number;
  readonly no: number;
  readonly value: number;
}

/**
 * The filter as the kernel takes it: a classic BPF program of 8 bytes for each instruction. A program of another processor's
 * calls is ended, since the numbers mean something else there.
 */
export function systemCallFilter(processor: FilteredProcessor, kind: FilteredKind): Buffer {
  const number = (numbers: Numbers) => numbers[processor === "x64" ? 0 : 1];
  const refuse = (calls: Readonly<Record<string, Numbers>>, refusal: Refusal) =>
    Object.values(calls).flatMap((numbers) => {
      const found = number(numbers);
      return found === undefined ? [] : [ifEqual(found, 1), verdict(ERRNO[refusal])];
    });
  // Of an argument that was looked at nothing is left but the verdict: the number has to be loaded again.
  const looked = (numbers: Numbers, at: number, tests: readonly Instruction[]) => {
    const body = [load(at), ...tests, verdict(ALLOW)];
    return [ifEqual(number(numbers) ?? 0, body.length), ...body];
  };
  const namespaces = (flags: number) => [
    { code: IF_ANY_BIT, yes: 0, no: 1, value: flags },
    verdict(ERRNO.EPERM),
  ];
  const withoutNamespaces = [
    ...refuse(NAMESPACE_CALLS, "EPERM"),
    ...refuse({ CLONE3 }, "ENOSYS"),
    ...looked(CLONE, AT.first, namespaces(NEW_NAMESPACES)),
    ...looked(UNSHARE, AT.first, namespaces(kind === "guest" ? NEW_NAMESPACES & ~NEW_USER : NEW_NAMESPACES)),
  ];
  return assemble([
    load(AT.architecture),
    { code: IF_EQUAL, yes: 1, no: 0, value: ARCHITECTURE[processor] },
    verdict(KILL),
    load(AT.number),
    ...(processor === "x64" ? [{ code: IF_AT_LEAST, yes: 0, no: 1, value: X32 }, verdict(ERRNO.ENOSYS)] : []),
    ...refuse(KERNEL_CALLS, "EPERM"),
    ...refuse(OPTIONAL_CALLS, "ENOSYS"),
    ...(kind === "builder" ? [] : withoutNamespaces),
    ...looked(
      IOCTL,
      AT.second,
      TYPING.flatMap((request) => [ifEqual(request, 1), verdict(ERRNO.EPERM)]),
    ),
    verdict(ALLOW),
  ]);
}

const load = (at: number): Instruction => ({ code: LOAD, yes: 0, no: 0, value: at });
const verdict = (value: number): Instruction => ({ code: RETURN, yes: 0, no: 0, value });

/** Skips the next `length` instructions unless the loaded word is this one. */
const ifEqual = (value: number, length: number): Instruction => ({
  code: IF_EQUAL,
  yes: 0,
  no: length,
  value,
});

function assemble(instructions: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(instructions.length * 8);
  for (const [n, { code, yes, no, value }] of instructions.entries()) {
    bytes.writeUInt16LE(code, n * 8);
    bytes.writeUInt8(yes, n * 8 + 2);
    bytes.writeUInt8(no, n * 8 + 3);
    bytes.writeUInt32LE(value, n * 8 + 4);
  }
  return bytes;
}
