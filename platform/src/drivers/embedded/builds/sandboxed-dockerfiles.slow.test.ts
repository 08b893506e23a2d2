import { existsSync } from "node:fs";
import { describe } from "vitest";
import { dockerfileSuite } from "../../../delivery/build/dockerfile-suite.ts";
import { baseFiles } from "../../buildah/builds/private-base-fixtures.ts";
import { findTool } from "../images/image-tools-fixtures.ts";
import { makeBuildBench, makeSandboxedRunner } from "./build-fixtures.ts";
import { startEmbeddedBuilder } from "./embedded-builder.ts";

const missing =
  findTool("buildah", ["buildah", "busybox"]) ?? (existsSync("/bin/busybox") ? undefined : "needs busybox");
const why = missing ?? (process.getuid?.() === 0 ? undefined : "steps with RUN need root");

describe.skipIf(why)(`Dockerfiles on this machine${why ? ` (${why})` : ""}`, () => {
  dockerfileSuite("embedded, in the sandbox", async () => {
    const bench = await makeBuildBench(makeSandboxedRunner);
    const { builder, stop } = await startEmbeddedBuilder(bench.options);
    return {
      builder,
      base: await baseFiles(),
      addSource: (files) => bench.addSource(files),
      dispose: async () => {
        await stop();
        await bench.dispose();
      },
    };
  });
});
