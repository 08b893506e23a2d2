import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { digestOf, encodeDocument, MEDIA, makeManifest } from "../delivery/image/index.ts";
import { issuePullCredential, issuePushCredential, registryKeys } from "../delivery/registry/index.ts";
import { ask, repository } from "../delivery/registry/registry-fixtures.ts";
import { findTool } from "../drivers/embedded/images/image-tools-fixtures.ts";
import { openDiskImageStore } from "../drivers/embedded/images/index.ts";
import {
  noS3Server,
  type S3Server,
  startS3Server,
  TEST_CREDENTIALS,
} from "../drivers/s3/client/s3-server-fixtures.ts";
import { freePort } from "../kernel/free-port-fixtures.ts";
import { type MasterKey, silentLogger } from "../kernel/index.ts";
import { readConfig } from "./config.ts";
import { copyImages } from "./copy-images.ts";
import { makeHome } from "./home.ts";
import { ensureMasterKey } from "./master-key.ts";
import { openRegistryStores } from "./registry-stores.ts";
import { makeHomeFolders } from "./supervisor-home.ts";

const APP = "team/app";
const run = promisify(execFile);

describe.skipIf(noS3Server)(`the registry over a bucket${noS3Server ? ` (${noS3Server})` : ""}`, () => {
  let server: S3Server;
  let root: string;
  let keys: MasterKey;
  const started: ChildProcess[] = [];
  beforeAll(async () => {
    server = await startS3Server();
  });
  afterAll(() => server?.stop());
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "conifer-bucket-"));
    makeHomeFolders(makeHome(root));
    keys = registryKeys(ensureMasterKey(makeHome(root)));
    mkdirSync(join(root, "s3"));
    writeFileSync(join(root, "s3/access-key-id"), TEST_CREDENTIALS.accessKeyId);
    writeFileSync(join(root, "s3/secret-access-key"), TEST_CREDENTIALS.secretAccessKey);
  });
  afterEach(async () => {
    for (const child of started.splice(0)) await end(child);
    rmSync(root, { recursive: true, force: true });
  });

  async function end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "close");
  }

  /** Starts the real process; resolves when it serves, or has ended. */
  async function start(more: NodeJS.ProcessEnv = {}) {
    const port = await freePort();
    const env = {
      ...{ CONIFER_HOME: root, CONIFER_REGISTRY_PORT: String(port), CONIFER_REGISTRY_LISTEN: "127.0.0.1" },
      CONIFER_REGISTRY_STORAGE: "s3://images/conifer",
      CONIFER_S3_ENDPOINT: server.settings.endpoint,
      CONIFER_S3_CREDENTIALS: join(root, "s3"),
    };
    const child = spawn(process.execPath, [join(import.meta.dirname, "registry.ts")], {
      env: { ...process.env, ...env, ...more },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    started.push(child);
    const said = { text: "" };
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text) => (said.text += text));
    await Promise.race([once(child, "message"), once(child, "exit")]);
    return { child, said, port };
  }
  const push = () => issuePushCredential(repository(APP), new Date(Date.now() + 600_000), keys);
  const pull = () => issuePullCredential("team", new Date(), keys);

  it("an upload goes on at another registry after kill -9, with parts and without", async () => {
    const first = await start();
    const content = randomBytes(12_000_000);
    const begun = await ask(first.port, `POST /v2/${APP}/blobs/uploads/`, { as: push() });
    const location = begun.headers.location ?? "";
    const half = content.subarray(0, 7_000_000);
    expect((await ask(first.port, `PATCH ${location}`, { as: push(), body: half })).status).toBe(202);
    await end(first.child);
    const second = await start();
    const status = await ask(second.port, `GET ${location}`, { as: push() });
    expect([status.status, status.headers.range]).toEqual([204, "0-6999999"]);
    const what = `PUT ${location}?digest=${digestOf(content)}`;
    const rest = content.subarray(7_000_000);
    expect((await ask(second.port, what, { as: push(), body: rest })).status).toBe(201);
    const { bytes } = await ask(second.port, `GET /v2/${APP}/blobs/${digestOf(content)}`, { as: pull() });
    expect(bytes.equals(content)).toBe(true);
    expect(readdirSync(join(root, "images"))).toEqual([]);
    expect(first.said.text + second.said.text).not.toContain(TEST_CREDENTIALS.secretAccessKey);
    expect(second.said.text).toContain('"conditional_writes":true');
  });

  it("streams: a large blob in and out takes little memory", async () => {
    const { child, port } = await start();
    const body = Buffer.alloc(200 * 1024 * 1024, "x");
    const what = `POST /v2/${APP}/blobs/uploads/?digest=${digestOf(body)}`;
    expect((await ask(port, what, { as: push(), body })).status).toBe(201);
    const { bytes } = await ask(port, `GET /v2/${APP}/blobs/${digestOf(body)}`, { as: pull() });
    expect(bytes.length).toBe(body.length);
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1];
    expect(Number(peak) / 1024).toBeLessThan(320);
  });

  it("two registries over one bucket have the same images", async () => {
    const [one, other] = [await start(), await start()];
    const layer = Buffer.from("layer");
    const path = (digest: string) => `POST /v2/${APP}/blobs/uploads/?digest=${digest}`;
    await ask(one.port, path(digestOf(layer)), { as: push(), body: layer });
    const config = Buffer.from(
      JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers" } }),
    );
    await ask(other.port, path(digestOf(config)), { as: push(), body: config });
    const part = (mediaType: string, bytes: Buffer) => ({
      mediaType,
      digest: digestOf(bytes),
      size: bytes.length,
    });
    const manifest = makeManifest(part(MEDIA.config, config), [part(MEDIA.layer, layer)]);
    const { bytes, descriptor } = encodeDocument(MEDIA.manifest, manifest);
    const headers = { "content-type": MEDIA.manifest };
    const put = await ask(one.port, `PUT /v2/${APP}/manifests/v1`, { as: push(), body: bytes, headers });
    expect(put.status).toBe(201);
    const head = await ask(other.port, `HEAD /v2/${APP}/manifests/v1`, { as: pull() });
    expect(head.headers["docker-content-digest"]).toBe(descriptor.digest);
  });

  it("answers 503 while the store is away, and says in its log what is wrong", async () => {
    const own = await startS3Server();
    const { port, said } = await start({ CONIFER_S3_ENDPOINT: own.settings.endpoint });
    await own.stop();
    const reply = await ask(port, `GET /v2/${APP}/tags/list`, { as: pull() });
    expect([reply.status, reply.codes, reply.headers["retry-after"]]).toEqual([503, ["UNAVAILABLE"], "5"]);
    await expect.poll(() => said.text, { timeout: 10_000 }).toContain("Nothing listens there");
  });

  it.each([
    ["a bucket that is missing", { CONIFER_REGISTRY_STORAGE: "s3://nothing-here" }, /NoSuchBucket/],
    ["another region", { CONIFER_S3_REGION: "eu-9" }, /CONIFER_S3_REGION/],
    ["no credentials", { CONIFER_S3_CREDENTIALS: "/nowhere" }, /\/nowhere\/access-key-id/],
  ])("does not start with %s, and says so", async (_what, env, told) => {
    const { child, said } = await start(env);
    if (child.exitCode === null) await once(child, "exit");
    expect(child.exitCode).toBe(78);
    expect(said.text).toMatch(told);
  });

  it("has the images of a disk once they are copied, those without a tag too, and again what came since", async () => {
    const config = readConfig({
      ...{
        CONIFER_HOME: root,
        CONIFER_REGISTRY_STORAGE: `s3://images/copy-${randomBytes(4).toString("hex")}`,
      },
      ...{ CONIFER_S3_ENDPOINT: server.settings.endpoint, CONIFER_S3_CREDENTIALS: join(root, "s3") },
    });
    const disk = await openRegistryStores({ ...config, registryStorage: undefined }, silentLogger);
    const put = async (name: string, text: string, tag?: string) => {
      const { digest, sizeBytes } = await disk.content.write(Buffer.from(text));
      const layer = await disk.content.write(Buffer.from(`layer of ${text}`));
      await disk.records.holdBlob(repository(name), layer.digest);
      await disk.records.holdManifest(
        repository(name),
        { digest, sizeBytes, mediaType: MEDIA.manifest },
        tag,
      );
      return [digest, layer.digest] as const;
    };
    const [tagged, layer] = await put("team/app", "one", "v1");
    const [untagged] = await put("common/app", "two");
    const copy = () => copyImages(config, () => {}, silentLogger);
    expect(await copy()).toMatchObject({ repositories: 2, manifests: 2, blobs: 4 });
    await put("team/app", "three", "v2");
    expect(await copy()).toMatchObject({ repositories: 2, manifests: 3, blobs: 2 });
    const bucket = await openRegistryStores(config, silentLogger);
    expect((await bucket.records.findManifest(repository("team/app"), "v1"))?.digest).toBe(tagged);
    expect(await bucket.records.holdsBlob(repository("team/app"), layer)).toBe(true);
    expect(await bucket.records.findManifest(repository("common/app"), untagged)).toBeDefined();
    expect(await bucket.content.sizeOf(untagged)).toBe(3);
    await bucket.close();
    await expect(copyImages(readConfig({ CONIFER_HOME: root }), () => {}, silentLogger)).rejects.toThrow(
      "CONIFER_REGISTRY_STORAGE",
    );
  });

  const noSkopeo = findTool("skopeo", ["skopeo"]);
  it.skipIf(noSkopeo)(`takes and gives images by skopeo${noSkopeo ? ` (${noSkopeo})` : ""}`, async () => {
    const store = await openDiskImageStore(join(root, "source"));
    const layer = await store.write(randomBytes(6_000_000));
    const config = await store.write(
      Buffer.from(
        JSON.stringify({
          architecture: "amd64",
          os: "linux",
          rootfs: { type: "layers", diff_ids: [layer.digest] },
        }),
      ),
    );
    const part = (mediaType: string, one: { digest: string; sizeBytes: number }) => ({
      ...{ mediaType, digest: one.digest, size: one.sizeBytes },
    });
    const manifest = encodeDocument(
      MEDIA.manifest,
      makeManifest(part(MEDIA.config, config), [part("application/vnd.oci.image.layer.v1.tar", layer)]),
    );
    await store.write(manifest.bytes);
    await store.tag("image:latest", manifest.descriptor.digest);
    const { port } = await start();
    const copy = ["copy", "--insecure-policy", "--preserve-digests"];
    const user = ({ username, password }: ReturnType<typeof push>) => `${username}:${password}`;
    const name = `docker://127.0.0.1:${port}/${APP}:v1`;
    const to = ["--dest-tls-verify=false", "--dest-creds", user(push())];
    await run("skopeo", [...copy, ...to, `oci:${join(root, "source")}:image:latest`, name]);
    const from = ["--src-tls-verify=false", "--src-creds", user(pull())];
    await run("skopeo", [...copy, ...from, name, `oci:${join(root, "back")}:image`]);
    const { stdout } = await run("skopeo", ["inspect", `oci:${join(root, "back")}:image`]);
    expect(JSON.parse(stdout).Digest).toBe(manifest.descriptor.digest);
  });
});
