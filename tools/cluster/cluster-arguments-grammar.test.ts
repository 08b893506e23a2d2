import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MOST_SIMULATED, readArguments, USAGE } from "./cluster-arguments.ts";
import { ClusterError } from "./cluster-error.ts";
import { MOST_NODES, NAME_RULE } from "./cluster-plan.ts";

const VERBS = ["up", "down", "status", "kubeconfig", "kubectl", "node", "image", "scale", "build"];
const PLAIN = ["up", "down", "status", "kubeconfig", "build"];
const anyName = fc.stringMatching(NAME_RULE);

/** What reading a command line comes to: its result, or the failure it names; anything else that is thrown comes through. */
function outcomeOf(args: readonly string[]): unknown {
  try {
    return readArguments(args);
  } catch (thrown) {
    if (!(thrown instanceof ClusterError)) throw thrown;
    return thrown.failure;
  }
}

describe("whatever is typed", () => {
  const word = fc.oneof(
    fc.constantFrom(
      ...VERBS,
      "--name",
      "--nodes",
      "--registry",
      "--egress",
      "--no-egress",
      "--dual-stack",
      "--keep",
      "--json",
      "--help",
      "-h",
      "--",
      "",
      "=",
      "--name=",
      "--keep=yes",
    ),
    fc.string(),
    fc.nat().map(String),
  );

  test("is understood, or refused as a mistake of usage", () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (args) => {
        const outcome = outcomeOf(args);
        return outcome === "usage" || (typeof outcome === "object" && outcome !== null && "verb" in outcome);
      }),
      { numRuns: 2_000 },
    );
  });

  test("is read the same each time, and left as it was", () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (args) => {
        const before = [...args];
        expect(outcomeOf(args)).toEqual(outcomeOf(args));
        expect(args).toEqual(before);
      }),
    );
  });
});

describe("a command that there is not", () => {
  test.each(["Up", "ups", "start", "constructor", "toString", "hasOwnProperty", "__proto__", "valueOf"])(
    "%s is refused by name, also with options",
    (verb) => {
      expect(() => readArguments([verb])).toThrow(`There is no command ${verb}.`);
      expect(() => readArguments([verb, "--keep"])).toThrow(`There is no command ${verb}.`);
    },
  );
});

describe("the name of a cluster", () => {
  test("stands before the command or after it, joined or apart", () => {
    fc.assert(
      fc.property(anyName, fc.constantFrom(...PLAIN), (name, verb) => {
        const [first, ...others] = [
          ["--name", name, verb],
          [`--name=${name}`, verb],
          [verb, "--name", name],
          [verb, `--name=${name}`],
        ].map((args) => readArguments(args));
        for (const other of others) expect(other).toEqual(first);
        if (verb !== "build") expect(first).toMatchObject({ verb, name });
      }),
    );
  });

  test("after kubectl or node is theirs", () => {
    expect(readArguments(["kubectl", "--name", "x"])).toMatchObject({
      name: "conifer",
      rest: ["--name", "x"],
    });
    expect(readArguments(["node", "1", "--name", "x"])).toMatchObject({
      name: "conifer",
      rest: ["--name", "x"],
    });
  });

  test("given twice is the last one", () => {
    expect(readArguments(["--name", "one", "up", "--name", "two"])).toMatchObject({ name: "two" });
  });

  test.each(["", "A", "a-b", "a_b", "a b", "a/b", "..", "é", "0", "abcdefghijk", "a\n"])(
    "is not %j: it is part of links and folders",
    (name) => {
      expect(outcomeOf(["status", "--name", name])).toBe("usage");
    },
  );
});

describe("numbers", () => {
  test.each([
    ["up", 1, MOST_NODES],
    ["scale", 0, MOST_SIMULATED],
  ])("%s takes --nodes from %i to %i and no others", (verb, least, most) => {
    fc.assert(
      fc.property(fc.integer({ min: -10, max: most + 10 }), (nodes) => {
        const outcome = outcomeOf([verb, `--nodes=${nodes}`]);
        const fits = nodes >= least && nodes <= most;
        expect(outcome === "usage").toBe(!fits);
      }),
    );
    for (const edge of [least, most]) {
      expect(outcomeOf([verb, "--nodes", String(edge)])).not.toBe("usage");
    }
  });

  test.each(["1e0", "0x1", "+1", " 1", "1 ", "1_0", "٣", "1.0", "Infinity", "NaN", "1234567"])(
    "%j is none",
    (text) => {
      expect(outcomeOf(["up", `--nodes=${text}`])).toBe("usage");
      expect(outcomeOf(["scale", `--nodes=${text}`])).toBe("usage");
      expect(outcomeOf(["node", text, "ls"])).toBe("usage");
    },
  );
});

