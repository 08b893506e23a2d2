import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SandboxSpec } from "./sandbox.ts";
import {
  bindTargets,
  checkLayer,
  commandLine,
  enteringCommand,
  lowerPaths,
  type Machine,
  mountLines,
  withOwnRoot,
} from "./sandbox-plan.ts";

const MACHINE: Machine = {
  root: false,
  userNamespace: true,
  inside: { uid: 1000, gid: 1000 },
  owner: undefined,
  overlay: true,
  base: { directory: "/home/c/dynos/.shared/base", folders: ["usr", "lib"], devices: ["null", "tty"] },
  setUpFile: "/home/c/dynos/.shared/set-up",
  mountPoint: "/home/c/dynos/.shared/root",
  home: "/home/c",
  coverUsrLocal: true,
  kernelFiles: { readOnly: [], emptyFiles: [], emptyFolders: [] },
};
const AS_ROOT: Machine = { ...MACHINE, root: true, owner: { uid: 96_400, gid: 96_400 } };
const SPEC: SandboxSpec = {
  id: "d1",
  directory: "/home/c/dynos/d1",
  lowerDirs: ["/home/c/layers/bb", "/home/c/layers/aa"],
  binds: [],
  argv: ["node", "server.js"],
  env: { SECRET: "s3cret" },
  cwd: "/workspace",
  limits: { memoryBytes: 1024, cpuShare: 1, pids: 10 },
  stdin: "none",
};

describe("the mounts of a sandbox", () => {
  test("are made in an order in which each has its place", () => {
    const lines = mountLines(MACHINE, SPEC, "/dev/pts/7").trimEnd().split("\n");
    const root = "/home/c/dynos/.shared/root";
    expect(lines).toEqual([
      `overlay ${root} overlay nosuid,nodev,lowerdir=layers/bb:layers/aa:dynos/.shared/base,upperdir=dynos/d1/upper,workdir=dynos/d1/work,userxattr 0 0`,
      `/usr ${root}/usr none bind,ro,nosuid,nodev 0 0`,
      `/lib ${root}/lib none bind,ro,nosuid,nodev 0 0`,
      `/home/c/dynos/.shared/base/var/empty ${root}/usr/local none bind,ro,nosuid,nodev,noexec 0 0`,
      `proc ${root}/proc proc nosuid,nodev,noexec 0 0`,
      `/dev/null ${root}/dev/null none bind,nosuid,noexec 0 0`,
      `/dev/tty ${root}/dev/tty none bind,nosuid,noexec 0 0`,
      `/dev/pts/7 ${root}/dev/console none bind,nosuid,noexec 0 0`,
      `devpts ${root}/dev/pts devpts nosuid,noexec,newinstance,ptmxmode=0666,mode=0620 0 0`,
      `tmpfs ${root}/dev/shm tmpfs nosuid,nodev,mode=1777,size=1024 0 0`,
    ]);
  });

  test("of a guest are all in places that its writable layer has", () => {
    const guest = { lowerDirs: ["/home/c/layers/container-aa"] };
    const lines = mountLines(AS_ROOT, { ...SPEC, lowerDirs: [], guest }, "/dev/pts/7")
      .trimEnd()
      .split("\n");
    const root = "/home/c/dynos/.shared/root/guest";
    expect(lines.slice(-7)).toEqual([
      `overlay ${root} overlay nosuid,nodev,lowerdir=layers/container-aa,upperdir=dynos/d1/guest-upper,workdir=dynos/d1/guest-work 0 0`,
      `proc ${root}/proc proc nosuid,nodev,noexec 0 0`,
      `/dev/null ${root}/dev/null none bind,nosuid,noexec 0 0`,
      `/dev/tty ${root}/dev/tty none bind,nosuid,noexec 0 0`,
      `/dev/pts/7 ${root}/dev/console none bind,nosuid,noexec 0 0`,
      `devpts ${root}/dev/pts devpts nosuid,noexec,newinstance,ptmxmode=0666,mode=0620 0 0`,
      `tmpfs ${root}/dev/shm tmpfs nosuid,nodev,mode=1777,size=1024 0 0`,
    ]);
  });

  test("without overlay the copy is the root", () => {
    const [first] = mountLines({ ...MACHINE, overlay: false }, SPEC, undefined).split("\n");
    expect(first).toBe("/home/c/dynos/d1/root /home/c/dynos/.shared/root none bind,nosuid,nodev 0 0");
  });

  test("binds come last, read-only unless asked otherwise, with odd names escaped", () => {
    const binds = [
      { source: "/a b", target: "/cache", writable: true },
      { source: "/c", target: "/d#e", writable: false },
    ];
    const lines = mountLines(MACHINE, { ...SPEC, binds }, undefined)
      .trimEnd()
      .split("\n")
      .slice(-2);
    expect(lines).toEqual([
      "/a\\040b /home/c/dynos/.shared/root/cache none bind,nosuid,nodev 0 0",
      "/c /home/c/dynos/.shared/root/d\\043e none bind,nosuid,nodev,ro 0 0",
    ]);
  });

  test("many layers are given by short links, since Linux takes a page of options", () => {
    const lowerDirs = Array.from({ length: 120 }, (_, n) => `/home/c/layers/${String(n).padStart(64, "0")}`);
    const [first = ""] = mountLines(MACHINE, { ...SPEC, lowerDirs }, undefined).split("\n");
    expect(first.length).toBeLessThan(4096);
    expect(lowerPaths({ ...SPEC, lowerDirs })[119]).toBe("/home/c/dynos/d1/layers/119");
  });

  test("a path that would break the options is refused", () => {
    const odd = { ...SPEC, lowerDirs: ["/home/c/layers/a:b"] };
    expect(() => mountLines(MACHINE, odd, undefined)).toThrow("cannot be a layer");
  });
});

