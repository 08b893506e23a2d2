import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { DESCRIPTORS, requireFields } from "./descriptor-fields.ts";

const check = (kind: keyof typeof DESCRIPTORS, toml: string) => () =>
  requireFields(`/somewhere/${kind}.toml`, parse(toml) as Record<string, unknown>, DESCRIPTORS[kind]);

describe("a descriptor with a field of another type", () => {
  const cases: readonly [keyof typeof DESCRIPTORS, string, string][] = [
    ["order", 'order = "a"', "order must be a list of tables"],
    ["order", "[order]\ngroup = []", "order must be a list of tables"],
    ["order", "[[order]]\n[[order.group]]\nid = 1", "order[0].group[0].id must be a text"],
    [
      "order",
      '[[order]]\n[[order.group]]\noptional = "yes"',
      "order[0].group[0].optional must be true or false",
    ],
    ["system", "[[system]]", "system must be a table"],
    ["system", '[system.pre]\nbuildpacks = ["a"]', "system.pre.buildpacks[0] must be a table"],
    ["buildpack", "api = 0.10", "api must be a text"],
    ["buildpack", 'buildpack = "a/b"', "buildpack must be a table"],
    ["buildpack", "[buildpack]\nversion = 1.0", "buildpack.version must be a text"],
    [
      "buildpack",
      "[buildpack]\nexec-env = [1]",
      "buildpack.exec-env must be a list of tables with a name, or of texts",
    ],
    [
      "buildpack",
      '[buildpack]\nexec-env = "test"',
      "buildpack.exec-env must be a list of tables with a name, or of texts",
    ],
    [
      "buildpack",
      "[[buildpack.exec-env]]\nname = 1",
      "buildpack.exec-env must be a list of tables with a name, or of texts",
    ],
    [
      "buildpack",
      "[[targets]]\n[[targets.distros]]\nversion = 12",
      "targets[0].distros[0].version must be a text",
    ],
    ["buildPlan", '[[provides]]\nname = ["a"]', "provides[0].name must be a text"],
    ["buildPlan", '[[requires]]\nname = "a"\nmetadata = 1', "requires[0].metadata must be a table"],
    ["buildPlan", '[[or]]\n[[or]]\nrequires = "a"', "or[1].requires must be a list of tables"],
    ["launch", 'processes = ["web"]', "processes[0] must be a table"],
    ["launch", "[[processes]]\ncommand = [1]", "processes[0].command must be a text or a list of texts"],
    ["launch", '[[processes]]\nargs = "a b"', "processes[0].args must be a list of texts"],
    [
      "launch",
      '[[processes]]\n[[processes]]\ndefault = "true"',
      "processes[1].default must be true or false",
    ],
    ["launch", "[[labels]]\nvalue = 1", "labels[0].value must be a text"],
    ["launch", '[[slices]]\npaths = "public"', "slices[0].paths must be a list of texts"],
    ["build", "unmet = true", "unmet must be a list of tables"],
    ["layer", 'types = ["launch"]', "types must be a table"],
    ["layer", '[types]\nlaunch = "true"', "types.launch must be true or false"],
    ["layer", "metadata = 1979-05-27", "metadata must be a table"],
    ["run", "[[images]]\nmirrors = [1]", "images[0].mirrors must be a list of texts"],
  ];
  it.each(cases)("%s: %j", (kind, toml, problem) => {
    expect(check(kind, toml)).toThrow(new Error(`/somewhere/${kind}.toml: ${problem}`));
  });
});

it("takes what the specification shows, fields it does not know, and files without any", () => {
  const samples: readonly [keyof typeof DESCRIPTORS, string][] = [
    [
      "launch",
      '[[processes]]\ntype = "a"\ncommand = "x"\n[[processes]]\ntype = "b"\ncommand = ["x", "y"]\nargs = []',
    ],
    ["layer", "[types]\nlaunch = true\n[metadata]\nany = [1, { a = 2.5 }, 1979-05-27]"],
    ["buildpack", 'stacks = [{ id = "*" }]\n[buildpack]\nkeywords = ["a"]\nlicenses = [{ type = "MIT" }]'],
    ["order", '[[order]]\n[[order-extensions]]\ngroup = "a"'],
    ["buildPlan", '[[requires]]\nname = "a"\nversion = 2\n[[or]]'],
  ];
  for (const [kind, toml] of samples) check(kind, toml)();
  for (const kind of Object.keys(DESCRIPTORS)) check(kind as keyof typeof DESCRIPTORS, "")();
});
