import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readReleaseFile } from "./release-file.ts";

const NOTHING = { processes: [], configVars: {}, addons: [], warnings: [] };

describe("what bin/release prints", () => {
  it("is read as classic buildpacks print it", () => {
    const text = `---
addons:
  - heroku-postgresql:essential-0
config_vars:
  LANG: en_US.UTF-8
  WORKERS: 3
default_process_types:
  web: bin/rails server -p $PORT -e $RAILS_ENV
  console: "bin/rails console"
`;
    expect(readReleaseFile(text)).toEqual({
      processes: [
        { type: "web", command: "bin/rails server -p $PORT -e $RAILS_ENV" },
        { type: "console", command: "bin/rails console" },
      ],
      configVars: { LANG: "en_US.UTF-8", WORKERS: "3" },
      addons: ["heroku-postgresql:essential-0"],
      warnings: [],
    });
  });

  it.each(["", "---\n", "--- {}\n", "default_process_types: {}", "addons: []", "text", "- a\n- b", "null"])(
    "may say nothing: %j",
    (text) => {
      expect(readReleaseFile(text)).toEqual(NOTHING);
    },
  );

  it.each([
    ["default_process_types:\n  web: [a]\n", /no text for web/],
    ["default_process_types:\n  'a b': run\n", /process type "a b"/],
    ["default_process_types:\n  web: ''\n", /process type "web"/],
    ["config_vars:\n  'A-B': 1\n", /"A-B"/],
    ["a: [", /no YAML/],
    [`a: ${"x".repeat(70_000)}`, /more than 64 KiB/],
    ["a: &a [1]\nb: [*a, *a]\n", /no YAML/],
  ])("is left out with a warning where it makes no sense: %j", (text, warning) => {
    expect(readReleaseFile(text)).toEqual({ ...NOTHING, warnings: [expect.stringMatching(warning)] });
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        for (const { type, command } of readReleaseFile(text).processes) expect(type && command).toBeTruthy();
      }),
    );
  });
});