describe("the command of a sandbox", () => {
  const command = (machine: Machine, ownNetwork = false) =>
    commandLine({ machine, spec: SPEC, mounts: "/m", ownNetwork }).join(" ");
  const SETS = "--no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all --pdeathsig KILL";
  const SET_UP = "sh /home/c/dynos/.shared/set-up d1 /m /home/c/dynos/.shared/root";
  const PROGRAM = "sh /etc/conifer/init node server.js";

  test("without root it is mapped root in a user namespace, and nobody in another", () => {
    expect(command(MACHINE)).toBe(
      "unshare --user --map-root-user setpriv --pdeathsig KILL " +
        `unshare --mount --pid --ipc --uts --fork --kill-child=KILL ${SET_UP} ` +
        `unshare --user --map-user=1000 --map-group=1000 --keep-caps setpriv ${SETS} ${PROGRAM}`,
    );
  });

  test("as root it becomes an account of nobody's before it gets its user namespace", () => {
    expect(command(AS_ROOT)).toBe(
      `setpriv --pdeathsig KILL unshare --mount --pid --ipc --uts --fork --kill-child=KILL ${SET_UP} ` +
        "setpriv --reuid 96400 --regid 96400 --clear-groups " +
        `unshare --user --map-user=1000 --map-group=1000 --keep-caps setpriv ${SETS} ${PROGRAM}`,
    );
  });

  test("as root where user namespaces are forbidden it is that account", () => {
    expect(command({ ...AS_ROOT, userNamespace: false })).toContain(
      `root setpriv --reuid 96400 --regid 96400 --clear-groups ${SETS} ${PROGRAM}`,
    );
  });

  test("of a builder is root of a namespace of its own, with ids of nobody's where it can have them", () => {
    const builder = (machine: Machine) =>
      commandLine({ machine, spec: { ...SPEC, builder: true }, mounts: "/m", ownNetwork: false })
        .map((word) => (word.includes("\n") ? "SCRIPT" : word))
        .join(" ");
    expect(builder(AS_ROOT)).toContain(
      "root sh -c SCRIPT sh 1879048192 65536 setpriv --reuid 0 --regid 0 --clear-groups --no-new-privs --pdeathsig KILL sh /etc",
    );
    expect(builder(MACHINE)).toContain(
      "root unshare --user --map-root-user --mount setpriv --no-new-privs --pdeathsig KILL sh /etc",
    );
  });

  test("sets the parent-death signal after every change of credentials", () => {
    for (const machine of [MACHINE, AS_ROOT, { ...AS_ROOT, userNamespace: false }]) {
      const words = command(machine).split(" ");
      const changes = ["--user", "--reuid"].map((word) => words.lastIndexOf(word));
      expect(words.lastIndexOf("--pdeathsig")).toBeGreaterThan(Math.max(...changes));
    }
  });

  test("holds no secret", () => {
    expect(command(MACHINE)).not.toContain("s3cret");
  });

  test("has a network namespace when it gets a network", () => {
    expect(command(AS_ROOT, true)).toContain("--uts --net --fork");
  });
});

