import { spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

/** The set-up script in a clone of its own, with an npm that only notes that it was called. */

const SCRIPTS = join(import.meta.dirname, "../scripts");
let clone: string;

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), "conifer-set-up-"));
  cpSync(SCRIPTS, join(clone, "scripts"), { recursive: true });
  mkdirSync(join(clone, "bin"));
  writeFileSync(
    join(clone, "bin/npm"),
    `#!/bin/sh
echo "$*" >>npm-calls
sleep "\${NPM_TAKES:-0}"
[ -z "\${NPM_FAILS:-}" ] || { echo "no such package" >&2; exit 1; }
mkdir -p node_modules/left && cp package-lock.json node_modules/.package-lock.json
`,
  );
  chmodSync(join(clone, "bin/npm"), 0o755);
  writeLock("1.0.0");
});
afterEach(() => rmSync(clone, { recursive: true }));

function writeLock(version: string, file = "package-lock.json"): void {
  // npm's record of the tree lists what is there; the lock file lists every machine's packages.
  const elsewhere = {
    "node_modules/for-elsewhere": { version, optional: true, os: ["win32"], cpu: ["x64"] },
  };
  const packages = {
    "": { name: "conifer" },
    "node_modules/left": { version },
    "node_modules/@conifer/contract": { link: true },
    ...(file === "package-lock.json" ? elsewhere : {}),
    contract: { version: "0.1.0" },
  };
  writeFileSync(join(clone, file), JSON.stringify({ lockfileVersion: 3, packages }));
}

interface Outcome {
  readonly status: number | null;
  readonly said: string;
}

function setUp(env: Record<string, string> = {}): Promise<Outcome> {
  const child = spawn("sh", ["-eu", "-c", ". scripts/set-up.sh; set_up; echo done"], {
    cwd: clone,
    env: { PATH: `${join(clone, "bin")}:${process.env.PATH}`, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  return new Promise((resolve) => child.once("close", (status) => resolve({ status, said })));
}

const npmCalls = () =>
  existsSync(join(clone, "npm-calls"))
    ? readFileSync(join(clone, "npm-calls"), "utf8").trim().split("\n")
    : [];

describe("when npm runs", () => {
  test("on a fresh clone, without install scripts, and it is told", async () => {
    const { status, said } = await setUp();
    expect(status).toBe(0);
    expect(said).toMatch(/Installing dependencies.*\n.*Dependencies are installed.*\ndone/);
    expect(npmCalls()).toEqual([expect.stringMatching(/^ci --ignore-scripts /)]);
  });

  test("not the second time, and then nothing is said", async () => {
    await setUp();
    expect(await setUp()).toEqual({ status: 0, said: "done\n" });
    expect(npmCalls()).toHaveLength(1);
  });

  test("when the lock file changed", async () => {
    await setUp();
    writeLock("1.0.1");
    await setUp();
    expect(npmCalls()).toHaveLength(2);
  });

  test("not when the tree already holds what the lock file asks for", async () => {
    await setUp();
    writeLock("1.0.1");
    writeLock("1.0.1", "node_modules/.package-lock.json");
    expect(await setUp()).toEqual({ status: 0, said: "done\n" });
    expect(npmCalls()).toHaveLength(1);
  });

  test("again after one that failed, whose words are shown", async () => {
    const { status, said } = await setUp({ NPM_FAILS: "yes" });
    expect(status).toBe(1);
    expect(said).toMatch(/no such package\n.*could not be installed.*Nothing was started/s);
    expect((await setUp()).status).toBe(0);
    expect(npmCalls()).toHaveLength(2);
  });
});

describe("two at a time", () => {
  test("the second waits for the first and installs nothing", async () => {
    const both = await Promise.all([setUp({ NPM_TAKES: "0.5" }), setUp({ NPM_TAKES: "0.5" })]);
    expect(both.map(({ status }) => status)).toEqual([0, 0]);
    expect(npmCalls()).toHaveLength(1);
    expect(existsSync(join(clone, ".set-up.lock"))).toBe(false);
  });

  test("a lock whose owner is gone is taken over", async () => {
    mkdirSync(join(clone, ".set-up.lock"));
    writeFileSync(join(clone, ".set-up.lock/pid"), String(2 ** 22 + 1));
    expect((await setUp()).status).toBe(0);
    expect(existsSync(join(clone, ".set-up.lock"))).toBe(false);
  });

  test("so is one whose owner was killed before it wrote its name", async () => {
    mkdirSync(join(clone, ".set-up.lock"));
    expect((await setUp()).status).toBe(0);
    expect(existsSync(join(clone, ".set-up.lock"))).toBe(false);
  });

  test("a clone where no lock can be made is told, and not waited for", async () => {
    writeFileSync(join(clone, ".set-up.lock"), "");
    const { status, said } = await setUp();
    expect(status).toBe(1);
    expect(said).toContain(`${clone} cannot be written to: mkdir`);
    expect(npmCalls()).toEqual([]);
  });
});
