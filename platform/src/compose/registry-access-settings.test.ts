import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, test } from "vitest";
import { readRegistryAccess } from "./registry-access-settings.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pulls-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const NOTHING = { pullRegistries: [], pullCredentials: undefined, caBundle: undefined };
const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

it("has what the settings name: registries, credentials, certificates, and the ways out", async () => {
  const pullCredentials = write("auth.json", '{"auths":{"a.test":{"username":"u","password":"p"}}}');
  const caBundle = write("ca.pem", "OURS");
  const pullRegistries = [{ host: "a.test" }];
  const env = { https_proxy: "http://proxy.test", NO_PROXY: "a.test" };
  const access = await readRegistryAccess({ pullRegistries, pullCredentials, caBundle }, env);
  expect(access.registries).toBe(pullRegistries);
  expect([...(access.credentials ?? [])]).toEqual([["a.test", { username: "u", password: "p" }]]);
  expect(access.client?.proxies).toEqual({ http: "", https: "http://proxy.test", none: "a.test" });
  expect(access.client?.ca).toMatch(/^OURS\n-----BEGIN CERTIFICATE-----/);
  const usual = await readRegistryAccess(NOTHING, {});
  expect([usual.credentials, usual.client?.ca]).toEqual([undefined, undefined]);
});

test.each([
  ["is not there", undefined, /which cannot be used: .*ENOENT/],
  ["is none", "s3cret", /which cannot be used: it is not JSON\. It is a file as docker login writes it/],
  ["is too large", "x".repeat(1024 * 1024 + 1), /larger than/],
])("a file of credentials that %s stops the start", async (_what, text, message) => {
  const path = text === undefined ? join(folder, "none") : write("auth.json", text);
  const reading = readRegistryAccess({ ...NOTHING, pullCredentials: path }, {});
  await expect(reading).rejects.toThrow(message);
  await expect(reading).rejects.not.toThrow(/s3cret/);
});
