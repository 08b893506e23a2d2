import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeDocument, MEDIA, makeManifest, packLayer } from "../../../delivery/image/index.ts";
import { dockerConfigJson, type RegistryCredential } from "../../../delivery/registry/index.ts";
import { startTestRegistry, type TestRegistry } from "../../../delivery/registry/registry-fixtures.ts";
import { pause } from "../../../kernel/index.ts";
import { openDiskImageStore } from "./disk-image-store.ts";
import { openDiskRepositories } from "./disk-repositories.ts";
import { openDiskUploads } from "./disk-uploads.ts";
import { findTool } from "./image-tools-fixtures.ts";

/** Conformance by the tools that will really come: skopeo for people, containerd for nodes. */

const run = promisify(execFile);
const COPY = ["--insecure-policy", "--preserve-digests"];
const APP = "team/2f1c6a52-5d3e-4b57-8a43-0d9c2f6b7e11";

const noSkopeo = findTool("skopeo", ["skopeo"]);
const noBuildah = findTool("buildah", ["buildah", "crun"]);
const noContainerd = findTool("containerd", ["containerd", "runc"]);

let root: string;
let registry: TestRegistry;
let digest: string;
const source = () => `oci:${join(root, "source")}:image:latest`;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "registry-tools-"));
  digest = await makeImage(join(root, "source"));
  const images = join(root, "images");
  registry = await startTestRegistry({
    content: await openDiskImageStore(images),
    records: openDiskRepositories(join(root, "repositories")),
    uploads: await openDiskUploads({ images, mostBytes: 1e9, mostUploads: 64 }),
  });
});
afterAll(async () => {
  await registry?.registry.stop();
  await rm(root, { recursive: true, force: true });
});

/** An image of two layers, one of them large enough for several chunks. */
async function makeImage(folder: string): Promise<string> {
  const store = await openDiskImageStore(folder);
  const layers = [];
  for (const [name, size] of [
    ["small", 20],
    ["large", 9_000_000],
  ] as const) {
    const content = randomBytes(size);
    const entry = { kind: "file" as const, path: `/${name}`, mode: 0o644, content, size };
    const written = await store.write(await buffer(packLayer([entry], { uid: 1000, gid: 1000 })));
    layers.push({ mediaType: MEDIA.layer, digest: written.digest, size: written.sizeBytes });
  }
  const config = encodeDocument(MEDIA.config, {
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    os: "linux",
    config: { Labels: { a: "b" } },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.digest) },
  });
  await store.write(config.bytes);
  const manifest = encodeDocument(MEDIA.manifest, makeManifest(config.descriptor, layers));
  await store.write(manifest.bytes);
  await store.tag("image:latest", manifest.descriptor.digest);
  return manifest.descriptor.digest;
}

const user = ({ username, password }: RegistryCredential) => `${username}:${password}`;
const name = (tag: string, app = APP) => `127.0.0.1:${registry.port}/${app}:${tag}`;

/** Pushes the image by skopeo, which asks for a token first, and would compress the layers if it might. */
async function push(tag: string, credential = registry.push(APP), app = APP) {
  const options = [...COPY, "--dest-tls-verify=false", "--dest-creds", user(credential)];
  await run("skopeo", ["copy", ...options, source(), `docker://${name(tag, app)}`]);
}

