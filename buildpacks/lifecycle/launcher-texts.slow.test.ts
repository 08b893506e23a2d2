import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyOperations, type EnvOperation } from "./env-operations.ts";
import { type LaunchContribution, NO_CONTRIBUTION } from "./launch-contribution.ts";
import type { LaunchProcess } from "./launch-metadata.ts";
import { makeLaunchScript } from "./launch-script.ts";

type Shell = readonly [program: string, locale: string];

/** Shells a run image may have as /bin/sh, each with the locale that makes the most of a text and the least. */
const SHELLS: readonly Shell[] = [
  ["/usr/bin/dash", "C"],
  ["/usr/bin/bash", "C"],
  ["/usr/bin/bash", "C.UTF-8"],
];
const LAUNCHER = join(import.meta.dirname, "launcher.sh");
const RUNS = { numRuns: 25 };

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "texts-"));
  for (const name of ["app", "process", "config/launch/process"])
    mkdirSync(join(root, name), { recursive: true });
  symlinkSync(LAUNCHER, join(root, "process/web"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Everything a variable or an argument can hold: any text without a zero byte, with what shells care about often. */
const special = fc.constantFrom(...`'"\\$\`!*?~#&;|<>(){}[]=%^ \t\n\r-:`, "\u007f", "ä", "😀", "\ufffd");
const text = fc
  .array(fc.oneof({ weight: 3, arbitrary: special }, fc.string({ unit: "binary", maxLength: 3 })), {
    maxLength: 12,
  })
  .map((parts) => parts.join("").replaceAll("\0", ""));

function launch(
  [shell, locale]: Shell,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): string {
  const base = {
    PATH: "/usr/bin:/bin",
    LC_ALL: locale,
    CNB_APP_DIR: join(root, "app"),
    CNB_LAYERS_DIR: root,
  };
  const done = spawnSync(shell, [program, ...args], {
    env: { ...base, ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  expect({ status: done.status, says: done.stderr }).toEqual({ status: 0, says: "" });
  return done.stdout;
}

function environment(output: string): Record<string, string> {
  const pairs = output.split("\0").slice(0, -1);
  return Object.fromEntries(pairs.map((pair) => [pair.split("=", 1)[0], pair.slice(pair.indexOf("=") + 1)]));
}

function install(contribution: Partial<LaunchContribution>): void {
  const script = makeLaunchScript([[{ ...NO_CONTRIBUTION, ...contribution }]], undefined);
  writeFileSync(join(root, "config/launch/command.sh"), script);
}

describe.each(SHELLS)("under %s in the locale %s", (...shell) => {
  it("sets variables to what the operations say, whatever their values hold", () => {
    const names = fc.constantFrom("A", "B", "_c9");
    const action = fc.constantFrom("append", "default", "override", "prepend" as const);
    const operation = fc.record({
      name: names,
      action,
      value: text,
      delimiter: text,
    }) as fc.Arbitrary<EnvOperation>;
    const before = fc.dictionary(names, text, { maxKeys: 3 });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 6 }), before, (operations, given) => {
        install({ env: { "": operations } });
        const after = environment(launch(shell, LAUNCHER, ["--", "env", "-0"], given));
        expect(after).toMatchObject(applyOperations(given, operations));
      }),
      RUNS,
    );
  });

  it("passes command, default and given arguments on as they are", () => {
    const words = fc.array(text, { maxLength: 5 });
    fc.assert(
      fc.property(words, words, words, (fixed, defaults, given) => {
        const web: LaunchProcess = {
          ...{
            type: "web",
            direct: true,
            replaceArgs: true,
            workingDir: "",
            execEnv: [],
            buildpackId: "a/b",
          },
          command: ["printf", "%s\\0", ...fixed],
          args: defaults,
        };
        writeFileSync(join(root, "config/launch/process/web.sh"), makeLaunchScript([], web));
        const expected = [...fixed, ...(given.length > 0 ? given : defaults)];
        const said = launch(shell, join(root, "process/web"), given);
        expect(said).toBe((expected.length > 0 ? expected : [""]).map((word) => `${word}\0`).join(""));
      }),
      RUNS,
    );
  });

  /** Every character behind an escape: what an encoder may write that knows ASCII only. */
  const escaped = (value: string) =>
    [...value]
      .map((character) => character.codePointAt(0) ?? 0)
      .map((code) =>
        code < 0x10000
          ? `\\u${code.toString(16).padStart(4, "0")}`
          : `\\U${code.toString(16).padStart(8, "0")}`,
      )
      .join("");
  const encodings: readonly [string, (value: string) => string][] = [
    ["with the escapes it needs", (value) => JSON.stringify(value).slice(1, -1)],
    ["with an escape for every character", escaped],
  ];
  it.each(encodings)("takes any basic string of an exec.d program, written %s", (_, encode) => {
    const program = join(root, "vars");
    const toml = join(root, "vars.toml");
    writeFileSync(program, `#!/bin/sh\ncat '${toml}' >&3\n`);
    chmodSync(program, 0o755);
    install({ execD: { "": [program] } });
    fc.assert(
      fc.property(text, text, fc.constantFrom("", " ", "\t", ' # "why"', "\r"), (a, b, end) => {
        writeFileSync(toml, `A = "${encode(a)}"${end}\n\tB="${encode(b)}"${end}\n`);
        const after = environment(launch(shell, LAUNCHER, ["--", "env", "-0"]));
        expect(after).toMatchObject({ A: a, B: b });
      }),
      RUNS,
    );
  });
});
