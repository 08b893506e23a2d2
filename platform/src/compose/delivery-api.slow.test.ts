import { validateResponse } from "@conifer/contract/validation";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type FakeBuilder, makeFakeBuilder } from "../delivery/build/builder-fake.ts";
import { createBuild } from "../delivery/build/index.ts";
import { encodeDocument, insertImage, LABEL, MEDIA, makeManifest } from "../delivery/image/index.ts";
import { imageInfo, releaseAnImage } from "../delivery/release/release-fixtures.ts";
import { newId } from "../kernel/index.ts";
import { startTestControl, type TestAnswer, type TestControl } from "./control-fixtures.ts";
import { idlePorts } from "./idle-ports-fixtures.ts";

let control: TestControl;
let builder: FakeBuilder;
let owner: { id: string; email: string; token: string };
let app: { id: string; name: string };

beforeAll(async () => {
  builder = makeFakeBuilder();
  control = await startTestControl({ ports: { ...idlePorts(), builder }, workers: true });
  owner = await control.account("owner@example.com");
});
afterAll(() => control.stop());
beforeEach(async () => {
  app = (await control.call("POST /apps", { token: owner.token, body: {} })).body;
});

/** Calls a route of the app. */
async function call(route: string, body?: unknown, variant = "3"): Promise<TestAnswer> {
  const [method, path = ""] = route.split(" ");
  return await control.call(`${method} /apps/${app.name}${path}`, {
    token: owner.token,
    variant,
    ...(body === undefined ? {} : { body }),
  });
}

const actor = () => ({ id: owner.id, email: owner.email });
const release = (processes: Record<string, string>, digit = "a") =>
  releaseAnImage(control.context, app.id, processes, digit);

describe("config vars", () => {
  test("are set, changed and removed; each change is a release", async () => {
    expect((await call("PATCH /config-vars", { A: "1", B: "2" })).body).toEqual({ A: "1", B: "2" });
    expect((await call("PATCH /config-vars", { A: null, B: "3" })).body).toEqual({ B: "3" });
    expect((await call("GET /config-vars")).body).toEqual({ B: "3" });
    const releases = (await call("GET /releases")).body as { version: number; description: string }[];
    expect(releases.sort((a, b) => a.version - b.version).map(({ description }) => description)).toEqual([
      "Initial release",
      "Set A, B config vars",
      "Set B and remove A config vars",
    ]);
  });

  test("of each release stay readable", async () => {
    await call("PATCH /config-vars", { A: "1" });
    await call("PATCH /config-vars", { A: "2" });
    expect((await call("GET /releases/v2/config-vars")).body).toEqual({ A: "1" });
    expect((await call("GET /releases/3/config-vars")).body).toEqual({ A: "2" });
    expect((await call("GET /releases/1/config-vars")).body).toEqual({});
  });

  test("that change nothing make no release", async () => {
    await call("PATCH /config-vars", { A: "1" });
    expect((await call("PATCH /config-vars", { A: "1" })).status).toBe(200);
    expect((await call("GET /releases")).body).toHaveLength(2);
  });

  test.each<[string, unknown, RegExp]>([
    ["a reserved name", { PORT: "1" }, /PORT is set by Conifer/],
    ["another reserved name", { DYNO: "x" }, /DYNO is set by Conifer/],
    ["a bad name", { "A-B": "1" }, /A-B/],
    ["too much", { A: "x".repeat(70_000) }, /limited to 65536 bytes in all/],
    ["a NUL", { A: "a\0b" }, /U\+0000|NUL/],
    ["a number", { A: 1 }, /./],
    ["an object", { A: {} }, /./],
    ["a list", ["A"], /./],
  ])("with %s are refused, and nothing changes", async (_name, body, why) => {
    const answer = await call("PATCH /config-vars", body);
    expect([answer.status, answer.body.id]).toEqual([422, "invalid_params"]);
    expect(answer.body.message).toMatch(why);
    expect((await call("GET /releases")).body).toHaveLength(1);
  });

  test("of ten megabytes are refused", async () => {
    const answer = await call("PATCH /config-vars", { A: "x".repeat(10 * 1024 * 1024) });
    expect([413, 422]).toContain(answer.status);
    expect((await call("GET /config-vars")).body).toEqual({});
  });
});

