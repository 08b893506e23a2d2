import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blobPath } from "../../../buildpacks/lifecycle/image-layout.ts";
import { makeIndex } from "../../../platform/src/delivery/image/index.ts";
import {
  issuePullCredential,
  type RunningRegistry,
  registryKeys,
  startRegistry,
} from "../../../platform/src/delivery/registry/index.ts";
import { makeFakeRegistryStores } from "../../../platform/src/delivery/registry/registry-fake.ts";
import { ask } from "../../../platform/src/delivery/registry/registry-fixtures.ts";
import { writeSmallLayout } from "../../../platform/src/drivers/kubernetes/builds/small-layout-fixtures.ts";
import { newId, silentLogger } from "../../../platform/src/kernel/index.ts";
import type { CliError } from "../cli-error.ts";
import { installation } from "../installation/installation-fixtures.ts";
import { completeSecrets } from "../installation/installation-keys.ts";
import { pushPlatformImage } from "./push-platform-image.ts";

/** The registry of an installation, which knows the installation's keys and nobody's passwords. */

let folder: string;
let digest: string;
let masterKey: string;
let registry: RunningRegistry;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "push-platform-"));
  ({ digest } = await writeSmallLayout(folder, "what apps stand on"));
  const known = { keys: {}, database: {}, admin: {}, metrics: {} };
  masterKey = completeSecrets(known, installation(), () => new Date()).keys["master.json"] ?? "";
  const { keys } = JSON.parse(masterKey) as { keys: Record<string, string> };
  registry = await startRegistry({
    ...makeFakeRegistryStores(),
    keys: registryKeys({ current: 1, keys: new Map([[1, Buffer.from(keys[1] ?? "", "base64")]]) }),
    ...{ now: () => new Date(), newId, logger: silentLogger, addresses: ["127.0.0.1"], port: 0 },
  });
});
afterEach(async () => {
  await registry.stop();
  rmSync(folder, { recursive: true, force: true });
});

const port = () => registry.ports[0] ?? 0;
const push = (more: Partial<Parameters<typeof pushPlatformImage>[0]> = {}) =>
  pushPlatformImage({
    ...{ folder, repository: "conifer/run", masterKey, url: `http://127.0.0.1:${port()}` },
    ...more,
  });

/** What the registry answers to somebody who may pull what is the platform's. */
async function pull(what: string) {
  const keys = JSON.parse(masterKey) as { keys: Record<string, string> };
  const key = { current: 1, keys: new Map([[1, Buffer.from(keys.keys[1] ?? "", "base64")]]) };
  return await ask(port(), what, { as: issuePullCredential("common", new Date(), registryKeys(key)) });
}

describe("an image of the platform", () => {
  it("is pushed with the installation's own key, and every space may pull it", async () => {
    expect(await push()).toBe(digest);
    expect((await pull(`GET /v2/conifer/run/manifests/${digest}`)).status).toBe(200);
  });

  it("is as good when it is pushed twice, or twice at once", async () => {
    expect(await Promise.all([push(), push()])).toEqual([digest, digest]);
    // Nothing but its index is read where the registry has it.
    rmSync(join(folder, "blobs"), { recursive: true });
    expect(await push()).toBe(digest);
  });

  it("uses the newest of the installation's keys", async () => {
    const { keys } = JSON.parse(masterKey) as { keys: Record<string, string> };
    const more = { ...keys, 2: randomBytes(32).toString("base64") };
    // The registry has not heard of the second one, so that a credential of it opens nothing.
    await expect(push({ masterKey: JSON.stringify({ current: 2, keys: more }) })).rejects.toThrow(/401/);
    expect(await push({ masterKey: JSON.stringify({ current: 1, keys: more }) })).toBe(digest);
  });

  it("is not pushed with another installation's key", async () => {
    const other = JSON.stringify({ current: 1, keys: { 1: randomBytes(32).toString("base64") } });
    await expect(push({ masterKey: other })).rejects.toMatchObject({
      failure: "failed",
      message: expect.stringMatching(/^conifer\/run could not be pushed: .*401/),
    });
  });

  it.each(["", "{", '{"current":1}', '{"current":1,"keys":{"1":7}}', "hush"])(
    "is not pushed with a damaged key, and no error quotes that (%j)",
    async (damaged) => {
      const thrown: CliError = await push({ masterKey: damaged }).then(
        () => expect.fail("it was pushed"),
        (error) => error,
      );
      expect(thrown.failure).toBe("failed");
      expect(thrown.message).toBe("The installation's master key (Secret conifer-keys) is damaged.");
      expect(thrown.cause).toBeUndefined();
    },
  );

  it.each(["run", "conifer/run/more", "Conifer/run", "registry.test:5000/conifer/run", ""])(
    "is in no repository %j",
    async (repository) => {
      await expect(push({ repository })).rejects.toMatchObject({
        failure: "usage",
        message: `${repository} is no repository.`,
      });
    },
  );
});

describe("a folder from which nothing can be pushed", () => {
  const failure = (message: RegExp) => ({ failure: "failed", message: expect.stringMatching(message) });

  it("is none, is empty, or is damaged", async () => {
    await expect(push({ folder: "/nowhere" })).rejects.toMatchObject(
      failure(/^conifer\/run could not be pushed: \/nowhere is no OCI layout/),
    );
    rmSync(blobPath(folder, digest));
    await expect(push()).rejects.toMatchObject(failure(/could not be pushed/));
    writeFileSync(join(folder, "index.json"), JSON.stringify(makeIndex([])));
    await expect(push()).rejects.toMatchObject(failure(/holds no image/));
    writeFileSync(join(folder, "index.json"), "{");
    await expect(push()).rejects.toMatchObject(failure(/could not be pushed/));
  });

  it("has a layer of other content: the image gets no name", async () => {
    const { layer, digest: other } = await writeSmallLayout(join(folder, "other"), "another layer");
    writeFileSync(blobPath(join(folder, "other"), layer.digest), "tampered with");
    await expect(push({ folder: join(folder, "other") })).rejects.toMatchObject(
      failure(/could not be pushed/),
    );
    expect((await pull(`GET /v2/conifer/run/manifests/${other}`)).status).toBe(404);
  });
});
