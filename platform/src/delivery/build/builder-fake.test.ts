import { describe, expect, it } from "vitest";
import { makeFakeBuilder } from "./builder-fake.ts";
import { builderSuite, collect, listen, never, specOf } from "./builder-suite.ts";

const image = {
  digest: `sha256:${"a".repeat(64)}`,
  architecture: "amd64" as const,
  processes: [{ type: "web", command: ["serve"], args: [], direct: true, default: true }],
  buildpacks: [],
  runImage: { name: "local/run:base", topLayer: "" },
  sizeBytes: 1,
};

builderSuite("fake", async () => {
  const builder = makeFakeBuilder();
  const output = ["begun\n"];
  builder.script("good", { output, result: { kind: "succeeded", image } });
  builder.script("bad", { output, result: { kind: "failed", message: "It is broken.", exitCode: 51 } });
  builder.script("endless", { output, result: { kind: "succeeded", image }, hold: true });
  return { builder, sources: { good: "good", bad: "bad", endless: "endless" }, dispose: async () => {} };
});

describe("the fake's knobs", () => {
  it("holds a build until it is released", async () => {
    const builder = makeFakeBuilder();
    builder.script("held", { output: ["x\n"], result: { kind: "succeeded", image }, hold: true });
    const spec = specOf("held");
    const listening = listen(builder, spec);
    await listening.said("x\n");
    builder.release(spec.id);
    expect(await listening.ended).toMatchObject({ kind: "succeeded" });
    expect(builder.begun.map(({ id }) => id)).toEqual([spec.id]);
  });

  it("loses its builds, and builds them anew when asked again", async () => {
    const builder = makeFakeBuilder();
    builder.script("held", { result: { kind: "succeeded", image }, hold: true });
    const spec = specOf("held");
    const first = listen(builder, spec);
    builder.lose();
    expect(await first.ended).toMatchObject({ kind: "lost" });
    const second = listen(builder, spec);
    builder.release(spec.id);
    expect(await second.ended).toMatchObject({ kind: "succeeded" });
    expect(builder.begun).toHaveLength(2);
  });

  it("fails sources without a script and remembers cleared caches", async () => {
    const builder = makeFakeBuilder();
    const { results } = await collect(builder.build(specOf("unknown"), never()));
    expect(results).toMatchObject([{ kind: "failed", exitCode: 20 }]);
    await builder.clearCache("app");
    expect(builder.cleared).toEqual(["app"]);
  });
});
