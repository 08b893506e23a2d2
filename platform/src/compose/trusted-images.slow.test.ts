import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { validateResponse } from "@conifer/contract/validation";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { LOCK, storeImage, type TestImage } from "../delivery/attestation/attested-image-fixtures.ts";
import { type FakeBuilder, makeFakeBuilder } from "../delivery/build/builder-fake.ts";
import { createBuild } from "../delivery/build/index.ts";
import { readImageInfo } from "../delivery/image/index.ts";
import { releaseAnImage } from "../delivery/release/release-fixtures.ts";
import { tarOf } from "../delivery/source/tar-fixtures.ts";
import { type FakeDynoHost, makeFakeDynoHost } from "../runtime/dyno/dyno-host-fake.ts";
import { startTestControl, type TestAnswer, type TestControl } from "./control-fixtures.ts";
import { idlePorts } from "./idle-ports-fixtures.ts";

const SOON = { timeout: 20_000, interval: 50 };
const CANARY = "canary-8c1f2b7e";
let control: TestControl;
let builder: FakeBuilder;
let host: FakeDynoHost;
let folder: string;
let owner: { id: string; email: string; token: string };
let app: { id: string; name: string };

const advisory = (id: string, name: string, fixed: string) => {
  const ranges = [{ type: "SEMVER", events: [{ introduced: "0" }, { fixed }] }];
  return JSON.stringify({ id, summary: "weak", affected: [{ package: { ecosystem: "npm", name }, ranges }] });
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "conifer-osv-"));
  writeFileSync(join(folder, "GHSA-1.json"), advisory("GHSA-1", "lodash", "4.17.21"));
  builder = makeFakeBuilder();
  host = makeFakeDynoHost({ now: () => new Date() });
  control = await startTestControl({
    ports: { ...idlePorts(), builder, host },
    ...{ workers: true, attests: true },
    environment: { CONIFER_SIGNED_IMAGES: "required", CONIFER_ADVISORIES: folder },
  });
  owner = await control.account("owner@example.com");
});
afterAll(async () => {
  await control.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  app = (await control.call("POST /apps", { token: owner.token, body: {} })).body;
});

const call = async (route: string, body?: unknown, token = owner.token): Promise<TestAnswer> =>
  await control.call(route.replace(" /", ` /apps/${app.name}/`), {
    token,
    ...(body === undefined ? {} : { body }),
  });

/** Builds an image of a source with a lock file, as an engine would leave it. */
async function build(image: TestImage): Promise<void> {
  const tar = await tarOf({ name: "package-lock.json", content: LOCK }, { name: "n", content: image.digest });
  const { digest } = await control.engine.sources.write(Readable.from([tar]));
  const info = await readImageInfo(control.engine.images, image.digest);
  builder.script(digest, { output: ["-----> Building\n"], result: { kind: "succeeded", image: info } });
  await call("PATCH /config-vars", { SECRET: CANARY });
  const actor = { id: owner.id, email: owner.email };
  const { id } = await createBuild(
    { appId: app.id, actor, sourceDigest: digest, sourceVersion: "v1" },
    control.context,
  );
  await vi.waitFor(async () => expect((await call(`GET /builds/${id}`)).body.status).toBe("succeeded"), SOON);
}

const runs = () => host.present().filter(({ appId }) => appId === app.id);

