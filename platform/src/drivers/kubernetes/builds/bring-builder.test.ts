import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFakeRegistryStores } from "../../../delivery/registry/registry-fake.ts";
import { startTestRegistry, type TestRegistry } from "../../../delivery/registry/registry-fixtures.ts";
import { makeRegistryClient, type RegistryClient, readPullCredentials } from "../../registry/client/index.ts";
import { type BringCall, type BuilderSources, bringBuilder } from "./bring-builder.ts";
import { forgetCaches } from "./cache-image-store.ts";
import {
  BUILDER_FILES,
  builderConfig,
  type RemoteImages,
  startRemoteImages,
} from "./remote-builder-fixtures.ts";

const REPOSITORY = "common/one-app";

let remote: RemoteImages;
let registry: TestRegistry;
let ours: RegistryClient;
let said: string[];
beforeEach(async () => {
  remote = await startRemoteImages();
  registry = await startTestRegistry(makeFakeRegistryStores());
  ours = makeRegistryClient({
    ...{ url: `http://127.0.0.1:${registry.port}`, login: registry.push(REPOSITORY) },
    persistence: { tries: 1 },
  });
  said = [];
});
afterEach(async () => {
  await ours.close();
  await registry.registry.stop();
  await remote.stop();
});

/** `acme.test` is the remote registry, which the operator lists; `strange.test` would be anybody's. */
const sources = (more: Partial<BuilderSources> = {}): BuilderSources => ({
  registries: [{ host: "acme.test", url: remote.url }],
  architecture: "amd64",
  client: { persistence: { tries: 1 } },
  ...more,
});
const call = (more: Partial<BringCall> = {}): BringCall => ({
  ...{ ours, repository: REPOSITORY, trusted: false, signal: new AbortController().signal },
  tell: (line) => said.push(line),
  ...more,
});
const bring = (name = "acme.test/builder:24", more: Partial<BuilderSources> = {}) =>
  bringBuilder(name, sources(more), call());

const run = (image: string) => ({ "cnb/run.toml": `[[images]]\nimage = "${image}"\n` });
const PASSWD = { "etc/passwd": "root:x:0:0::/:\nweb:x:1235:4321::/home/web:\n", "etc/group": "root:x:0:\n" };
async function add(files: Readonly<Record<string, string>> = run("acme.test/run:1"), User = "web") {
  return {
    builder: await remote.add("builder:24", [{ base: "b" }, BUILDER_FILES, files], builderConfig()),
    run: await remote.add("run:1", [PASSWD, { top: "t" }], { User }),
  };
}