describe("layers and binds", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "conifer-plan-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("a layer of an app fits", () => {
    for (const name of ["workspace", "layers", "cnb"]) mkdirSync(join(folder, name));
    expect(() => checkLayer(folder)).not.toThrow();
  });

  test.each(["usr", "etc", "proc", "dev", "lib64", "mnt"])("a layer with its own /%s does not", (name) => {
    mkdirSync(join(folder, name));
    expect(() => checkLayer(folder)).toThrow(`The image brings its own /${name}`);
  });

  test("nor does one with a link at its top", () => {
    symlinkSync("/", join(folder, "workspace"));
    expect(() => checkLayer(folder)).toThrow("The image has a link at /workspace");
  });

  test("a bind's place is made with its parents, like those the layers have", () => {
    mkdirSync(join(folder, "layer/workspace"), { recursive: true });
    writeFileSync(join(folder, "file"), "");
    const binds = [
      { source: folder, target: "/workspace/cache/deep", writable: true },
      { source: join(folder, "file"), target: "/platform/env", writable: false },
    ];
    expect(bindTargets(binds, [join(folder, "layer")])).toEqual([
      { path: "workspace", kind: "folder", like: join(folder, "layer/workspace") },
      { path: "workspace/cache", kind: "folder" },
      { path: "workspace/cache/deep", kind: "folder" },
      { path: "platform", kind: "folder" },
      { path: "platform/env", kind: "file" },
    ]);
  });

  test("a place that is there needs nothing", () => {
    mkdirSync(join(folder, "layer/workspace"), { recursive: true });
    const binds = [{ source: folder, target: "/workspace", writable: true }];
    expect(bindTargets(binds, [join(folder, "layer")])).toEqual([]);
  });

  test.each(["relative", "/", "/a/../b", "/a/./b"])("%s is no place for a bind", (target) => {
    expect(() => bindTargets([{ source: folder, target, writable: true }], [])).toThrow("absolute path");
  });

  test("no bind goes through a link, which could lead out of the sandbox", () => {
    mkdirSync(join(folder, "layer"));
    symlinkSync("/", join(folder, "layer/out"));
    const binds = [{ source: folder, target: "/out/x", writable: true }];
    expect(() => bindTargets(binds, [join(folder, "layer")])).toThrow("has a link at /out");
  });
});

describe("the kernel's files", () => {
  const kernelFiles = { readOnly: ["sys"], emptyFiles: ["keys"], emptyFolders: ["scsi"] };
  const covers = (machine: Machine, change: Partial<SandboxSpec> = {}) =>
    mountLines({ ...machine, kernelFiles }, { ...SPEC, ...change }, undefined)
      .split("\n")
      .filter((line) => line.includes("/proc/"));
  const at = (root: string) => [
    `${root}/proc/sys ${root}/proc/sys none bind,ro,nosuid,nodev,noexec 0 0`,
    `/dev/null ${root}/proc/keys none bind,nosuid,noexec 0 0`,
    `tmpfs ${root}/proc/scsi tmpfs ro,nosuid,nodev,noexec,mode=555,size=4k 0 0`,
  ];
  const ROOT_FOLDER = "/home/c/dynos/.shared/root";

  test("are covered once they are there, in a guest's root as well", () => {
    expect(covers(MACHINE)).toEqual(at(ROOT_FOLDER));
    expect(covers(MACHINE, { guest: { lowerDirs: ["/home/c/layers/cc"] } })).toEqual([
      ...at(ROOT_FOLDER),
      ...at(`${ROOT_FOLDER}/guest`),
    ]);
  });

  test("are left to a builder, whose steps need them whole", () => {
    expect(covers(AS_ROOT, { builder: true })).toEqual([]);
  });
});

describe("the filter of system calls", () => {
  const filter = { words: (kind: string, perl: readonly string[] = ["perl"]) => [...perl, "FILTER", kind] };
  const wordsOf = (machine: Machine, change: Partial<SandboxSpec> = {}) =>
    commandLine({
      ...{ machine: { ...machine, filter }, mounts: "/m", ownNetwork: false },
      spec: { ...SPEC, ...change },
    }).join(" ");

  test.each([
    ["program", MACHINE, {}],
    ["program", { ...AS_ROOT, userNamespace: false }, {}],
    ["guest", AS_ROOT, { guest: { lowerDirs: ["/home/c/layers/cc"] } }],
    ["builder", AS_ROOT, { builder: true }],
    ["builder", MACHINE, { builder: true }],
  ] as [string, Machine, Partial<SandboxSpec>][])(
    "for a %s comes after all that needs more, right before process 1",
    (kind, machine, change) => {
      expect(wordsOf(machine, change)).toContain(`--pdeathsig KILL perl FILTER ${kind} sh /etc/conifer/init`);
    },
  );

  test("is there for programs that enter, and in an image's root through its tools", () => {
    const pids = { outer: 7, init: 8 };
    const entering = { argv: ["env"], filtered: "guest", pids, ownNetwork: false } as const;
    expect(enteringCommand({ machine: { ...AS_ROOT, filter }, ...entering }).join(" ")).toContain(
      "--pdeathsig KILL perl FILTER guest sh -c",
    );
    const tools = { base: MACHINE.base, folder: "/tools", call: (name: string) => [`/.conifer/${name}`] };
    const machine = withOwnRoot(AS_ROOT, tools, { uid: 1, gid: 1 });
    expect(wordsOf(machine)).toContain("--pdeathsig KILL /.conifer/perl FILTER program /.conifer/sh");
  });
});

