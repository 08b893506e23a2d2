import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { attestImage, checkSignature } from "../../../delivery/attestation/index.ts";
import { collect, never, specOf } from "../../../delivery/build/builder-suite.ts";
import { readImageInfo } from "../../../delivery/image/index.ts";
import { startTestDelivery, type TestDelivery } from "../../../delivery/release/delivery-fixtures.ts";
import { openDiskArtifacts, openDiskRepositories } from "../images/index.ts";
import { makeBuildBench, makePlainRunner } from "./build-fixtures.ts";
import { startEmbeddedBuilder } from "./embedded-builder.ts";

const CANARY = "canary-5d0f9a3c1e";

let world: TestDelivery;
beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());

/** The files below a folder that hold a text, as it is or as base64 writes it. */
async function filesWith(folder: string, text: string): Promise<string[]> {
  const found: string[] = [];
  const forms = [
    text,
    ...[0, 1, 2].map((n) =>
      Buffer.from(" ".repeat(n) + text)
        .toString("base64")
        .slice(4, -4),
    ),
  ];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile()) continue;
    const content = await readFile(path, "latin1");
    if (forms.some((form) => content.includes(form))) found.push(path.slice(folder.length));
  }
  return found;
}

it("a build's secrets are in no image, cache, output, bill, provenance or signature of it", async () => {
  const bench = await makeBuildBench(makePlainRunner);
  const { builder, stop } = await startEmbeddedBuilder(bench.options);
  const { id: appId } = await world.newApp();
  try {
    const bill = `{"components":[{"purl":"pkg:npm/lodash@4.17.20"}]}`;
    const layer =
      'mkdir "$CNB_LAYERS_DIR/deps"; printf "[types]\\nlaunch = true\\ncache = true\\n" > "$CNB_LAYERS_DIR/deps.toml"';
    const sourceDigest = await bench.addSource({
      do: `[ "$SECRET" = ${CANARY.slice(0, 6)}* ] || :; ${layer}; echo x > "$CNB_LAYERS_DIR/deps/x"; echo '${bill}' > "$CNB_LAYERS_DIR/deps.sbom.cdx.json"`,
      page: "hello",
      "yarn.lock": '# yarn lockfile v1\n\na@^1:\n  version "1.0.0"\n',
    });
    const spec = specOf(sourceDigest, {
      appId,
      env: { SECRET: CANARY, [CANARY.toUpperCase().replaceAll("-", "_")]: "x" },
    });
    const { results, text } = await collect(builder.build(spec, never()));
    expect([results[0]?.kind, text]).toEqual(["succeeded", expect.not.stringContaining(CANARY)]);
    const digest = results[0]?.kind === "succeeded" ? results[0].image.digest : "";
    const at = new Date();
    const record = await attestImage(
      {
        ...{
          appId,
          imageDigest: digest,
          sourceDigest,
          sourceUri: `https://u:${CANARY}@example.com/a.tgz?t=${CANARY}`,
        },
        ...{ sourceVersion: null, ref: null, folder: undefined },
        build: { id: spec.id, stack: "cnb", acceptedAt: at, startedAt: at },
      },
      {
        ...{ ...world, images: bench.images, sources: bench.options.machine.sources },
        artifacts: openDiskArtifacts({
          content: bench.images,
          records: openDiskRepositories(join(bench.home, "repositories")),
        }),
        repositoryOf: (id) => `common/${id}`,
        builder: { engine: "embedded", coniferVersion: "0.1.0", image: undefined },
      },
    );
    await world.db.transaction().execute(record);
    expect(await checkSignature(world.db, appId, digest)).toMatchObject({ kind: "verified" });
    expect((await readImageInfo(bench.images, digest)).digest).toBe(digest);
    await stop();
    const names = await filesWith(bench.home, "pkg:npm/lodash@4.17.20");
    expect(names.filter((path) => path.startsWith("/images/")).length).toBeGreaterThanOrEqual(3);
    expect(await filesWith(bench.home, CANARY)).toEqual([]);
    const { rows } = await sqlDump();
    expect(JSON.stringify(rows)).not.toContain(CANARY);
  } finally {
    await stop();
    await bench.dispose();
  }
});

/** All that is on record of what was said. */
async function sqlDump() {
  const { sql } = await import("kysely");
  return await sql`select to_json(a) as a from attestations a union all select to_json(c) from components c`.execute(
    world.db,
  );
}