describe.skipIf(noSkopeo)(`skopeo${noSkopeo ? ` (${noSkopeo})` : ""}`, () => {
  it("copies an image in and out, whole", async () => {
    await push("v1");
    const to = join(root, "copy");
    const options = [...COPY, "--src-tls-verify=false", "--src-creds", user(registry.pull("team"))];
    await run("skopeo", ["copy", ...options, `docker://${name("v1")}`, `oci:${to}:image`]);
    const { stdout } = await run("skopeo", ["inspect", `oci:${to}:image`]);
    expect(JSON.parse(stdout)).toMatchObject({ Digest: digest, Labels: { a: "b" } });
  });

  it("inspects with the credential of a .dockerconfigjson", async () => {
    await push("v2");
    const file = join(root, "auth.json");
    await writeFile(file, dockerConfigJson(registry.pull("team"), [`127.0.0.1:${registry.port}`]));
    const args = ["inspect", "--tls-verify=false", "--authfile", file, `docker://${name("v2")}`];
    const found = JSON.parse((await run("skopeo", args)).stdout);
    expect(found).toMatchObject({ Digest: digest, RepoTags: expect.arrayContaining(["v2"]) });
  });

  it("gets nothing for another space, and puts nothing where it may not", async () => {
    await push("v3");
    const args = ["inspect", "--tls-verify=false", "--creds", user(registry.pull("other"))];
    await expect(run("skopeo", [...args, `docker://${name("v3")}`])).rejects.toThrow("manifest unknown");
    await expect(push("v3", registry.push("team/other"))).rejects.toThrow(/denied|may not push/);
    await expect(push("v3", registry.pull("team"))).rejects.toThrow(/denied|may not push/);
    await expect(push("v3", registry.push(APP, -1_000))).rejects.toThrow("unauthorized");
  });

  it("copies from one repository to another that the same credential may write", async () => {
    await push("v4");
    const options = [...COPY, "--src-tls-verify=false", "--dest-tls-verify=false"];
    const credentials = ["--src-creds", user(registry.pull("team")), "--dest-creds"];
    const to = [
      user(registry.push("team/second")),
      `docker://${name("v4")}`,
      `docker://${name("x", "team/second")}`,
    ];
    await run("skopeo", ["copy", ...options, ...credentials, ...to]);
    const reply = await registry.ask("HEAD /v2/team/second/manifests/x", registry.pull("team"));
    expect(reply.headers["docker-content-digest"]).toBe(digest);
  });
});

describe.skipIf(noSkopeo)(`skopeo manages${noSkopeo ? ` (${noSkopeo})` : ""}`, () => {
  const managed = "team/managed";
  const manage = () => ["--tls-verify=false", "--creds", user(registry.role("manager", managed))];
  const listTags = async () => {
    const { stdout } = await run("skopeo", [
      "list-tags",
      ...manage(),
      `docker://${name("x", managed).replace(/:x$/, "")}`,
    ]);
    return JSON.parse(stdout).Tags as string[];
  };

  it("copies by a role, lists tags in order, and deletes an image with all its tags", async () => {
    for (const tag of ["v1", "B", "a"]) await push(tag, registry.role("writer", managed), managed);
    expect(await listTags()).toEqual(["a", "B", "v1"]);
    // skopeo deletes the manifest that a tag names, by its digest.
    await run("skopeo", ["delete", ...manage(), `docker://${name("v1", managed)}`]);
    await expect(run("skopeo", ["inspect", ...manage(), `docker://${name("a", managed)}`])).rejects.toThrow(
      "manifest unknown",
    );
    expect(await listTags()).toEqual([]);
  });

  it("deletes nothing as a writer", async () => {
    await push("v1", registry.role("writer", managed), managed);
    const args = ["--tls-verify=false", "--creds", user(registry.role("writer", managed))];
    await expect(run("skopeo", ["delete", ...args, `docker://${name("v1", managed)}`])).rejects.toThrow(
      /denied|may not delete/,
    );
    expect(await listTags()).toEqual(["v1"]);
  });

  it("is told of a full repository in words", async () => {
    const images = join(root, "images");
    const bounded = await startTestRegistry(
      {
        content: await openDiskImageStore(images),
        records: openDiskRepositories(join(root, "repositories")),
        uploads: await openDiskUploads({ images, mostBytes: 1e9, mostUploads: 64 }),
      },
      { repositoryBytes: 1_000_000 },
    );
    const to = ["--dest-tls-verify=false", "--dest-creds", user(bounded.role("writer", "team/small"))];
    const args = ["copy", ...COPY, ...to, source(), `docker://127.0.0.1:${bounded.port}/team/small:v1`];
    await expect(run("skopeo", args)).rejects.toThrow(/CONIFER_REGISTRY_QUOTA/);
    await bounded.registry.stop();
  });
});

