import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { removeTree } from "../../files/trees/index.ts";
import type { SandboxSpec } from "./sandbox.ts";
import type { Machine } from "./sandbox-plan.ts";
import { makeWritableLayer } from "./writable-layer.ts";

const RESOLV_CONF = "nameserver 192.0.2.1\n";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "conifer-writable-"));
});
afterEach(() => removeTree(home));

const at = (...path: string[]) => join(home, ...path);
const mode = (...path: string[]) => statSync(at(...path)).mode & 0o7777;
function put(path: string, text: string): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

function machine(overlay: boolean): Machine {
  put("base/etc/hosts", "");
  put("base/etc/resolv.conf", "");
  put("base/etc/passwd", "dyno");
  // As the host base is made: nobody may write in it.
  for (const folder of ["base/etc", "base"]) chmodSync(at(folder), 0o555);
  const base = { directory: at("base"), folders: ["usr"], devices: ["null"] };
  const inside = { uid: 1000, gid: 1000 };
  const paths = { setUpFile: at("set-up"), mountPoint: at("root"), home };
  const has = { root: false, userNamespace: true, coverUsrLocal: false };
  const kernelFiles = { readOnly: [], emptyFiles: [], emptyFolders: [] };
  return { ...has, ...paths, inside, owner: undefined, overlay, base, kernelFiles };
}

function spec(more: Partial<SandboxSpec> = {}): SandboxSpec {
  const limits = { memoryBytes: 1024, cpuShare: 1, pids: 10 };
  const program = { argv: ["true"] as const, env: {}, cwd: "/", stdin: "none" as const };
  return { id: "web-1", directory: at("d1"), lowerDirs: [], binds: [], limits, ...program, ...more };
}

describe.each([
  ["on an overlay", true, "upper"],
  ["as a copy", false, "root"],
] as const)("a writable layer %s", (_what, overlay, folder) => {
  test("tells the program its name and resolvers, in files that it cannot change", async () => {
    await makeWritableLayer(machine(overlay), spec(), RESOLV_CONF);
    const top = join("d1", folder);
    expect(readFileSync(at(top, "etc/hosts"), "utf8")).toMatch(/^127\.0\.0\.1 localhost web-1$/m);
    expect(readFileSync(at(top, "etc/resolv.conf"), "utf8")).toBe(RESOLV_CONF);
    expect(["etc/hosts", "etc/resolv.conf", "etc", ""].map((path) => mode(top, path))).toEqual([
      0o444, 0o444, 0o555, 0o555,
    ]);
    // Not for other users of this machine: there is what an app has written.
    expect(mode("d1")).toBe(0o700);
    expect(existsSync(at(top, "etc/passwd"))).toBe(!overlay);
    expect(readFileSync(at("base/etc/hosts"), "utf8")).toBe("");
  });

  test("has places for binds, which are as open as what they cover", async () => {
    put("layer/workspace/a.js", "");
    chmodSync(at("layer/workspace"), 0o750);
    put("secret", "s3cret");
    mkdirSync(at("cache"));
    const binds = [
      { source: at("cache"), target: "/workspace/.cache", writable: true },
      { source: at("secret"), target: "/platform/env/KEY", writable: false },
    ];
    await makeWritableLayer(machine(overlay), spec({ lowerDirs: [at("layer")], binds }), RESOLV_CONF);
    const top = join("d1", folder);
    expect(["workspace", "workspace/.cache", "platform/env"].map((path) => mode(top, path))).toEqual([
      0o750, 0o755, 0o755,
    ]);
    expect(readFileSync(at(top, "platform/env/KEY"), "utf8")).toBe("");
    expect(existsSync(at("layer/workspace/.cache"))).toBe(false);
  });

  test("is not made where a link of the image would lead a bind out of it", async () => {
    mkdirSync(at("layer"));
    symlinkSync(home, at("layer/out"));
    const binds = [{ source: home, target: "/out/made", writable: true }];
    const made = makeWritableLayer(machine(overlay), spec({ lowerDirs: [at("layer")], binds }), RESOLV_CONF);
    await expect(made).rejects.toThrow("has a link at /out");
    expect(existsSync(at("made"))).toBe(false);
  });
});

test("a copy has of each file the topmost, and the layers stay as they are", async () => {
  for (const name of ["low", "high"]) put(`${name}/workspace/both`, name);
  put("low/workspace/only", "low");
  const before = mode("low/workspace");
  await makeWritableLayer(machine(false), spec({ lowerDirs: [at("high"), at("low")] }), RESOLV_CONF);
  const texts = ["both", "only"].map((name) => readFileSync(at("d1/root/workspace", name), "utf8"));
  expect(texts).toEqual(["high", "low"]);
  expect(readFileSync(at("low/workspace/both"), "utf8")).toBe("low");
  expect(mode("low/workspace")).toBe(before);
});

test("a guest's layer covers what an image may have as links, where mounts go", async () => {
  mkdirSync(at("image"));
  for (const name of ["proc", "dev", "etc"]) symlinkSync(home, at("image", name));
  await makeWritableLayer(machine(true), spec({ guest: { lowerDirs: [at("image")] } }), RESOLV_CONF);
  const guest = at("d1/guest-upper");
  for (const name of ["etc", "proc", "sys", "dev", "dev/pts", "dev/shm", "tmp"])
    expect(lstatSync(join(guest, name)).isDirectory()).toBe(true);
  expect(mode("d1/guest-upper/tmp")).toBe(0o1777);
  for (const name of ["dev/null", "dev/console", "etc/hosts", "etc/resolv.conf"])
    expect(lstatSync(join(guest, name)).isFile()).toBe(true);
  expect(readlinkSync(join(guest, "dev/stderr"))).toBe("/proc/self/fd/2");
  expect(lstatSync(at("d1/upper/guest")).isDirectory()).toBe(true);
  expect(existsSync(at("hosts"))).toBe(false);
});
