import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type FilteredKind, type FilteredProcessor, systemCallFilter } from "./system-call-filter.ts";

const PROCESSORS = ["x64", "arm64"] as const;
const KINDS = ["program", "guest", "builder"] as const;
const ARCHITECTURES = { x64: 0xc000003e, arm64: 0xc00000b7, i386: 0x40000003 } as const;
const VERDICTS: Readonly<Record<number, string>> = {
  2147418112: "allowed",
  327681: "EPERM",
  327718: "ENOSYS",
  2147483648: "ended",
};

/** What the kernel makes of a call: the program is run as linux/filter.h says. Throws where the kernel would not take it. */
function judge(
  filter: Buffer,
  { call, args = [], on }: { call: number; args?: readonly number[]; on: number },
): string {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call, 0);
  data.writeUInt32LE(on, 4);
  for (const [n, value] of args.entries()) data.writeBigUInt64LE(BigInt(value), 16 + n * 8);
  let word = 0;
  for (let at = 0; ; at += 8) {
    if (at + 8 > filter.length) throw new Error("the program runs over its end");
    const [code, yes, no] = [filter.readUInt16LE(at), filter.readUInt8(at + 2), filter.readUInt8(at + 3)];
    const value = filter.readUInt32LE(at + 4);
    const skip = (is: boolean) => {
      at += (is ? yes : no) * 8;
    };
    if (code === 0x06) return VERDICTS[value] ?? `verdict ${value}`;
    else if (code === 0x20) word = data.readUInt32LE(value);
    else if (code === 0x15) skip(word === value);
    else if (code === 0x35) skip(word >= value);
    else if (code === 0x45) skip((word & value) !== 0);
    else throw new Error(`no instruction has the code ${code}`);
  }
}

const on = (processor: FilteredProcessor, kind: FilteredKind, call: number, ...args: number[]) =>
  judge(systemCallFilter(processor, kind), { call, args, on: ARCHITECTURES[processor] });

const NEW_USER = 0x10000000;
const NEW_NET = 0x40000000;
const NEW_TIME = 0x80;
/** What a thread of glibc is begun with; its lowest byte is a signal's number for clone(2), and here none. */
const THREAD = 0x003d0f00;

describe.each([
  [
    "x64",
    { read: 0, mount: 165, bpf: 321, init_module: 175, kexec_load: 246, keyctl: 250, userfaultfd: 323 },
  ],
  [
    "arm64",
    { read: 63, mount: 40, bpf: 280, init_module: 105, kexec_load: 104, keyctl: 219, userfaultfd: 282 },
  ],
] as const)("on %s", (processor, numbers) => {
  test.each([
    ["read", "allowed", "allowed", "allowed"],
    ["mount", "EPERM", "EPERM", "allowed"],
    ["bpf", "EPERM", "EPERM", "EPERM"],
    ["init_module", "EPERM", "EPERM", "EPERM"],
    ["kexec_load", "EPERM", "EPERM", "EPERM"],
    ["keyctl", "EPERM", "EPERM", "EPERM"],
    ["userfaultfd", "EPERM", "EPERM", "EPERM"],
  ] as const)("%s is %s for a program, %s for a guest, %s for a builder", (name, ...verdicts) => {
    expect(KINDS.map((kind) => on(processor, kind, numbers[name]))).toEqual(verdicts);
  });

  const [clone, unshare, ioctl] = processor === "x64" ? [56, 272, 16] : [220, 97, 29];

  test.each([
    ["a thread", clone, THREAD, ["allowed", "allowed", "allowed"]],
    ["a process in a user namespace of its own", clone, NEW_USER + 17, ["EPERM", "EPERM", "allowed"]],
    ["a user namespace", unshare, NEW_USER, ["EPERM", "allowed", "allowed"]],
    ["a user and a network namespace", unshare, NEW_USER + NEW_NET, ["EPERM", "EPERM", "allowed"]],
    ["a time namespace", unshare, NEW_TIME, ["EPERM", "EPERM", "allowed"]],
    ["a file table of its own", unshare, 0x400, ["allowed", "allowed", "allowed"]],
  ] as const)("%s", (_what, call, flags, verdicts) => {
    expect(KINDS.map((kind) => on(processor, kind, call, flags))).toEqual(verdicts);
  });

  test("what hides its flags in memory is as if it were not there, so that libraries take what shows them", () => {
    expect(KINDS.map((kind) => on(processor, kind, 435))).toEqual(["ENOSYS", "ENOSYS", "allowed"]);
    expect(KINDS.map((kind) => on(processor, kind, 425))).toEqual(["ENOSYS", "ENOSYS", "ENOSYS"]);
  });

  test.each([
    ["typing for the reader of a terminal", 0x5412, "EPERM"],
    ["its cousin on the console", 0x541c, "EPERM"],
    ["the size of a terminal", 0x5413, "allowed"],
  ])("%s", (_what, request, expected) => {
    expect(KINDS.map((kind) => on(processor, kind, ioctl, 0, request))).toEqual(KINDS.map(() => expected));
  });

  test("calls of another processor end the program", () => {
    for (const kind of KINDS)
      for (const other of Object.values(ARCHITECTURES).filter((one) => one !== ARCHITECTURES[processor]))
        expect(judge(systemCallFilter(processor, kind), { call: 0, on: other })).toBe("ended");
  });

  test("every number comes to a verdict, with any arguments, and a wider filter refuses no more than a narrower", () => {
    const word = fc.nat(0xffffffff);
    fc.assert(
      fc.property(fc.oneof(fc.nat(470), word), word, word, (call, first, second) => {
        const [program, guest, builder] = KINDS.map((kind) => on(processor, kind, call, first, second));
        for (const one of [program, guest, builder]) expect(Object.values(VERDICTS)).toContain(one);
        if (program === "allowed") expect(guest).toBe("allowed");
        if (guest === "allowed") expect(builder).toBe("allowed");
      }),
      { numRuns: 2_000 },
    );
  });
});

test("the second table of calls on x64 is closed", () => {
  expect(on("x64", "program", 0x40000000)).toBe("ENOSYS");
  expect(on("x64", "builder", 0x40000000 + 165)).toBe("ENOSYS");
});

test.each(PROCESSORS)("what ordinary programs need is allowed on %s", (processor) => {
  const calls =
    processor === "x64"
      ? {
          ptrace: 101,
          chroot: 161,
          personality: 135,
          prctl: 157,
          seccomp: 317,
          memfd_create: 319,
          epoll_wait: 232,
        }
      : {
          ptrace: 117,
          chroot: 51,
          personality: 92,
          prctl: 167,
          seccomp: 277,
          memfd_create: 279,
          epoll_pwait: 22,
        };
  for (const [name, call] of Object.entries(calls))
    expect([name, on(processor, "program", call)]).toEqual([name, "allowed"]);
});

test("a program is what the kernel takes: 4,096 instructions at the most", () => {
  for (const processor of PROCESSORS)
    for (const kind of KINDS) expect(systemCallFilter(processor, kind).length / 8).toBeLessThan(256);
});
