import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { baseImages, declaredArguments } from "./base-images.ts";

const rows: readonly [string, string, readonly string[]][] = [
  ["one image", "FROM docker.io/library/node:24", ["docker.io/library/node:24"]],
  ["a platform, and small letters", "from --platform=linux/amd64 a.test/b:1 as web", ["a.test/b:1"]],
  ["a stage by its name", "FROM a.test/b AS Base\nFROM base\nCOPY --from=BASE /x /y", ["a.test/b"]],
  ["a stage by its number", "FROM a.test/b\nCOPY --chown=1 --from=0 /x /y", ["a.test/b"]],
  ["an image that is copied from", "FROM scratch\nCOPY --from=a.test/tools:2 /x /y", ["a.test/tools:2"]],
  [
    "an image that a step mounts",
    "FROM scratch\nRUN --mount=type=bind,from=a.test/m,target=/m --network=none make",
    ["a.test/m"],
  ],
  ["a mount first named", "FROM scratch\nRUN --mount=from=a.test/m,target=/m make", ["a.test/m"]],
  ["an argument", "ARG V=24\nFROM a.test/node:$V", ["a.test/node:24"]],
  ["a given argument", `ARG GIVEN=1\nFROM a.test/node:\${GIVEN}`, ["a.test/node:of-the-plan"]],
  ["an argument without a value", "ARG GIVEN\nFROM a.test/node:$GIVEN", ["a.test/node:of-the-plan"]],
  ["an argument of an argument", `ARG R=a.test I='$R/node'\nFROM \${I}:\${T:-7}`, ["a.test/node:7"]],
  [
    "a word in place of an argument",
    `ARG D=1\nFROM a.test/node\${D:+-debug}\${E:+-x}`,
    ["a.test/node-debug"],
  ],
  [
    "an argument of a stage, which is none",
    "FROM a.test/b\nARG V=2\nFROM a.test/c:1$V",
    ["a.test/b", "a.test/c:1"],
  ],
  ["a line that goes on", "FROM \\\n# no\n\n  a.test/b:1 \\  \nAS x\r\nFROM x", ["a.test/b:1"]],
  ["the same twice", "FROM a.test/b\nFROM a.test/b", ["a.test/b"]],
  ["what a step prints", 'FROM a.test/b\nRUN echo "FROM a.test/c"', ["a.test/b"]],
  ["nothing", "", []],
  ["an argument that nobody gives", "FROM $NONE", []],
];

describe("the images that a Dockerfile takes from elsewhere", () => {
  test.each(rows)("of %s", (_, text, names) => {
    expect(baseImages(text, { GIVEN: "of-the-plan" })).toEqual(names);
  });

  it("are told of any text, and are not many", () => {
    const words = fc.constantFrom(
      "FROM ",
      "ARG ",
      "COPY --from=",
      "A=1",
      "$A",
      `\${A:-`,
      "}",
      "\n",
      "\\\n",
      " AS ",
      "x",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words).map((parts) => parts.join("")),
        ),
        (text) => {
          const names = baseImages(text, {});
          expect(new Set(names).size).toBe(names.length);
          expect(names).not.toContain("scratch");
        },
      ),
    );
    const many = Array.from({ length: 1_000 }, (_, n) => `FROM a.test/${n}`).join("\n");
    expect(baseImages(many, {})).toHaveLength(100);
    expect(baseImages(`FROM a.test/${"x".repeat(1_000)}`, {})).toEqual([]);
  });
});

describe("the arguments that a Dockerfile declares", () => {
  const cases: readonly [string, string, readonly string[]][] = [
    ["before and in its stages", "ARG A\nFROM x\nARG B=1\nFROM y\narg C", ["A", "B", "C"]],
    ["several at once, over lines", "FROM x\nARG A=1 \\\n  B", ["A", "B"]],
    ["not in words of others", "FROM x\n# ARG A\nRUN echo ARG B\nENV ARG=1", []],
    ["once", "ARG A\nFROM x\nARG A", ["A"]],
  ];
  test.each(cases)("%s", (_, text, names) => {
    expect([...declaredArguments(text)]).toEqual(names);
  });

  test("are read of any text", () => {
    fc.assert(fc.property(fc.string(), (text) => declaredArguments(text).size <= text.length));
  });
});