describe("an image that was built here", () => {
  test("is signed before it is released, starts, and says what it is on its release's page", async () => {
    await build(await storeImage(control.engine.images, "one"));
    const { status, body } = await call("GET /releases/v3");
    expect(validateResponse("GET /apps/{app}/releases/{release}", "base", status, body)).toEqual([]);
    expect(body.attestations.map(({ kind }: { kind: string }) => kind)).toHaveLength(4);
    expect(body.image_verification).toMatchObject({ status: "verified", required: true, message: null });
    await vi.waitFor(() => expect(runs().map(({ name }) => name)).toEqual(["web.1"]), SOON);
    const { body: keys } = await control.call("GET /signing-keys", { token: owner.token });
    expect(keys).toEqual([
      expect.objectContaining({
        id: body.image_verification.key_id,
        current: true,
        public_key: expect.stringMatching(/^-----BEGIN PUBLIC KEY/),
      }),
    ]);
  });

  test("has documents that can be read, by those who may read the release, and no secret in any", async () => {
    await build(await storeImage(control.engine.images, "two"));
    const list = await call("GET /releases/v3/attestations");
    expect(
      validateResponse("GET /apps/{app}/releases/{release}/attestations", "base", list.status, list.body),
    ).toEqual([]);
    const texts: string[] = [list.text];
    for (const { kind, digest } of list.body) {
      const one = await call(`GET /releases/v3/attestations/${kind}`);
      const route = "GET /apps/{app}/releases/{release}/attestations/{attestation}";
      expect(validateResponse(route, "base", one.status, one.body)).toEqual([]);
      expect((await call(`GET /releases/v3/attestations/${digest}`)).body).toEqual(one.body);
      texts.push(one.text, Buffer.from(one.body.content.payload ?? "", "base64").toString());
    }
    expect(texts.join("\n")).not.toContain(CANARY);
    expect(texts.join("\n")).not.toContain(Buffer.from(CANARY).toString("base64").slice(0, 12));
    const stranger = await control.account(`stranger-${app.name}@example.com`);
    for (const path of ["/attestations", "/attestations/provenance", "/advisories"])
      expect((await call(`GET /releases/v3${path}`, undefined, stranger.token)).status).toBe(404);
    expect((await call("GET /releases/v3/attestations/nothing")).status).toBe(404);
    expect((await call("GET /releases/v1/attestations")).body).toEqual([]);
  });

  test("is touched by advisories, which the app's log tells and which name its releases", async () => {
    await build(await storeImage(control.engine.images, "three"));
    await vi.waitFor(async () => expect((await call("GET /releases/v3/advisories")).status).toBe(200), SOON);
    const { body, status } = await call("GET /releases/v3/advisories");
    expect(validateResponse("GET /apps/{app}/releases/{release}/advisories", "base", status, body)).toEqual(
      [],
    );
    expect(body).toEqual([
      expect.objectContaining({
        id: "GHSA-1",
        packages: [{ package: "lodash", version: "4.17.20", development: false, fixed: ["4.17.21"] }],
      }),
    ]);
    const of = async (token: string) => {
      const answer = await control.call("GET /advisories/GHSA-1/releases", { token });
      expect(
        validateResponse("GET /advisories/{advisory}/releases", "base", answer.status, answer.body),
      ).toEqual([]);
      return answer.body.map((one: { app: { name: string } }) => one.app.name);
    };
    expect(await of(owner.token)).toContain(app.name);
    const stranger = await control.account(`nobody-${app.name}@example.com`);
    expect(await of(stranger.token)).toEqual([]);
    expect((await control.call("GET /advisories/GHSA-9/releases", { token: owner.token })).status).toBe(404);
  });
});

describe("an image that nobody signed", () => {
  test("does not start; its release says why and what to do; a command is refused", async () => {
    await releaseAnImage(control.context, app.id, { web: "serve" }, "e");
    await call("PATCH /formation", { updates: [{ type: "web", quantity: 1 }] });
    const { body } = await call("GET /releases/v2");
    expect(body.image_verification).toMatchObject({ status: "refused", required: true, key_id: null });
    expect(body.image_verification.message).toMatch(/not signed.*Push the code again.*CONIFER_SIGNED_IMAGES/);
    const run = await call("POST /dynos", { command: "ls" });
    expect([run.status, run.body.message]).toEqual([403, body.image_verification.message]);
    await vi.waitFor(async () => {
      const { rows } = await control.context.database.query("select 1 from dynos where app_id = $1", [
        app.id,
      ]);
      expect(rows).toHaveLength(1);
    }, SOON);
    expect(runs()).toEqual([]);
  });

  test("with a release command fails its release", async () => {
    const made = await releaseAnImage(control.context, app.id, { web: "serve", release: "migrate" }, "f");
    await control.context.appendEvent(control.context.db, {
      ...{ kind: "release.created", appId: app.id, actor: null },
      data: { release_id: made.id, version: made.version },
    });
    await vi.waitFor(async () => expect((await call("GET /releases/v2")).body.status).toBe("failed"), SOON);
  });

  test("with a signature of another image does not start either", async () => {
    await build(await storeImage(control.engine.images, "four"));
    await vi.waitFor(() => expect(runs()).toHaveLength(1), SOON);
    await releaseAnImage(control.context, app.id, { web: "serve" }, "d");
    await control.context.database.query(
      "insert into attestations select app_id, $2, kind, digest, artifact_type, document, key_id, build_id, signature, created_at " +
        "from attestations where app_id = $1 and kind = 'signature'",
      [app.id, `sha256:${"d".repeat(64)}`],
    );
    const { body } = await call("GET /releases/v4");
    expect(body.image_verification).toMatchObject({ status: "refused" });
    expect(body.image_verification.message).toMatch(/not made by this installation for this image/);
  });
});
