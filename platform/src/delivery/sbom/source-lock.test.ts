import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packageUrlOf } from "./component.ts";
import { isLockPath, readLockFiles } from "./source-lock.ts";

/** The packages of one lock file, by package URL; those for development are marked. */
function read(path: string, text: string): string[] {
  const { components, remarks } = readLockFiles([{ path, text }]);
  expect(remarks).toEqual([]);
  return components.map((one) => `${packageUrlOf(one)}${one.development ? " (dev)" : ""}`);
}

const json = (value: unknown) => JSON.stringify(value);
const integrity = `sha512-${Buffer.alloc(64, 1).toString("base64")}`;

const cases: readonly (readonly [string, string, string, readonly string[]])[] = [
  [
    "npm 7 and later",
    "package-lock.json",
    json({
      lockfileVersion: 3,
      packages: {
        "": { name: "app", version: "1.0.0" },
        "node_modules/express": { version: "4.19.2", integrity, license: "MIT" },
        "node_modules/express/node_modules/@a/b": { version: "1.0.0" },
        "node_modules/vitest": { version: "1.2.3", dev: true },
        "node_modules/alias": { name: "real", version: "2.0.0" },
        "node_modules/local": { resolved: "packages/local", link: true },
        "packages/local": { version: "0.0.1" },
        "node_modules/tarball": { version: "1.0.0", resolved: "file:tarball.tgz" },
      },
    }),
    ["pkg:npm/express@4.19.2", "pkg:npm/%40a/b@1.0.0", "pkg:npm/vitest@1.2.3 (dev)", "pkg:npm/real@2.0.0"],
  ],
  [
    "npm 6",
    "package-lock.json",
    json({
      lockfileVersion: 1,
      dependencies: {
        a: { version: "1.0.0", dependencies: { b: { version: "2.0.0", dev: true } } },
        c: { version: "npm:real@3.0.0" },
      },
    }),
    ["pkg:npm/a@1.0.0", "pkg:npm/real@3.0.0", "pkg:npm/b@2.0.0 (dev)"],
  ],
  [
    "pnpm 9 and later",
    "pnpm-lock.yaml",
    "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      x:\n        version: 1.0.0\n\npackages:\n\n" +
      `  '@a/b@1.0.0':\n    resolution: {integrity: ${integrity}}\n\n  c@2.0.0-rc.1:\n    resolution: {integrity: x}\n` +
      "    peerDependencies:\n      react: '*'\n\nsnapshots:\n\n  d@9.9.9: {}\n",
    ["pkg:npm/%40a/b@1.0.0", "pkg:npm/c@2.0.0-rc.1"],
  ],
  [
    "pnpm 8 and 7",
    "pnpm-lock.yaml",
    "lockfileVersion: '6.0'\npackages:\n\n  /@a/b@1.0.0(react@18.0.0):\n    dev: true\n\n  /c/2.0.0_react@18.0.0:\n    dev: false\n",
    ["pkg:npm/%40a/b@1.0.0 (dev)", "pkg:npm/c@2.0.0"],
  ],
  [
    "Yarn 1",
    "yarn.lock",
    '# yarn lockfile v1\n\n\n"@a/b@^1.0.0", "@a/b@^1.1.0":\n  version "1.2.0"\n  resolved "https://r/b.tgz#abc"\n' +
      `  integrity ${integrity}\n  dependencies:\n    version "9"\n\nc@npm:real@^2:\n  version "2.0.0"\n\nd@file:./d:\n  version "1.0.0"\n`,
    ["pkg:npm/%40a/b@1.2.0", "pkg:npm/real@2.0.0"],
  ],
  [
    "Yarn 2 and later",
    "yarn.lock",
    '__metadata:\n  version: 8\n\n"@a/b@npm:^1.0.0":\n  version: 1.2.0\n  resolution: "@a/b@npm:1.2.0"\n  languageName: node\n\n' +
      '"app@workspace:.":\n  version: 0.0.0-use.local\n  resolution: "app@workspace:."\n',
    ["pkg:npm/%40a/b@1.2.0"],
  ],
  [
    "pip",
    "requirements.txt",
    "# comment\nDjango==5.0.1 # web\nrequests[socks] == 2.31.0 ; python_version > '3'\nflask>=2\n-r other.txt\nurllib3==2.*\n" +
      "typing_extensions==4.9.0 \\\n    --hash=sha256:abc\n",
    ["pkg:pypi/django@5.0.1", "pkg:pypi/requests@2.31.0", "pkg:pypi/typing-extensions@4.9.0"],
  ],
  [
    "uv",
    "uv.lock",
    'version = 1\n[[package]]\nname = "app"\nversion = "0.1.0"\nsource = { virtual = "." }\n[[package]]\nname = "anyio"\n' +
      'version = "4.2.0"\nsource = { registry = "https://r/simple" }\n',
    ["pkg:pypi/anyio@4.2.0"],
  ],
  [
    "Poetry",
    "poetry.lock",
    '[[package]]\nname = "pytest"\nversion = "8.0.0"\ngroups = ["dev"]\n[[package]]\nname = "Flask"\nversion = "3.0.0"\ngroups = ["main"]\n' +
      '[[package]]\nname = "black"\nversion = "24.0"\ncategory = "dev"\n',
    ["pkg:pypi/pytest@8.0.0 (dev)", "pkg:pypi/flask@3.0.0", "pkg:pypi/black@24.0 (dev)"],
  ],
  [
    "Pipenv",
    "Pipfile.lock",
    json({
      default: { flask: { version: "==3.0.0" }, local: { path: "." } },
      develop: { pytest: { version: "==8.0.0" } },
    }),
    ["pkg:pypi/flask@3.0.0", "pkg:pypi/pytest@8.0.0 (dev)"],
  ],
  [
    "Go",
    "go.mod",
    "module example.com/app\n\ngo 1.22\n\nrequire github.com/a/b v1.2.3\nrequire (\n\texample.com/c v0.0.0-20240101000000-abcdefabcdef // indirect\n" +
      "\texample.com/d v1.0.0\n\texample.com/local v1.0.0\n)\nexclude example.com/e v1.0.0\nreplace example.com/d => example.com/fork v1.0.1\n" +
      "replace (\n\texample.com/local v1.0.0 => ./local\n)\n",
    [
      "pkg:golang/github.com/a/b@v1.2.3",
      "pkg:golang/example.com/c@v0.0.0-20240101000000-abcdefabcdef",
      "pkg:golang/example.com/fork@v1.0.1",
    ],
  ],
  [
    "Go's sums",
    "go.sum",
    "github.com/a/b v1.2.3 h1:abc=\ngithub.com/a/b v1.2.3/go.mod h1:def=\ngithub.com/c v1.0.0/go.mod h1:x=\n",
    ["pkg:golang/github.com/a/b@v1.2.3"],
  ],
  [
    "Gradle",
    "gradle.lockfile",
    "# generated\norg.slf4j:slf4j-api:2.0.9=compileClasspath,runtimeClasspath\njunit:junit:4.13.2=testCompileClasspath,testRuntimeClasspath\nempty=annotationProcessor\n",
    ["pkg:maven/org.slf4j/slf4j-api@2.0.9", "pkg:maven/junit/junit@4.13.2 (dev)"],
  ],
  [
    "Bundler",
    "Gemfile.lock",
    "PATH\n  remote: .\n  specs:\n    mine (0.1.0)\n\nGEM\n  remote: https://r/\n  specs:\n    nokogiri (1.16.0-x86_64-linux)\n      racc (~> 1.4)\n    rails (7.1.2)\n\nDEPENDENCIES\n  rails\n",
    ["pkg:gem/nokogiri@1.16.0?platform=x86_64-linux", "pkg:gem/rails@7.1.2"],
  ],
  [
    "Composer",
    "composer.lock",
    json({
      packages: [{ name: "Laravel/framework", version: "v11.0.0", license: ["MIT"] }],
      "packages-dev": [{ name: "a/b", version: "1.0" }],
    }),
    ["pkg:composer/laravel/framework@11.0.0", "pkg:composer/a/b@1.0 (dev)"],
  ],
];