describe.skipIf(noBuildah)(`buildah${noBuildah ? ` (${noBuildah})` : ""}`, () => {
  const storage = () => [
    "--root",
    join(root, "buildah"),
    "--runroot",
    join(root, "buildah-run"),
    "--storage-driver",
    "vfs",
  ];
  const buildah = (...args: string[]) => run("buildah", [...storage(), ...args]);

  it("makes an image from nothing, pushes it, and pulls it again", async () => {
    const file = join(root, "page.html");
    await writeFile(file, "hello");
    const container = (await buildah("from", "scratch")).stdout.trim();
    await buildah("add", container, file, "/page.html");
    await buildah("config", "--cmd", "/page.html", container);
    const image = (await buildah("commit", "--format", "oci", container)).stdout.trim();
    const writer = user(registry.role("writer", "team/buildah"));
    const to = `docker://${name("v1", "team/buildah")}`;
    await buildah("push", "--tls-verify=false", "--creds", writer, image, to);
    const tags = await registry.ask("GET /v2/team/buildah/tags/list", registry.pull("team"));
    expect(JSON.parse(tags.text).tags).toEqual(["v1"]);
    await buildah("rmi", "--all", "--force");
    await buildah("pull", "--tls-verify=false", "--creds", user(registry.pull("team")), to);
    expect((await buildah("images", "--noheading")).stdout).toContain("team/buildah");
  });
});

describe.skipIf(noContainerd || noSkopeo)(
  `containerd${noContainerd || noSkopeo ? ` (${noContainerd ?? noSkopeo})` : ""}`,
  () => {
    let daemon: ChildProcess | undefined;
    const folder = () => join(root, "containerd");
    const ctr = (...args: string[]) => run("ctr", ["--address", join(folder(), "c.sock"), ...args]);

    beforeAll(async () => {
      await mkdir(folder());
      const config = join(folder(), "config.toml");
      await writeFile(config, 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n');
      const places = ["--root", join(folder(), "root"), "--state", join(folder(), "state")];
      const args = ["--config", config, ...places, "--address", join(folder(), "c.sock")];
      daemon = spawn("containerd", args, { stdio: "ignore" });
      const answers = () =>
        ctr("version").then(
          () => true,
          () => false,
        );
      for (const end = Date.now() + 20_000; !(await answers()); await pause(50))
        if (Date.now() > end) throw new Error("containerd does not answer within 20 s");
    });
    afterAll(async () => {
      if (!daemon || daemon.exitCode !== null) return;
      daemon.kill("SIGTERM");
      await once(daemon, "exit");
    });

    const pull = (reference: string, credential: RegistryCredential) =>
      ctr("images", "pull", "--plain-http", "--snapshotter", "native", "--user", user(credential), reference);

    it("pulls an image by tag and by digest, and unpacks it", async () => {
      await push("node");
      await pull(name("node"), registry.pull("team"));
      await pull(name("node").replace(/:node$/, `@${digest}`), registry.pull("team"));
      const { stdout } = await ctr("images", "ls");
      expect(stdout.split("\n").filter((line) => line.includes(digest))).toHaveLength(2);
    });

    it("gets nothing for another space, as if it were not there", async () => {
      await push("node2");
      await expect(pull(name("node2"), registry.pull("other"))).rejects.toThrow("not found");
      await expect(pull(name("none"), registry.pull("team"))).rejects.toThrow("not found");
    });

    it("pushes an image, and what is pushed twice stays one", async () => {
      await push("node3");
      await pull(name("node3"), registry.pull("team"));
      const mine = name("pushed", "team/third");
      await ctr("images", "tag", name("node3"), mine);
      const options = ["--plain-http", "--user", user(registry.push("team/third"))];
      for (let time = 0; time < 2; time += 1) await ctr("images", "push", ...options, mine);
      const reply = await registry.ask("HEAD /v2/team/third/manifests/pushed", registry.pull("team"));
      expect(reply.headers["docker-content-digest"]).toBe(digest);
    });
  },
);
