import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CLONE } from "./running-platform.ts";
import { readEnvironmentFile, readUnit } from "./typed-unit.ts";

const FOLDER = join(CLONE, "deploy/systemd");
const unit = (name: string) => readUnit(readFileSync(join(FOLDER, name), "utf8"));

test("a unit's settings are read with all their values", () => {
  const text =
    "# A=b\n[Unit]\nAfter=a b\n[Service]\nEnvironment=A=1 B=2\nEnvironment=C=3\nDelegate=yes\n\nbroken\n";
  expect(Object.fromEntries(readUnit(text))).toEqual({
    ...{ After: ["a b"], Environment: ["A=1 B=2", "C=3"], Delegate: ["yes"] },
  });
});

test("a file of variables has no comments", () => {
  expect(readEnvironmentFile("# X=1\nA=b=c\n\n#B=2\nC=\n")).toEqual({ A: "b=c", C: "" });
});

/** What dynos are isolated with, and systemd would take away. */
const AGAINST_SANDBOXES = [
  ...["ProtectProc", "ProtectKernelTunables", "ProtectKernelLogs", "ProtectControlGroups", "ProtectHostname"],
  ...[
    "PrivateDevices",
    "PrivateUsers",
    "PrivateTmp",
    "PrivateNetwork",
    "RestrictNamespaces",
    "RestrictSUIDSGID",
  ],
  ...["MemoryDenyWriteExecute", "SystemCallFilter", "CapabilityBoundingSet", "DevicePolicy"],
];

test("the unit leaves sandboxes what they need", () => {
  const settings = unit("conifer.service");
  expect(AGAINST_SANDBOXES.filter((name) => settings.has(name))).toEqual([]);
  expect(settings.get("Delegate")).toEqual(["yes"]);
});

test("the unit gives the supervisor longer to stop than it takes at most, and tells nobody else", () => {
  const settings = unit("conifer.service");
  expect(settings.get("KillMode")).toEqual(["mixed"]);
  const source = readFileSync(join(CLONE, "platform/src/compose/supervisor-run.ts"), "utf8");
  const [, most = ""] = /STOP_MS = ([\d_]+);/.exec(source) ?? [];
  expect(Number(settings.get("TimeoutStopSec")?.[0]) * 1_000).toBeGreaterThan(Number(most.replace("_", "")));
});

test("what the units start is there", () => {
  const started = readdirSync(FOLDER)
    .filter((name) => name.endsWith(".service"))
    .flatMap((name) => unit(name).get("ExecStart") ?? []);
  expect(started).toHaveLength(2);
  for (const command of started) {
    const [, path = ""] = / \/opt\/conifer\/(\S+)$/.exec(command) ?? [];
    expect(readFileSync(join(CLONE, path), "utf8")).toMatch(/^#!\/bin\/sh\n/);
  }
});

/** Where cgroups of version 2 are, and this process may make some. */
function writableGroups(): string | undefined {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const point = mounts.find((line) => / - cgroup2 /.test(line))?.split(" ")[4];
  try {
    return point === undefined ? undefined : mkdtempSync(join(point, "conifer-unit-"));
  } catch {
    return undefined;
  }
}

describe("what the unit starts", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "conifer-unit-"));
    mkdirSync(join(folder, "1/scripts"), { recursive: true });
    cpSync(join(CLONE, "scripts/start-unit.sh"), join(folder, "1/scripts/start-unit.sh"));
    const tells = 'pwd; echo "$1"; sed -n s/^0:://p /proc/self/cgroup\n';
    writeFileSync(join(folder, "1/scripts/start.sh"), tells);
    symlinkSync(join(folder, "1"), join(folder, "now"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("stays with its version when the link leads to another", () => {
    const { stdout, status } = spawnSync("sh", [join(folder, "now/scripts/start-unit.sh"), "word"], {
      encoding: "utf8",
    });
    expect([status, stdout.split("\n").slice(0, 2)]).toEqual([0, [realpathSync(join(folder, "1")), "word"]]);
  });

  test("moves into a group below the one that was handed over", (context) => {
    const group = process.getuid?.() === 0 ? writableGroups() : undefined;
    if (group === undefined) return context.skip("no cgroups of version 2 can be made here");
    const enter = 'mount --bind "$1" /sys/fs/cgroup; echo $$ >"/sys/fs/cgroup/$2/cgroup.procs"; exec sh "$3"';
    const program = join(folder, "now/scripts/start-unit.sh");
    try {
      const { stdout, stderr } = spawnSync(
        "unshare",
        ["--mount", "sh", "-ec", enter, "sh", dirname(group), basename(group), program],
        { encoding: "utf8" },
      );
      expect(stdout.trim().split("\n").at(-1), stderr).toBe(`/${basename(group)}/conifer`);
    } finally {
      rmdirSync(join(group, "conifer"));
      rmdirSync(group);
    }
  });
});

test("systemd takes the units as they are", (context) => {
  const units = readdirSync(FOLDER).filter((name) => /\.(?:service|timer)$/.test(name));
  expect(units).toHaveLength(3);
  const paths = units.map((name) => join(FOLDER, name));
  const { error, status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...paths]);
  if (error) context.skip("there is no systemd-analyze on this machine");
  expect([status, String(stderr)]).toEqual([0, ""]);
});
