import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { findFilterLoader, makeFilterLoader } from "./filter-loader.ts";
import { systemCallFilter } from "./system-call-filter.ts";

const PERL = "/usr/bin/perl";
const found = await findFilterLoader();
const loader = "loader" in found ? found.loader : undefined;

describe("the words that load a filter", () => {
  test("hold the filter of the kind, and call perl as it is called there", () => {
    const { words } = makeFilterLoader("arm64", PERL);
    const [perl, ...rest] = words("guest");
    expect(perl).toBe(PERL);
    expect(rest.at(-1)).toBe(systemCallFilter("arm64", "guest").toString("hex"));
    expect(rest.join(" ")).toContain("syscall(277, 1, 0,");
    expect(words("program", ["ld", "perl"]).slice(0, 3)).toEqual(["ld", "perl", "-e"]);
  });

  test.skipIf(!loader)("become the command, with its arguments as they are and under the filter", () => {
    const command = ["setpriv", "--no-new-privs", ...(loader?.words("program") ?? [])];
    const look =
      'printf "%s|" "$@"; grep -c "^Seccomp:.2" /proc/self/status; unshare --user true 2>&1; exit 7';
    const run = () =>
      execFileSync(command[0] ?? "", [...command.slice(1), "/bin/sh", "-c", look, "sh", "a b", "", "$c"], {
        encoding: "utf8",
      });
    let told = { status: 0, stdout: "" };
    try {
      run();
    } catch (thrown) {
      told = thrown as typeof told;
    }
    expect(told.status).toBe(7);
    expect(told.stdout).toMatch(/^a b\|\|\$c\|1\n.*Operation not permitted/);
  });

  test.skipIf(!existsSync(PERL))("say what cannot be found", () => {
    const command = ["setpriv", "--no-new-privs", ...makeFilterLoader("x64", PERL).words("program")];
    if (process.arch !== "x64") return;
    expect(() =>
      execFileSync(command[0] ?? "", [...command.slice(1), "/no/such/program"], { stdio: "pipe" }),
    ).toThrow(/\/no\/such\/program: No such file/);
  });
});

test("a processor whose calls are unknown has none, and the way to get one is told", async () => {
  expect(await findFilterLoader("riscv64")).toEqual({ hint: expect.stringContaining("x64 or arm64") });
});
