import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pause } from "../kernel/index.ts";
import { rolesOf, watchFolders } from "./dev-reload.ts";
import type { RoleName } from "./supervisor-environment.ts";

test.each<[string, readonly RoleName[]]>([
  ["platform/src/apps/app/app-api.ts", ["control"]],
  ["platform/src/delivery/release/release.ts", ["control"]],
  ["platform/src/drivers/postgres/store/migrate.ts", ["control"]],
  ["platform/src/delivery/image/image.ts", ["control", "host"]],
  ["platform/src/drivers/embedded/sandbox/abilities.ts", ["control", "host"]],
  ["platform/src/compose/host.ts", ["control", "host"]],
  ["platform/src/edge/proxy/exchange.ts", ["control", "router"]],
  ["platform/src/compose/router-tls.ts", ["control", "router"]],
  ["platform/src/kernel/errors.ts", ["control", "host", "router"]],
  ["contract/src/generated/routes.ts", ["control", "host", "router"]],
  ["platform/src/runtime/dyno/dyno.ts", ["control", "host", "router"]],
  ["platform/src/kernel/errors.test.ts", []],
  ["platform/src/edge/route/route-fixtures.ts", []],
  ["platform/src/compose/host.ts~", []],
  ["buildpacks/nodejs/build.ts", []],
  ["README.md", []],
])("a change of %s starts %j again", (path, roles) => {
  expect(rolesOf(path)).toEqual(roles);
});

test("changes that come together are told together, by path from the root", async () => {
  const root = mkdtempSync(join(tmpdir(), "conifer-dev-"));
  mkdirSync(join(root, "src/deep"), { recursive: true });
  const told: string[][] = [];
  const stop = watchFolders(root, ["src"], (paths) => told.push([...paths].sort()));
  for (let tries = 0; told.length === 0 && tries < 100; tries++) {
    writeFileSync(join(root, "src/a.ts"), String(tries));
    writeFileSync(join(root, "src/deep/b.ts"), String(tries));
    await pause(250);
  }
  stop();
  expect(told[0]).toEqual(["src/a.ts", "src/deep/b.ts"]);
  writeFileSync(join(root, "src/a.ts"), "after the end");
  await pause(300);
  expect(told).toHaveLength(1);
  rmSync(root, { recursive: true });
});
