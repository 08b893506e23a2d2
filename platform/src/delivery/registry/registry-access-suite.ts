import { describe, expect, it } from "vitest";
import { digestOf, MEDIA } from "../image/index.ts";
import {
  basic,
  pushBlob,
  pushImage,
  putManifestAt,
  type RegistryStores,
  type TestRegistry,
} from "./registry-fixtures.ts";

export interface RegistryWorld {
  readonly registry: () => TestRegistry;
  readonly stores: () => RegistryStores;
}

/** Who gets in, and what others see. */
export function accessTests({ registry }: RegistryWorld): void {
  describe("without a credential", () => {
    it("everything asks for one, and says where a token is to be had", async () => {
      const { ask, port } = registry();
      const bearer = `Bearer realm="http://127.0.0.1:${port}/v2/token",service="conifer"`;
      for (const [what, scope] of [
        ["GET /v2/", ""],
        ["GET /v2/team/app/manifests/v1", ',scope="repository:team/app:pull"'],
        ["HEAD /v2/team/app/tags/list", ',scope="repository:team/app:pull"'],
        ["POST /v2/team/app/blobs/uploads/", ',scope="repository:team/app:pull,push"'],
        ["GET /v2/../../etc/passwd", ""],
        ["GET /nothing", ""],
      ] as const) {
        const { status, headers } = await ask(what);
        expect([what, status]).toEqual([what, 401]);
        expect(headers["www-authenticate"]).toBe(`${bearer}${scope}, Basic realm="conifer"`);
      }
    });

    it("the token's address is https behind a proxy that says so, and none for a host that is no name", async () => {
      const { ask } = registry();
      const behind = await ask("GET /v2/", undefined, {
        headers: { host: "registry.example", "x-forwarded-proto": "https" },
      });
      expect(behind.headers["www-authenticate"]).toContain('"https://registry.example/v2/token"');
      const odd = await ask("GET /v2/", undefined, { headers: { host: 'a",realm="b' } });
      expect(odd.headers["www-authenticate"]).toBe('Basic realm="conifer"');
    });

    it("wrong ones are none", async () => {
      const { ask, pull } = registry();
      const good = pull("team");
      for (const authorization of [
        "Basic",
        "Basic !!!",
        `Basic ${Buffer.from("no colon").toString("base64")}`,
        `Bearer ${good.password}`,
        basic({ ...good, username: "space+other" }),
        "Digest x",
      ])
        expect((await ask("GET /v2/", undefined, { headers: { authorization } })).status).toBe(401);
      expect((await ask("GET /v2/", good)).status).toBe(200);
    });
  });

  describe("a token", () => {
    const bearer = (text: string) => ({ headers: { authorization: `Bearer ${JSON.parse(text).token}` } });

    it("is given for a credential and has its rights", async () => {
      const { ask, pull } = registry();
      const { digest } = await pushImage(registry(), "team/app", { tag: "v1" });
      const scope = "service=conifer&scope=repository:team/app:pull";
      const given = await ask(`GET /v2/token?${scope}`, pull("team"));
      expect(JSON.parse(given.text)).toMatchObject({ token: expect.any(String), expires_in: 300 });
      const found = await ask("HEAD /v2/team/app/manifests/v1", undefined, bearer(given.text));
      expect(found.headers["docker-content-digest"]).toBe(digest);
      const foreign = await ask("GET /v2/other/app/manifests/v1", undefined, bearer(given.text));
      expect([foreign.status, foreign.codes]).toEqual([404, ["MANIFEST_UNKNOWN"]]);
    });

    it("is given for a form too", async () => {
      const { ask, pull } = registry();
      const { username, password } = pull("team");
      const body = new URLSearchParams({ grant_type: "password", username, password }).toString();
      const given = await ask("POST /v2/token", undefined, { body });
      expect(given.status).toBe(200);
      expect((await ask("GET /v2/", undefined, bearer(given.text))).status).toBe(200);
      for (const bad of ["", body.replace("password", "refresh_token"), body.replace("team", "other")])
        expect((await ask("POST /v2/token", undefined, { body: bad })).status).toBe(401);
      expect((await ask("POST /v2/token", undefined, { body: "x".repeat(20_000) })).status).toBe(413);
    });

    it("is given to nobody else", async () => {
      const { ask } = registry();
      const { status, headers } = await ask("GET /v2/token?scope=repository:team/app:pull");
      expect([status, headers["www-authenticate"]]).toEqual([401, 'Basic realm="conifer"']);
    });
  });

  describe("another space", () => {
    it("sees nothing: what is there and what is not look alike", async () => {
      const { ask, pull, push } = registry();
      const image = await pushImage(registry(), "team/app", { tag: "v1" });
      const strangers = [pull("other"), push("team/app2"), push("other/app")];
      for (const stranger of strangers) {
        for (const [there, not] of [
          ["GET /v2/team/app/manifests/v1", "GET /v2/team/none/manifests/v1"],
          [`GET /v2/team/app/manifests/${image.digest}`, `GET /v2/no/none/manifests/${image.digest}`],
          [`GET /v2/team/app/blobs/${image.layer.digest}`, `GET /v2/no/none/blobs/${image.layer.digest}`],
          ["GET /v2/team/app/tags/list", "GET /v2/no/none/tags/list"],
          [`GET /v2/team/app/referrers/${image.digest}`, `GET /v2/no/none/referrers/${image.digest}`],
          ["POST /v2/team/app/blobs/uploads/", "POST /v2/no/none/blobs/uploads/"],
          ["PUT /v2/team/app/manifests/v1", "PUT /v2/no/none/manifests/v1"],
        ] as const) {
          const [one, two] = [await ask(there, stranger), await ask(not, stranger)];
          expect([there, one.status]).toEqual([there, /^GET/.test(there) ? 404 : 403]);
          expect([one.status, one.text]).toEqual([two.status, two.text]);
        }
      }
    });

    it("sees no blob by its digest, and cannot get it by mounting or by naming it", async () => {
      const { ask, push } = registry();
      const { layer, config } = await pushImage(registry(), "team/app", { tag: "v1" });
      const mine = "other/app";
      expect((await ask(`HEAD /v2/${mine}/blobs/${layer.digest}`, push(mine))).status).toBe(404);
      for (const from of ["&from=team/app", "", "&from=../team/app", "&from=team"]) {
        const what = `POST /v2/${mine}/blobs/uploads/?mount=${layer.digest}${from}`;
        const mounted = await ask(what, push(mine));
        expect([from, mounted.status]).toEqual([from, 202]);
      }
      const manifest = { schemaVersion: 2, mediaType: MEDIA.manifest, config, layers: [layer] };
      const named = await putManifestAt(registry(), mine, "v1", JSON.stringify(manifest));
      expect([named.status, named.codes]).toEqual([404, ["MANIFEST_BLOB_UNKNOWN"]]);
      expect((await ask(`GET /v2/${mine}/blobs/${layer.digest}`, push(mine))).status).toBe(404);
    });

    it("cannot index another's image", async () => {
      const { digest, bytes } = await pushImage(registry(), "team/app", { tag: "v1" });
      const manifests = [{ mediaType: MEDIA.manifest, digest, size: bytes.length }];
      const index = JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.index, manifests });
      const { ask, push } = registry();
      const more = { body: index, headers: { "content-type": MEDIA.index } };
      expect((await ask("PUT /v2/other/app/manifests/v1", push("other/app"), more)).codes).toEqual([
        "MANIFEST_BLOB_UNKNOWN",
      ]);
      expect((await ask("PUT /v2/team/app/manifests/all", push("team/app"), more)).status).toBe(201);
    });
  });

  it("everybody reads the platform's images, may mount from them, and pushes none", async () => {
    const { ask, pull, push } = registry();
    const { layer } = await pushImage(registry(), "conifer/run", { tag: "v1" });
    for (const one of [pull("team"), push("team/app")]) {
      expect((await ask("GET /v2/conifer/run/manifests/v1", one)).status).toBe(200);
      expect((await ask("POST /v2/conifer/run/blobs/uploads/", one)).codes).toEqual(["DENIED"]);
    }
    const mount = `POST /v2/team/app/blobs/uploads/?mount=${layer.digest}&from=conifer/run`;
    expect((await ask(mount, push("team/app"))).status).toBe(201);
    expect((await ask(`HEAD /v2/team/app/blobs/${layer.digest}`, pull("team"))).status).toBe(200);
  });

  it("a build's credential is over when its time is, and a space's never pushes", async () => {
    const { ask, push, pull } = registry();
    expect((await ask("GET /v2/", push("team/app", -1_000))).status).toBe(401);
    expect((await ask("POST /v2/team/app/blobs/uploads/", pull("team"))).status).toBe(403);
  });

  it("what is deleted needs a manager of the repository: no build, writer or space may", async () => {
    const { ask, push, pull, role } = registry();
    const { digest, layer } = await pushImage(registry(), "team/app", { tag: "v1" });
    for (const path of [`blobs/${layer.digest}`, `manifests/${digest}`, "manifests/v1", "manifests/none"])
      for (const somebody of [
        ...[push("team/app"), pull("team"), role("writer", "team/app"), role("reader", "team/app")],
        ...[role("manager", "team/other"), role("manager", "conifer/app")],
      ]) {
        const { status, codes } = await ask(`DELETE /v2/team/app/${path}`, somebody);
        expect([somebody.username, status, codes]).toEqual([somebody.username, 403, ["DENIED"]]);
      }
    expect((await ask(`DELETE /v2/team/app/manifests/${digest}`)).headers["www-authenticate"]).toContain(
      'scope="repository:team/app:delete"',
    );
    expect((await ask(`GET /v2/team/app/manifests/v1`, pull("team"))).status).toBe(200);
    expect((await ask("DELETE /v2/team/app/manifests/v1", role("manager", "team/app"))).status).toBe(202);
  });

  it("a role is one of a repository, by its credential and by the token that is given for it", async () => {
    const { ask, role } = registry();
    const { layer } = await pushImage(registry(), "team/app", { tag: "v1" });
    for (const [name, pushes] of [
      ["reader", 403],
      ["writer", 202],
      ["manager", 202],
    ] as const) {
      const { text } = await ask("GET /v2/token", role(name, "team/app"));
      const headers = { authorization: `Bearer ${JSON.parse(text).token}` };
      for (const as of [role(name, "team/app"), undefined]) {
        const more = as ? {} : { headers };
        expect((await ask(`GET /v2/team/app/blobs/${layer.digest}`, as, more)).status).toBe(200);
        expect((await ask("POST /v2/team/app/blobs/uploads/", as, more)).status).toBe(pushes);
        expect((await ask("GET /v2/team/other/tags/list", as, more)).status).toBe(404);
        expect((await ask("POST /v2/team/other/blobs/uploads/", as, more)).status).toBe(403);
      }
    }
    const forged = { ...role("reader", "team/app"), username: "manager+team/app" };
    expect((await ask("GET /v2/", forged)).status).toBe(401);
  });

  it("no other method is known", async () => {
    const { ask, push } = registry();
    const { digest, layer } = await pushImage(registry(), "team/app", { tag: "v1" });
    for (const [what, allow] of [
      [`PUT /v2/team/app/blobs/${layer.digest}`, "GET, HEAD, DELETE"],
      [`PATCH /v2/team/app/manifests/${digest}`, "GET, HEAD, PUT, DELETE"],
      ["DELETE /v2/team/app/blobs/uploads/", "POST"],
      ["POST /v2/", "GET, HEAD"],
      ["PUT /v2/team/app/blobs/uploads/", "POST"],
    ] as const) {
      const { status, headers, codes } = await ask(what, push("team/app"));
      expect([what, status, headers.allow, codes]).toEqual([what, 405, allow, ["UNSUPPORTED"]]);
    }
    expect((await ask(`GET /v2/team/app/blobs/${layer.digest}`, push("team/app"))).status).toBe(200);
  });

  it("names that are paths lead nowhere", async () => {
    const { ask, push } = registry();
    await pushBlob(registry(), "team/app", "content");
    for (const path of [
      "/v2/team/../../index.json",
      "/v2/team/app/../../other/app/tags/list",
      "/v2/team%2fapp/x/tags/list",
      "/v2/team/app/manifests/%2e%2e%2f",
      "/v2/team/app/manifests/..%00",
      `/v2/team/app/blobs/${digestOf("content")}/../x`,
      "http://other.example/v2/team/app/tags/list",
    ])
      expect([path, (await ask(`GET ${path}`, push("team/app"))).status]).toEqual([path, 404]);
  });
}