describe.each(["3", "3.sdk"])("a release in the variant %s", (variant) => {
  const shape = variant === "3" ? "base" : "sdk";

  test("shows what it is made of", async () => {
    const made = await release({ web: "serve" });
    const answer = await call("GET /releases/v2", undefined, variant);
    expect(validateResponse("GET /apps/{app}/releases/{release}", shape, 200, answer.body)).toEqual([]);
    expect(answer.body).toMatchObject({
      id: made.id,
      version: 2,
      status: "succeeded",
      current: true,
      description: "Deploy 00000000",
      eligible_for_rollback: true,
      artifacts: [{ type: "oci-image", id: made.imageId }],
      oci_image: { id: made.imageId },
      slug: null,
      output_stream_url: null,
      user: { email: "owner@example.com" },
    });
  });

  test("can be gone back to", async () => {
    await release({ web: "one" }, "a");
    await release({ web: "two" }, "b");
    const answer = await call("POST /releases", { release: "v2" }, variant);
    expect(validateResponse("POST /apps/{app}/releases", shape, answer.status, answer.body)).toEqual([]);
    expect(answer.body).toMatchObject({ version: 4, description: "Rollback to v2", current: true });
    expect((await call("GET /releases/3", undefined, variant)).body.current).toBe(false);
  });
});

