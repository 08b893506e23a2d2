import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AppBuilds, makeAppBuilds, makeFolder, runProgram } from "../../shared/buildpack-fixtures.ts";
import { bundleBuildpacks } from "../../shared/bundle-buildpacks.ts";
import { launchVariables, whyNoPackages } from "../../shared/debian-fixtures.ts";

const why = await whyNoPackages();

describe.skipIf(why)(`packages that an app lists${why ? ` (${why})` : ""}`, () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  let app: AppBuilds;
  beforeAll(async () => {
    folder = await makeFolder();
    const { buildpacks } = await bundleBuildpacks(path.join(folder.at, "packs"));
    const buildpack = buildpacks.find(({ id }) => id === "conifer/deb-packages")?.dir ?? "";
    app = await makeAppBuilds(path.join(folder.at, "app"), {
      buildpack,
      source: { Aptfile: "figlet\nbash\n" },
    });
  });
  afterAll(() => folder?.remove());

  it("run from the layer, and stay for the next build", async () => {
    const { code, output } = await app.build();
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toContain("bash is on the base already");
    expect(output).toMatch(/Fetching \d packages? of \w+ \w+ \(\d\.\d MB\)/);
    const env = await launchVariables(app, ["packages"]);
    const font = path.join(app.layers, "packages/usr/share/figlet");
    expect((await runProgram("figlet-figlet", ["-d", font, "hi"], { cwd: "/", env })).output).toContain("_");
    const again = await app.build();
    expect(again.output).toMatch(/Using as at the last build: figlet \S+\n/);
    expect(again.ms).toBeLessThan(5_000);
  });
});
