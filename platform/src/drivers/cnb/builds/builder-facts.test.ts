import { describe, expect, it, test } from "vitest";
import {
  type BuilderFiles,
  builderTold,
  choosePlatformApi,
  readBuilderFacts,
  SPOKEN_APIS,
} from "./builder-facts.ts";

const ENV = ["PATH=/bin", "CNB_USER_ID=1001", "CNB_GROUP_ID=1000", "CNB_STACK_ID=a=b"];
const METADATA = {
  buildpacks: [{ id: "acme/go", version: "1.0.0", homepage: "x" }, { id: "acme/odd" }],
  images: [{ image: "acme/run:label", mirrors: ["mirror.test/acme/run:label"] }],
  stack: { runImage: { image: "acme/run:stack" } },
  lifecycle: {
    version: "0.20.1",
    apis: { platform: { deprecated: ["0.12"], supported: ["0.13", "0.14", "0.99"] } },
  },
};
const FILES: BuilderFiles = {
  order: "[[order]]\n",
  run: '[[images]]\nimage = "acme/run:1"\nmirrors = ["mirror.test/run:1"]\n[[images]]\nimage = "acme/other"\n',
  stack: undefined,
  lifecycle: undefined,
  hasLifecycle: true,
};

function read(odd: {
  files?: Partial<BuilderFiles>;
  metadata?: object | string;
  env?: string[];
  labels?: object;
}) {
  const { metadata = METADATA } = odd;
  const label = typeof metadata === "string" ? metadata : JSON.stringify(metadata);
  const Labels = { "io.buildpacks.builder.metadata": label, ...odd.labels };
  return readBuilderFacts(
    "acme/builder",
    { config: { Env: odd.env ?? ENV, Labels } },
    { ...FILES, ...odd.files },
  );
}

describe("what a builder image says of itself", () => {
  it("is its users, buildpacks, run images, and the newest Platform API that both speak", () => {
    expect(read({})).toEqual({
      user: { uid: 1001, gid: 1000 },
      lifecycleVersion: "0.20.1",
      platformApi: "0.14",
      buildpacks: [{ id: "acme/go", version: "1.0.0" }],
      order: "[[order]]\n",
      runImages: [
        { image: "acme/run:1", mirrors: ["mirror.test/run:1"] },
        { image: "acme/other", mirrors: [] },
      ],
      env: { PATH: "/bin", CNB_USER_ID: "1001", CNB_GROUP_ID: "1000", CNB_STACK_ID: "a=b" },
    });
  });

  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(METADATA).filter(([name]) => !names.includes(name)));
  test.each([
    ["run.toml before all", {}, "acme/run:1"],
    ["the label's images without it", { files: { run: undefined } }, "acme/run:label"],
    [
      "stack.toml",
      {
        files: { run: undefined, stack: '[run-image]\nimage = "acme/run:old"\n' },
        metadata: without("images"),
      },
      "acme/run:old",
    ],
    ["the label's stack", { files: { run: undefined }, metadata: without("images") }, "acme/run:stack"],
  ])("names its run image in %s", (_, odd, image) => {
    expect(read(odd).runImages[0].image).toBe(image);
  });

  const APIS = '[apis.platform]\nsupported = ["0.12", "0.13"]\n[lifecycle]\nversion = "0.17.0"\n';
  const LABEL = JSON.stringify({ platform: { supported: ["0.15"] } });
  test.each([
    [
      "the lifecycle's own label",
      { metadata: {}, labels: { "io.buildpacks.lifecycle.apis": LABEL } },
      "0.15",
    ],
    ["lifecycle.toml", { metadata: {}, files: { lifecycle: APIS } }, "0.13"],
    ["the older label", { metadata: { lifecycle: { api: { platform: "0.12" } } } }, "0.12"],
  ])("names its Platform APIs in %s", (_, odd, api) => {
    expect(read(odd).platformApi).toBe(api);
  });

  test.each([
    [
      "no lifecycle",
      { files: { hasLifecycle: false } },
      /has no lifecycle: there are no phase programs in its \/cnb\/lifecycle/,
    ],
    ["no order", { files: { order: undefined } }, /has no \/cnb\/order\.toml/],
    [
      "no common API",
      { metadata: { lifecycle: { apis: { platform: { supported: ["0.9"] } } } } },
      /speaks Platform API 0\.9, and Conifer 0\.12 to 0\.15/,
    ],
    ["no API at all", { metadata: {} }, /speaks Platform API \(it does not say which\)/],
    [
      "no run image",
      { files: { run: undefined }, metadata: without("images", "stack") },
      /names no run image/,
    ],
    ["no user", { env: ["CNB_GROUP_ID=1"] }, /CNB_USER_ID is ""\. It must be a number other than 0/],
    ["root as user", { env: ["CNB_USER_ID=0", "CNB_GROUP_ID=1"] }, /CNB_USER_ID is "0"/],
    ["a label that is no JSON", { metadata: "{" }, /is not JSON/],
    ["a file that is no TOML", { files: { run: "[[" } }, /\/cnb\/run\.toml .* is not TOML/],
  ])("is refused with %s", (_, odd, message) => {
    expect(() => read(odd)).toThrow(message);
  });
});

test.each([
  [["0.3", "0.12"], "0.12"],
  [SPOKEN_APIS, SPOKEN_APIS.at(-1)],
  [["0.15", "0.13"], "0.15"],
])("of %j the newest common API is %s", (theirs, api) => {
  expect(choosePlatformApi("x", theirs)).toBe(api);
});

test("what a build is told of its builder, and of extensions that it has", () => {
  const order = '[[order]]\n[[order.group]]\nid = "a"\nversion = "1"\n';
  const told = (text: string) => builderTold(read({ files: { order: text } }), "acme/run:1").split("\n");
  expect(told(order)).toEqual(["       lifecycle 0.20.1, Platform API 0.14, run image acme/run:1"]);
  expect(told("no TOML [")).toHaveLength(1);
  const [, extensions] = told(`${order}[[order-extensions]]\n[[order-extensions.group]]\nid = "e"\n`);
  expect(extensions).toMatch(/extensions \(Dockerfiles\) are not run here.*name a builder without/);
});
