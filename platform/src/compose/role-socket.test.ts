import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { silentLogger as logger } from "../kernel/index.ts";
import { makeMeter } from "../observe/metric/index.ts";
import { type Home, makeHome } from "./home.ts";
import { makeReadiness } from "./role-readiness.ts";
import { roleOfMachine, startRoleSocket } from "./role-socket.ts";

let home: Home;
beforeEach(() => {
  home = makeHome(mkdtempSync(join(tmpdir(), "conifer-socket-")));
  mkdirSync(home.run);
});
afterEach(() => rmSync(home.root, { recursive: true }));

const meter = makeMeter("host");
const soon = () => AbortSignal.timeout(5_000);

test("a role tells the others of its machine how it is, to this user only", async () => {
  writeFileSync(home.secretFile, "the secret of this test");
  const readiness = makeReadiness();
  const socket = await startRoleSocket("host", { home }, { readiness, meter, logger });
  const host = roleOfMachine("host", home);
  expect((await host.readiness(soon())).ready).toBe(false);
  readiness.enter([{ name: "disk", look: async () => "It is full." }]);
  expect((await host.readiness(soon())).checks).toEqual([
    { name: "start", ok: true },
    { name: "disk", ok: false, why: "It is full." },
  ]);
  meter.add("conifer_images_freed_bytes_total", {}, 42);
  const told = (await host.metrics(soon())).find(({ name }) => name === "conifer_images_freed_bytes_total");
  expect(told?.values).toMatchObject([{ value: 42, labels: { role: "host" } }]);
  expect(statSync(join(home.run, "of-host.sock")).mode & 0o777).toBe(0o600);
  await expect(roleOfMachine("router", home).readiness(soon())).rejects.toThrow("did not answer");
  await socket?.stop();
  await expect(host.readiness(soon())).rejects.toThrow("did not answer");
});

test("whoever has another secret is refused", async () => {
  writeFileSync(home.secretFile, "one");
  const readiness = makeReadiness();
  const socket = await startRoleSocket("host", { home }, { readiness, meter, logger });
  writeFileSync(home.secretFile, "another");
  await expect(roleOfMachine("host", home).readiness(soon())).rejects.toThrow("credential");
  await socket?.stop();
});

test("a role without a supervisor has nobody to tell", async () => {
  expect(
    await startRoleSocket("host", { home }, { readiness: makeReadiness(), meter, logger }),
  ).toBeUndefined();
});