describe("a lock file", () => {
  it.each(cases)("of %s is read", (_, path, text, wanted) => {
    expect(read(path, text)).toEqual(wanted);
  });

  it("tells the digest and license of a package", () => {
    const { components } = readLockFiles([{ path: "package-lock.json", text: cases[0]?.[2] ?? "" }]);
    expect(components[0]).toMatchObject({
      license: "MIT",
      hash: { algorithm: "SHA-512", hex: "01".repeat(64) },
    });
    expect(components[0]?.from).toEqual(["package-lock.json"]);
  });

  it.each([
    ["package-lock.json", "{", "it is not JSON"],
    ["package-lock.json", "[]", "it is no JSON object"],
    ["pnpm-lock.yaml", "a: b", "it names no lockfileVersion"],
    ["yarn.lock", "x", "it is no lock file of Yarn"],
    ["uv.lock", "= 1", "it is not TOML"],
    ["Gemfile.lock", "", "it has no section of gems"],
  ])("%s that is %j is told, and does not quote the file", (path, text, why) => {
    expect(readLockFiles([{ path, text }])).toEqual({
      components: [],
      remarks: [`${path} could not be read: ${why}.`],
    });
  });

  it("that was too large is told", () => {
    const { remarks } = readLockFiles([{ path: "yarn.lock", left: "it has 50 MB" }]);
    expect(remarks).toEqual(["yarn.lock was not read: it has 50 MB."]);
  });

  it("of a Go module that names all it needs stands for its sums", () => {
    const sums = { path: "go.sum", text: "example.com/old v0.1.0 h1:abc=\n" };
    const files = (go: string) => [{ path: "go.mod", text: `module m\ngo ${go}\n` }, sums];
    expect(readLockFiles(files("1.21")).components).toEqual([]);
    expect(readLockFiles(files("1.16")).components).toHaveLength(1);
  });

  it("never breaks the rest, whatever is in it", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...cases.map(([, path]) => path)),
        fc.string({ maxLength: 200 }),
        (path, text) => {
          readLockFiles([
            { path, text },
            { path, text: `# yarn lockfile v1\n__metadata:\n${text}` },
          ]);
        },
      ),
    );
  });

  it("that nests without end, or repeats what a pattern begins with, takes no time", () => {
    const deep = `${'{"version":"1","dependencies":{"a":'.repeat(3_000)}{}${"}}".repeat(3_000)}`;
    expect(read("package-lock.json", `{"dependencies":{"a":${deep}}}`)).toHaveLength(3_000);
    const began = performance.now();
    for (const [, path] of cases)
      readLockFiles([{ path, text: `lockfileVersion: 1\n${" ".repeat(200_000)}\\\n` }]);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});

it.each([
  ["package-lock.json", true],
  ["client/yarn.lock", true],
  ["a/b/c/go.mod", true],
  ["a/b/c/d/go.mod", false],
  ["node_modules/a/yarn.lock", false],
  ["vendor/a/composer.lock", false],
  [".cache/go.sum", false],
  ["toString", false],
  ["package.json", false],
])("%s is looked at: %s", (path, wanted) => {
  expect(isLockPath(path)).toBe(wanted);
});