describe("a builder of others", () => {
  it("is brought into the app's repository with its run image, and says how to build in it", async () => {
    const added = await add();
    expect(await bring()).toEqual({
      ...{ name: "acme.test/builder:24", digest: added.builder, maker: "acme.test/builder" },
      ...{ user: { uid: 1234, gid: 4321 }, platformApi: "0.13", order: BUILDER_FILES["cnb/order.toml"] },
      buildpacks: [{ id: "acme/go", version: "1.0.0" }],
      runImage: {
        ...{ digest: added.run, name: "acme.test/run:1", path: "acme.test/run/1" },
        user: { uid: 1235, gid: 4321 },
      },
    });
    expect(said).toEqual([
      "-----> Using builder acme.test/builder:24",
      "-----> Pulling builder acme.test/builder:24 (1 MB)",
      "-----> Pulling run image acme.test/run:1 (1 MB)",
      "       lifecycle 0.20.0, Platform API 0.13, run image acme.test/run:1",
    ]);
    for (const digest of Object.values(added))
      expect(await ours.pullManifest(REPOSITORY, digest)).toMatchObject({ digest });
  });

  it("is not fetched again, kept by a tag, and serves while its registry is away", async () => {
    const added = await add();
    const first = await bring();
    said = [];
    expect(await bring()).toEqual(first);
    expect(said.join()).not.toContain("Pulling");
    const note = JSON.parse(String((await ours.pullManifest(REPOSITORY, "builder"))?.bytes));
    expect(note.manifests.map(({ digest }: { digest: string }) => digest)).toEqual([
      added.builder,
      added.run,
    ]);
    remote.odd = () => ({ status: 503 });
    expect(await bring()).toEqual(first);
    expect(said.join("\n")).toMatch(/answer 503[^\n]*\n ! {5}Using the builder as it was pulled before\./);
    await forgetCaches(REPOSITORY, ours);
    await expect(bring()).rejects.toThrow(/^The builder acme\.test\/builder:24 cannot be used: .*503/);
  });

  it("by its digest is asked for once", async () => {
    const { builder } = await add();
    await bring(`acme.test/builder@${builder}`);
    const before = remote.arrived.length;
    await bring(`acme.test/builder@${builder}`);
    const asked = remote.arrived.slice(before).map(({ what }) => what);
    expect(asked.filter((what) => what.includes("/builder/"))).toEqual([]);
  });

  it("has apps run as its own user where its run image is root's", async () => {
    for (const user of ["", "0", "root:root", "0:0"]) {
      await add(run("acme.test/run:1"), user);
      expect((await bring()).runImage.user).toEqual({ uid: 1234, gid: 4321 });
    }
    await add(run("acme.test/run:1"), "77:88");
    expect((await bring()).runImage.user).toEqual({ uid: 77, gid: 88 });
    await add(run("acme.test/run:1"), "nobody-here");
    await expect(bring()).rejects.toThrow("runs as the user nobody-here, whom its /etc/passwd does not have");
  });

  it("that is private is opened by the operator's credentials, which go to nobody else", async () => {
    await add();
    const login = { username: "operator", password: "s3cret" };
    const basic = `Basic ${Buffer.from("operator:s3cret").toString("base64")}`;
    remote.odd = (_what, authorization) =>
      authorization === basic
        ? undefined
        : { status: 401, headers: { "www-authenticate": 'Basic realm="acme"' } };
    await expect(bring()).rejects.toThrow(/answer 401.*The registry wants a user and password/);
    const credentials = readPullCredentials(JSON.stringify({ auths: { [remote.host]: login } }));
    expect(JSON.stringify(await bring("acme.test/builder:24", { credentials }))).not.toContain("s3cret");
    expect(said.join("\n")).not.toContain("s3cret");
  });

  it.each<[string, string, RegExp]>([
    [
      "is not there",
      "acme.test/other:1",
      /^There is no image acme\.test\/other:1\. Check its name and tag\.$/,
    ],
    ["has no name", "http://acme.test/x", /"http:\/\/acme\.test\/x" cannot name a builder or run image/],
    ["is a path", "/etc", /"\/etc" cannot name a builder/],
    ["is in this network", "127.0.0.1:1/builder", /127\.0\.0\.1 is not an address of the public internet/],
    ["is no builder", "acme.test/run:1", /CNB_USER_ID is ""/],
  ])("says so when it %s", async (_what, name, message) => {
    await add();
    await expect(bring(name)).rejects.toThrow(message);
    await expect(bring(name)).rejects.toMatchObject({ id: "invalid_params" });
  });

  it("may not be root, nor lead to a run image in this network", async () => {
    await remote.add("builder:24", [BUILDER_FILES], builderConfig(["CNB_USER_ID=0", "CNB_GROUP_ID=0"]));
    await expect(bring()).rejects.toThrow('CNB_USER_ID is "0". It must be a number other than 0');
    await add(run("127.0.0.1:1/run"));
    await expect(bring()).rejects.toThrow(
      /^The run image 127\.0\.0\.1:1\/run of the builder cannot be had\..*\n127\.0\.0\.1:1\/run: .*public internet/,
    );
  });

  it("of the operator's may come from anywhere", async () => {
    await remote.add("builder:24", [BUILDER_FILES, run(`${remote.host}/run:1`)], builderConfig());
    await remote.add("run:1", [PASSWD], { User: "web" });
    const anywhere = { registries: [{ host: remote.host, url: remote.url }] };
    const name = `${remote.host}/builder:24`;
    const brought = await bringBuilder(name, sources(anywhere), call({ trusted: true }));
    expect(brought.maker).toBe(`${remote.host}/builder`);
  });

  it("is fetched until somebody leaves", async () => {
    await add();
    const leaving = new AbortController();
    remote.odd = (what) => {
      if (what.includes("/blobs/")) leaving.abort(new Error("left"));
      return undefined;
    };
    await expect(
      bringBuilder("acme.test/builder:24", sources(), call({ signal: leaving.signal })),
    ).rejects.toThrow("left");
  });
});
