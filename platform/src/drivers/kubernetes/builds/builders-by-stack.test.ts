import { expect, it } from "vitest";
import { makeFakeBuilder } from "../../../delivery/build/builder-fake.ts";
import { builderSuite, collect, never, specOf } from "../../../delivery/build/builder-suite.ts";
import { buildersByStack } from "./builders-by-stack.ts";

const image = {
  ...{ digest: `sha256:${"a".repeat(64)}`, architecture: "amd64" as const, buildpacks: [], sizeBytes: 1 },
  processes: [{ type: "web", command: ["serve"], args: [], direct: true, default: true }],
  runImage: { name: "local/run:base", topLayer: "" },
};

builderSuite("two, by the stack of an app", async () => {
  const buildpacks = makeFakeBuilder();
  const output = ["begun\n"];
  buildpacks.script("good", { output, result: { kind: "succeeded", image } });
  buildpacks.script("bad", { output, result: { kind: "failed", message: "It is broken.", exitCode: 51 } });
  buildpacks.script("endless", { output, result: { kind: "succeeded", image }, hold: true });
  return {
    builder: buildersByStack(buildpacks, makeFakeBuilder()),
    sources: { good: "good", bad: "bad", endless: "endless" },
    dispose: async () => {},
  };
});

it("Dockerfiles go to the second, and all else to the first", async () => {
  const [buildpacks, dockerfiles] = [makeFakeBuilder(), makeFakeBuilder()];
  const builder = buildersByStack(buildpacks, dockerfiles);
  await collect(builder.build(specOf("a"), never()));
  await collect(builder.build(specOf("b", { stack: "container" }), never()));
  expect(buildpacks.begun.map(({ source }) => source)).toEqual(["a"]);
  expect(dockerfiles.begun.map(({ source }) => source)).toEqual(["b"]);
  await builder.clearCache("one-app");
  expect(buildpacks.cleared).toEqual(["one-app"]);
});