describe("releases", () => {
  test("are found by id, number and v and number, and nothing else", async () => {
    const { id } = await release({ web: "serve" });
    for (const identity of [id, "2", "v2"])
      expect((await call(`GET /releases/${identity}`)).body).toMatchObject({ id, version: 2 });
    for (const identity of ["9", "v9", newId(), "latest"])
      expect([(await call(`GET /releases/${identity}`)).status, identity]).toEqual([404, identity]);
  });

  test("come in pages, in the order the client asks for", async () => {
    for (let i = 0; i < 6; i++) await call("PATCH /config-vars", { A: String(i) });
    const versions: number[] = [];
    let range: string | undefined = "version ..; max=3, order=desc";
    const statuses: number[] = [];
    while (range) {
      const answer: TestAnswer = await control.call(`GET /apps/${app.name}/releases`, {
        token: owner.token,
        headers: { range },
      });
      versions.push(...answer.body.map(({ version }: { version: number }) => version));
      statuses.push(answer.status);
      range = answer.headers["next-range"] as string | undefined;
    }
    expect(versions).toEqual([7, 6, 5, 4, 3, 2, 1]);
    expect(statuses).toEqual([206, 206, 200]);
  });

  test("come by time as well, each once", async () => {
    for (let i = 0; i < 4; i++) await call("PATCH /config-vars", { A: String(i) });
    await control.context.database.query(
      "update releases set created_at = timestamptz '2026-01-01 10:00:00.4Z' + version * interval '700 ms' where app_id = $1",
      [app.id],
    );
    const seen: number[] = [];
    let range: string | undefined = "created_at ..; max=2";
    while (range) {
      const answer: TestAnswer = await control.call(`GET /apps/${app.name}/releases`, {
        token: owner.token,
        headers: { range },
      });
      seen.push(...answer.body.map(({ version }: { version: number }) => version));
      range = answer.headers["next-range"] as string | undefined;
    }
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  test.each(["version abc..", "created_at yesterday..", "size .."])(
    "cannot be paged by %s",
    async (range) => {
      const answer = await control.call(`GET /apps/${app.name}/releases`, {
        token: owner.token,
        headers: { range },
      });
      expect([answer.status, answer.body.id]).toEqual([416, "requested_range_not_satisfiable"]);
    },
  );

  test("that the client rolls back to without a word: the second that is eligible", async () => {
    await release({ web: "one" }, "a");
    await call("PATCH /config-vars", { A: "1" });
    const answer = await control.call(`GET /apps/${app.name}/releases`, {
      token: owner.token,
      headers: { range: "version ..; max=10, order=desc" },
    });
    const eligible = answer.body.filter(
      (one: { eligible_for_rollback: boolean }) => one.eligible_for_rollback,
    );
    expect(eligible.map(({ version }: { version: number }) => version)).toEqual([3, 2]);
    expect((await call("POST /releases", { release: eligible[1].id })).body.description).toBe(
      "Rollback to v2",
    );
  });

  test("whose image is gone have expired, and cannot be used again", async () => {
    const { imageId } = await release({ web: "one" }, "a");
    await release({ web: "two" }, "b");
    await control.context.database.query("update oci_images set removed_at = now() where id = $1", [imageId]);
    expect((await call("GET /releases/v2")).body).toMatchObject({
      status: "expired",
      eligible_for_rollback: false,
    });
    for (const body of [{ release: "v2" }, { oci_image: imageId }]) {
      const answer = await call("POST /releases", body);
      expect([answer.status, answer.body.message]).toEqual([
        422,
        expect.stringContaining("has been removed"),
      ]);
    }
  });

  test("are made of an image, of nothing but a description, and of nothing that is not there", async () => {
    const { imageId } = await release({ web: "one" }, "a");
    expect((await call("POST /releases", { oci_image: imageId })).body).toMatchObject({
      version: 3,
      description: "Deploy 00000000",
    });
    expect((await call("POST /releases", { slug: null, description: "Retry of v3" })).body).toMatchObject({
      version: 4,
      description: "Retry of v3",
      oci_image: { id: imageId },
    });
    expect((await call("POST /releases", { oci_image: newId() })).body).toMatchObject({
      id: "not_found",
      resource: "oci_image",
    });
    expect((await call("POST /releases", { slug: newId() })).body).toMatchObject({ resource: "slug" });
  });

  test("with a command are pending, and have an output", async () => {
    await release({ web: "one", release: "migrate" });
    const { body } = await call("GET /releases/v2");
    expect(body).toMatchObject({ status: "pending", current: false, eligible_for_rollback: false });
    expect(body.output_stream_url).toMatch(/\/streams\/output\?id=/);
  });
});

describe("images", () => {
  test("are shown as the client reads them: in a list of one", async () => {
    const { imageId } = await release({ web: "node server.js", worker: "node worker.js" });
    const answer = await call(`GET /oci-images/${imageId}`);
    expect(answer.body).toMatchObject([
      {
        id: imageId,
        digest: `sha256:${"a".repeat(64)}`,
        commit: "0".repeat(40),
        image_repo: app.name,
        buildpacks: [{ id: "conifer/nodejs", version: "0.1.0" }],
        process_types: {
          web: { name: "web", display_cmd: "node server.js", command: "/cnb/process/web", default: true },
          worker: { name: "worker", display_cmd: "node worker.js", default: false },
        },
      },
    ]);
    expect((await call(`GET /oci-images/sha256:${"a".repeat(64)}`)).body[0].id).toBe(imageId);
    expect((await call(`GET /oci-images/${newId()}`)).status).toBe(404);
  });

  test("that are in the store are recorded again, and can be released", async () => {
    const { images } = control.engine;
    const config = encodeDocument(MEDIA.config, {
      architecture: "amd64",
      os: "linux",
      config: {
        Labels: {
          [LABEL.build]: JSON.stringify({
            processes: [{ type: "web", command: "serve", args: [], direct: true }],
          }),
          [LABEL.lifecycle]: JSON.stringify({ runImage: { image: "host", topLayer: "" } }),
        },
      },
      rootfs: { type: "layers", diff_ids: [] },
    });
    await images.write(config.bytes);
    const manifest = encodeDocument(MEDIA.manifest, makeManifest(config.descriptor, []));
    const { digest } = await images.write(manifest.bytes);
    const about = { commit: "abc", commitDescription: "a commit", stack: "cnb", createdAt: new Date(0) };
    await insertImage(control.context.db, {
      id: newId(),
      appId: app.id,
      digest,
      info: imageInfo({}),
      ...about,
    });
    const answer = await call("POST /oci-images", { digest, commit: "def" });
    expect(validateResponse("POST /apps/{app}/oci-images", "base", answer.status, answer.body)).toEqual([]);
    expect(answer.body).toMatchObject({
      digest,
      commit: "def",
      commit_description: "a commit",
      process_types: { web: { display_cmd: "serve" } },
    });
    expect((await call("POST /releases", { oci_image: answer.body.id })).body).toMatchObject({
      version: 2,
      oci_image: { id: answer.body.id },
    });
  });

  test.each([
    [{ digest: "nonsense" }, /sha256:<64 hex digits>/],
    [{ digest: `sha256:${"f".repeat(64)}` }, /no image with that digest/],
    [{}, /sha256:<64 hex digits>/],
  ])("cannot be recorded from %j", async (body, why) => {
    const answer = await call("POST /oci-images", body);
    expect([answer.status, answer.body.message]).toEqual([422, expect.stringMatching(why)]);
  });
});

describe("builds", () => {
  const URL_OF_SOURCE = "https://example.invalid/app.tgz";
  const source = (parts: object = {}) => ({ source_blob: { url: URL_OF_SOURCE, version: "v1", ...parts } });

  test.each<[string, object]>([
    ["no address", { url: undefined }],
    ["no real address", { url: "app.tgz" }],
    ["a file", { url: "file:///etc/passwd" }],
    ["a checksum of another form", { checksum: "md5:abc" }],
  ])("of a source with %s are refused", async (_name, parts) => {
    const answer = await call("POST /builds", source(parts));
    expect([answer.status, answer.body.id]).toEqual([422, "invalid_params"]);
    expect((await call("GET /builds")).body).toEqual([]);
  });

  test.each(["base", "sdk"] as const)(
    "of an address are accepted at once, in the variant %s",
    async (variant) => {
      const answer = await call("POST /builds", source(), variant === "base" ? "3" : "3.sdk");
      expect(validateResponse("POST /apps/{app}/builds", variant, answer.status, answer.body)).toEqual([]);
      expect(answer.body).toMatchObject({
        status: "pending",
        app: { id: app.id },
        source_blob: { url: URL_OF_SOURCE, version: "v1", version_description: null },
        output_stream_url: expect.stringMatching(/\/streams\/output\?id=/),
        release: null,
        slug: null,
        stack: "cnb",
        user: { id: owner.id, email: "owner@example.com" },
      });
    },
  );

  test("that succeed name their release", async () => {
    builder.script("good", { result: { kind: "succeeded", image: imageInfo({ web: "serve" }) } });
    const { id } = await createBuild(
      { appId: app.id, actor: actor(), sourceDigest: "good", sourceVersion: "abc" },
      control.context,
    );
    await vi.waitFor(async () => {
      expect((await call(`GET /builds/${id}`)).body.status).toBe("succeeded");
    });
    const { body } = await call(`GET /builds/${id}`);
    expect((await call(`GET /releases/${body.release.id}`)).body).toMatchObject({
      version: 2,
      description: "Deploy abc",
    });
  });

  test("that fail say so, and make no release", async () => {
    builder.script("bad", { result: { kind: "failed", message: "No.", exitCode: 1 } });
    const { id } = await createBuild({ appId: app.id, actor: actor(), sourceDigest: "bad" }, control.context);
    await vi.waitFor(async () => expect((await call(`GET /builds/${id}`)).body.status).toBe("failed"));
    expect((await call("GET /releases")).body).toHaveLength(1);
  });

  test("are cancelled once, in line and at work", async () => {
    builder.script("held", { hold: true, result: { kind: "succeeded", image: imageInfo({}) } });
    const wanted = { appId: app.id, actor: actor(), sourceDigest: "held" };
    const first = await createBuild(wanted, control.context);
    const second = await createBuild(wanted, control.context);
    await vi.waitFor(() => expect(builder.begun.some(({ id }) => id === first.id)).toBe(true));
    for (const { id } of [second, first]) {
      const answer = await call(`DELETE /builds/${id}`);
      expect([answer.status, answer.body.status]).toEqual([200, "failed"]);
      expect((await call(`DELETE /builds/${id}`)).body.id).toBe("conflict");
    }
    await vi.waitFor(async () => {
      const { rows } = await control.context.database.query(
        "select 1 from builds where app_id = $1 and finished_at is null",
        [app.id],
      );
      expect(rows).toEqual([]);
    });
    expect(builder.begun.some(({ id }) => id === second.id)).toBe(false);
  });

  test.each(["GET", "DELETE"])("that are not there are not found: %s", async (method) => {
    expect((await call(`${method} /builds/${newId()}`)).body).toMatchObject({
      id: "not_found",
      resource: "build",
    });
    expect((await call(`${method} /builds/nonsense`)).status).toBe(404);
  });

  test("start with an empty cache when it is cleared", async () => {
    expect((await call("DELETE /build-cache")).status).toBeLessThan(300);
    expect(builder.cleared).toContain(app.id);
  });

  test("take a source that was uploaded to an address of ours", async () => {
    const made = await control.call("POST /sources", { token: owner.token });
    const { get_url: getUrl, put_url: putUrl } = made.body.source_blob;
    expect([new URL(getUrl).origin, getUrl === putUrl]).toEqual([new URL(putUrl).origin, false]);
  });
});

describe("domains", () => {
  test("are the app's own one, which keeps its id and follows its name", async () => {
    const [domain] = (await call("GET /domains")).body;
    expect(domain).toMatchObject({ hostname: `${app.name}.localhost`, kind: "heroku", cname: null });
    expect((await call(`GET /domains/${domain.id}`)).body).toEqual(domain);
    expect((await call(`GET /domains/${app.name.toUpperCase()}.LOCALHOST`)).body.id).toBe(domain.id);
    const renamed = `renamed-${Date.now().toString(36)}`;
    await call("PATCH ", { name: renamed });
    app = { ...app, name: renamed };
    expect((await call("GET /domains")).body).toMatchObject([
      { id: domain.id, hostname: `${renamed}.localhost` },
    ]);
  });

  test("that are not there are not found", async () => {
    for (const identity of [newId(), "example.com"])
      expect((await call(`GET /domains/${identity}`)).body).toMatchObject({ resource: "domain" });
  });
});
