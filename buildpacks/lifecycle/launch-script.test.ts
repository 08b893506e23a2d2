import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, it } from "vitest";
import { NO_CONTRIBUTION } from "./launch-contribution.ts";
import { makeLaunchScript } from "./launch-script.ts";
import { isVariableName, quote, quoteExpanding } from "./shell-words.ts";

it("writes processes and environment as shell text", () => {
  const contribution = {
    paths: [{ name: "PATH", action: "prepend" as const, value: "/layers/a/x/bin", delimiter: ":" }],
    env: {
      "": [
        { name: "A", action: "default" as const, value: "it's", delimiter: "" },
        { name: "not-a-name", action: "override" as const, value: "x", delimiter: "" },
      ],
      web: [{ name: "B", action: "append" as const, value: "b", delimiter: "," }],
      worker: [{ name: "C", action: "override" as const, value: "c", delimiter: "" }],
    },
    execD: { "": ["/layers/a/x/exec.d/one"] },
    profiles: { web: ["/layers/a/x/profile.d/web/two"] },
  };
  const web = {
    ...{ type: "web", command: ["bash", "-c"], args: ["serve $PORT"], direct: true, replaceArgs: true },
    ...{ workingDir: "/workspace/sub", execEnv: ["production", "test"], buildpackId: "a" },
  };
  expect(makeLaunchScript([[contribution]], web)).toBe(
    [
      `if [ -n "\${PATH-}" ]; then PATH=/layers/a/x/bin:"$PATH"; export PATH; else PATH=/layers/a/x/bin; export PATH; fi`,
      `[ -n "\${A-}" ] || { A='it'\\''s'; export A; }`,
      `if [ -n "\${B-}" ]; then B="$B",b; export B; else B=b; export B; fi`,
      "_cnb_exec_d /layers/a/x/exec.d/one",
      "_cnb_profiles=/layers/a/x/profile.d/web/two",
      "_cnb_only_in production test",
      "_cnb_directory=/workspace/sub",
      "[ $# -gt 0 ] || set -- 'serve $PORT'",
      "_cnb_shell=",
      'set -- bash -c "$@"',
      "",
    ].join("\n"),
  );
});

it("writes little for any other command", () => {
  expect(makeLaunchScript([[NO_CONTRIBUTION], []], undefined)).toBe("_cnb_profiles=''\n");
});

it("quotes any text so that a shell gives it back", () => {
  const text = fc.string({ unit: fc.constantFrom(..."ab '\"\\$`\n\t*?~!#&;|<>(){}[]=%äß"), maxLength: 12 });
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), (texts) => {
      const script = `printf '%s\\0' ${texts.map(quote).join(" ")}`;
      const said = execFileSync("/bin/sh", ["-c", script], { encoding: "utf8" });
      expect(said.split("\0").slice(0, -1)).toEqual(texts);
    }),
    { numRuns: 50 },
  );
});

it("quotes texts in which a shell replaces variables, and nothing else gets loose", () => {
  const script = `printf '%s' ${quoteExpanding('say "$WORD" \\ ; x')}`;
  expect(execFileSync("/bin/sh", ["-c", script], { encoding: "utf8", env: { WORD: "hi  there" } })).toBe(
    'say "hi  there" \\ ; x',
  );
});

it("knows what a shell can name", () => {
  expect(["A", "_a1", "a_B"].every(isVariableName)).toBe(true);
  expect(["", "1a", "a-b", "a.b", "ä", "a b"].some(isVariableName)).toBe(false);
});