describe("the command that enters a sandbox", () => {
  const entering = (machine: Machine, ownNetwork = false) =>
    enteringCommand({
      machine,
      argv: ["sh", "-c", "env"],
      filtered: "program",
      pids: { outer: 7, init: 8 },
      ownNetwork,
    });
  const words = (machine: Machine, ownNetwork?: boolean) =>
    entering(machine, ownNetwork)
      .map((word) => (word.includes("\n") ? "SCRIPT" : word))
      .join(" ");
  const NAMESPACES = "--mount=/proc/8/ns/mnt --pid=/proc/8/ns/pid --ipc=/proc/8/ns/ipc --uts=/proc/8/ns/uts";
  const NOTHING = "--no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all --pdeathsig KILL";
  const AS_INSIDE = "unshare --user --map-user=1000 --map-group=1000 --keep-caps setpriv";

  test("goes through the user namespace in which Conifer is root, where it is not root itself", () => {
    expect(words(MACHINE)).toBe(
      `sh -c SCRIPT sh nsenter --user=/proc/7/ns/user --preserve-credentials nsenter ${NAMESPACES} ` +
        `${AS_INSIDE} ${NOTHING} sh -c SCRIPT sh sh -c env`,
    );
  });

  test("as root becomes the owner of the program's files first", () => {
    expect(words(AS_ROOT, true)).toBe(
      `sh -c SCRIPT sh nsenter ${NAMESPACES} --net=/proc/8/ns/net ` +
        `setpriv --reuid 96400 --regid 96400 --clear-groups ${AS_INSIDE} ${NOTHING} sh -c SCRIPT sh sh -c env`,
    );
  });

  test("gives up all privileges by the command of the first program, in each case", () => {
    for (const machine of [MACHINE, AS_ROOT, { ...AS_ROOT, userNamespace: false }]) {
      const begins = commandLine({ machine, spec: SPEC, mounts: "/m", ownNetwork: false }).join(" ");
      const [, dropped = ""] =
        / (setpriv [^/]*KILL|unshare --user --map-user[^/]*KILL) sh \/\S+ node/.exec(begins) ?? [];
      expect(dropped).toContain("--bounding-set=-all");
      expect(words(machine)).toContain(dropped.slice(dropped.indexOf("--no-new-privs")));
    }
  });
});

describe("a sandbox with a root of its own", () => {
  const tools = {
    base: { directory: "/home/c/dynos/.shared/own/base", folders: [], devices: ["null"] },
    folder: "/home/c/dynos/.shared/own/tools",
    call: (name: string) => ["/.conifer/lib/ld", "--library-path", "/.conifer/lib", `/.conifer/bin/${name}`],
  };
  const machine = withOwnRoot(AS_ROOT, tools, { uid: 1234, gid: 4321 });

  test("has the image's layers below what covers them, and nothing of this machine but the tools", () => {
    const lines = mountLines(machine, SPEC, undefined).trimEnd().split("\n");
    const root = "/home/c/dynos/.shared/root";
    expect(lines[0]).toContain("lowerdir=dynos/.shared/own/base:layers/bb:layers/aa,");
    expect(lines.filter((line) => line.startsWith("/"))).toEqual([
      `/dev/null ${root}/dev/null none bind,nosuid,noexec 0 0`,
      `/home/c/dynos/.shared/own/tools ${root}/.conifer none bind,ro,nosuid,nodev 0 0`,
      `/home/c/dynos/.shared/own/tools/nothing ${root}/etc/ld.so.preload none bind,ro,nosuid,nodev 0 0`,
    ]);
  });

  test("is built by programs of this machine up to the program itself", () => {
    const words = commandLine({ machine, spec: SPEC, mounts: "/m", ownNetwork: false });
    const inside = words.slice(words.indexOf("/home/c/dynos/.shared/root") + 1).join(" ");
    const call = (name: string) => tools.call(name).join(" ");
    expect(inside).toBe(
      `${call("setpriv")} --reuid 96400 --regid 96400 --clear-groups ` +
        `${call("unshare")} --user --map-user=1234 --map-group=4321 --keep-caps ` +
        `${call("setpriv")} --no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all --pdeathsig KILL ` +
        `${call("sh")} /.conifer/init node server.js`,
    );
  });
});
