import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BusinessError } from "../../kernel/index.ts";
import { planByNames, readHerokuYml } from "./heroku-yml.ts";

const WEB = "build:\n  docker:\n    web: Dockerfile\n";

describe("heroku.yml", () => {
  test("says what is built and what is run, in all of its forms", () => {
    const plan = readHerokuYml(`
setup:
  addons:
    - plan: heroku-postgresql
build:
  docker:
    web: ./Dockerfile
    worker:
      dockerfile: worker/Dockerfile
      target: slim
  config:
    RAILS_ENV: production
    JOBS: 4
    DEBUG: false
release:
  image: worker
  command:
    - ./migrate
    - ./seed
run:
  web: bundle exec puma -p $PORT
  worker:
    command:
      - python work.py
    image: worker
  clock:
    image: worker
`);
    expect(plan).toEqual({
      images: [
        { name: "web", dockerfile: "Dockerfile" },
        { name: "worker", dockerfile: "worker/Dockerfile", target: "slim" },
      ],
      buildArgs: { RAILS_ENV: "production", JOBS: "4", DEBUG: "false" },
      processes: [
        { type: "web", image: "web", command: "bundle exec puma -p $PORT" },
        { type: "worker", image: "worker", command: "python work.py" },
        { type: "clock", image: "worker" },
        { type: "release", image: "worker", command: "./migrate && ./seed" },
      ],
      hasSetup: true,
    });
  });

  test("without a run section runs what each image says", () => {
    const { processes, hasSetup } = readHerokuYml(
      `${WEB}    worker: w/Dockerfile\n    release: r/Dockerfile\n`,
    );
    expect(processes).toEqual(["web", "worker", "release"].map((type) => ({ type, image: type })));
    expect(hasSetup).toBe(false);
  });

  test("runs further process types in the image of web", () => {
    const { processes } = readHerokuYml(`${WEB}run:\n  clock: ./clock\nrelease:\n  command: ./migrate\n`);
    expect(processes).toEqual([
      { type: "clock", image: "web", command: "./clock" },
      { type: "release", image: "web", command: "./migrate" },
    ]);
  });

  const worker = "build:\n  docker:\n    worker: Dockerfile\n";
  const refused: readonly [string, string, RegExp][] = [
    ["nothing", "", /builds nothing.*web: Dockerfile/s],
    ["no Dockerfile", "build:\n  docker: {}\n", /builds nothing/],
    ["no YAML", "build: [", /heroku\.yml is not valid YAML: /],
    ["a name twice", `${WEB}    web: Other\n`, /is not valid YAML: .*unique/],
    ["a list at the top", "- build\n", /heroku\.yml is not a list of names/],
    [
      "an unknown section",
      `${WEB}deploy: x\n`,
      /heroku\.yml has an unknown part "deploy"\. It knows setup, build, release, run/,
    ],
    [
      "an unknown key of build",
      "build:\n  dockers: {}\n",
      /build in heroku\.yml has an unknown part "dockers"/,
    ],
    ["languages", `${WEB}  languages: [ruby]\n`, /build\.languages .* stack cnb/],
    [
      "a path that leads out",
      "build:\n  docker:\n    web: ../Dockerfile\n",
      /build\.docker\.web .* not a file's path/,
    ],
    ["an absolute path", "build:\n  docker:\n    web: /Dockerfile\n", /not a file's path/],
    ["an empty path", 'build:\n  docker:\n    web: "."\n', /not a file's path/],
    ["a table without dockerfile", "build:\n  docker:\n    web:\n      target: x\n", /names no dockerfile/],
    ["an odd target", "build:\n  docker:\n    web: { dockerfile: D, target: --x }\n", /FROM … AS <stage>/],
    [
      "a process type in capitals",
      "build:\n  docker:\n    Web: D\n",
      /process type "Web"\. Use small letters/,
    ],
    ["an argument that is a list", `${WEB}  config:\n    A: [1]\n`, /build\.config\.A .* not one value/],
    ["a bad name of an argument", `${WEB}  config:\n    "A B": 1\n`, /none of a variable: "A B"/],
    [
      "an unknown image",
      `${WEB}run:\n  worker: { image: w, command: x }\n`,
      /run\.worker\.image .* is "w", which is not built: build\.docker builds web/,
    ],
    [
      "no image to run in",
      `${worker}run:\n  clock: x\n`,
      /run\.clock .* names no image, and build\.docker builds worker: add image: worker/,
    ],
    ["an empty command", `${WEB}run:\n  web: ""\n`, /not text/],
    ["a command of numbers", `${WEB}run:\n  web: [1]\n`, /not text/],
    ["a number as process", `${WEB}run:\n  web: 3\n`, /run\.web in heroku\.yml is not a list of names/],
    ["a release without command", `${WEB}release:\n  image: web\n`, /release .* no command/],
    ["a release as text", `${WEB}release: ./migrate\n`, /needs its line under command/],
    [
      "release under run",
      `${WEB}run:\n  release: x\nrelease:\n  command: y\n`,
      /run\.release .* under release/,
    ],
    [
      "a bomb",
      `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefgh"
        .split("")
        .map((n, i) => `${n}: &${n} [${Array(9).fill(`*${"abcdefgh"[i]}`).join(",")}]`)
        .join("\n")}\n`,
      /repeats parts of itself too often/,
    ],
    ["a book", `${WEB}# ${"x".repeat(300_000)}\n`, /larger than 256 KiB/],
  ];
  test.each(refused)("with %s is refused", (_, text, message) => {
    expect(() => readHerokuYml(text)).toThrow(message);
  });

  test("whatever it is, is read or refused in words for its writer", () => {
    const value = fc.jsonValue({ maxDepth: 4 });
    const text = fc.oneof(
      fc.string(),
      value.map((json) => JSON.stringify(json)),
    );
    const key = fc.constantFrom("build", "run", "release", "setup", "docker", "web");
    const shaped = fc.dictionary(key, fc.dictionary(key, value)).map((json) => JSON.stringify(json));
    fc.assert(
      fc.property(fc.oneof(text, shaped), (given) => {
        try {
          expect(readHerokuYml(given).images.length).toBeGreaterThan(0);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(BusinessError);
        }
      }),
    );
  });
});

describe("a source without heroku.yml", () => {
  test("is told by the names of its Dockerfiles", () => {
    const names = ["README", "Dockerfile.worker", "Dockerfile", "Dockerfile.", "xDockerfile", "Dockerfile.A"];
    const plan = planByNames(names);
    expect(plan.images).toEqual([
      { name: "worker", dockerfile: "Dockerfile.worker" },
      { name: "web", dockerfile: "Dockerfile" },
    ]);
    expect(plan.processes.map(({ type }) => type)).toEqual(["worker", "web"]);
  });

  test("and without a Dockerfile is told what to add", () => {
    expect(() => planByNames(["package.json"])).toThrow(
      "neither heroku.yml nor a Dockerfile. Add a Dockerfile",
    );
  });
});