describe("a registry", () => {
  test.each(["localhost:1", "registry.example.test:65535", "10.0.0.1:5000", "[::1]:5000", "a-b.test:443"])(
    "may be %s",
    (registry) => {
      expect(readArguments(["up", "--registry", registry])).toMatchObject({ wishes: { registry } });
    },
  );

  test.each([
    ":5000",
    "a:",
    "a:b",
    "a:0",
    "a:65536",
    "a:99999",
    "a:123456",
    "a:5000/path",
    "user@a:5000",
    "::1:5000",
    "a:5000 ",
    "a b:1",
    "a:1\n",
    '"a":1',
  ])("is not %j", (registry) => {
    expect(() => readArguments(["up", "--registry", registry])).toThrow("<host:port>");
  });
});

describe("the way out and the families", () => {
  const pairs = [
    ["--egress", "--no-egress", "egress"],
    ["--dual-stack", "--no-dual-stack", "dualStack"],
  ] as const;

  test.each(pairs)("%s and %s set %s; neither leaves it as it was", (yes, no, wish) => {
    expect(readArguments(["up", yes])).toEqual({ verb: "up", name: "conifer", wishes: { [wish]: true } });
    expect(readArguments(["up", no])).toEqual({ verb: "up", name: "conifer", wishes: { [wish]: false } });
    expect(readArguments(["up"])).toEqual({ verb: "up", name: "conifer", wishes: {} });
    for (const both of [
      [yes, no],
      [no, yes],
    ]) {
      expect(() => readArguments(["up", ...both])).toThrow(`${yes} and ${no} exclude each other.`);
    }
    expect(readArguments(["up", yes, yes])).toEqual(readArguments(["up", yes]));
  });

  test.each(["--egress=true", "--keep=", "--json=1", "--dual-stack=no"])("%s takes no value", (arg) => {
    expect(() => readArguments(["up", arg])).toThrow(`There is no option ${arg}.`);
  });
});

describe("every command", () => {
  test.each(VERBS)("%s gives way to a plea for help that stands before it", (verb) => {
    expect(readArguments(["--help", verb])).toEqual({ verb: "help" });
    expect(readArguments(["-h", verb, "x"])).toEqual({ verb: "help" });
  });

  test.each(["up", "down", "status", "kubeconfig", "scale", "build"])("%s takes no words", (verb) => {
    expect(() => readArguments([verb, "more"])).toThrow(`${verb} takes no "more".`);
  });

  test.each([
    ["down", "--nodes=1"],
    ["down", "--json"],
    ["status", "--keep"],
    ["kubeconfig", "--json"],
    ["scale", "--egress"],
    ["build", "--registry=a:1"],
    ["image", "--nodes=1"],
  ])("%s does not take %s", (verb, option) => {
    const [named] = option.split("=");
    expect(() => readArguments([verb, option])).toThrow(`${verb} does not take ${named}.`);
    expect(() => readArguments([option, verb])).toThrow(`${verb} does not take ${named}.`);
  });

  test("what follows node and kubectl is passed on word by word", () => {
    const rest = fc.array(fc.string(), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(rest, fc.integer({ min: 1, max: MOST_NODES }), (words, node) => {
        expect(readArguments(["kubectl", ...words])).toMatchObject({ verb: "kubectl", rest: words });
        expect(readArguments(["node", String(node), ...words])).toMatchObject({ node, rest: words });
      }),
    );
  });
});

describe("an image's reference", () => {
  const pair = "/a:/b";
  test.each(["localhost/a:b", "registry.test:5000/team/app:v1.2", "127.0.0.1:6450/x_y/z-1:A_b.c"])(
    "may be %s",
    (reference) => {
      expect(readArguments(["image", reference, pair])).toMatchObject({
        content: { kind: "files", reference, files: [{ source: "/a", target: "/b" }] },
      });
    },
  );

  test.each(["a:b", "localhost/a", "localhost/A:b", "localhost/a:", "/a:b", "localhost/a b:c", ""])(
    "is not %j",
    (reference) => {
      expect(() => readArguments(["image", reference, pair])).toThrow(`not "${reference}"`);
    },
  );
});

test("the help fits a terminal of 120 columns and names the exit statuses", () => {
  for (const line of USAGE.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  expect(USAGE).toMatch(/^Exit status: 0 .*, 1 .*, 2 .*, 3 .*\.$/m);
  expect(USAGE.endsWith("\n")).toBe(true);
});
