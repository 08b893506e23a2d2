import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { imageInfo } from "../delivery/release/release-fixtures.ts";
import { commitFile, git, isAlive, startPush } from "../drivers/embedded/git/git-fixtures.ts";
import { startTestServer, type TestServer } from "../drivers/postgres/store/database-fixtures.ts";
import { type Running, silentLogger } from "../kernel/index.ts";
import { makeKeptTraces } from "../observe/trace/tracer-fixtures.ts";
import type { Config } from "./config.ts";
import { startFiles } from "./files-process.ts";
import { startOthers, type TestOthers } from "./files-process-fixtures.ts";
import { idlePort, makeRolePlace, type RolePlace } from "./role-fixtures.ts";

let server: TestServer;
let place: RolePlace;
let config: Config;
let port: number;
let files: Running;
let others: TestOthers;
let token: string;
let app: { readonly id: string; readonly name: string };
let made = 0;
const traces = makeKeptTraces();
const tracer = traces.tracerOf("files");

beforeAll(async () => {
  server = await startTestServer();
  place = makeRolePlace({ DATABASE_URL: await server.newDatabase() });
  config = place.configOf("files");
  port = await idlePort();
  files = await startFiles(config, silentLogger, { port, tracer });
  others = await startOthers(place.configOf("others"), place.peer(port), traces.tracerOf("api"));
  ({ token } = await others.account("owner@example.com"));
});
afterAll(async () => {
  await others?.stop();
  await files?.stop();
  await server?.stop();
  place?.remove();
});
beforeEach(async () => {
  app = (await call("POST /apps", { name: `app-${++made}` })) as typeof app;
});

async function call(route: string, body?: unknown): Promise<unknown> {
  const [method, url = ""] = route.split(" ");
  const answer = await others.api.inject({
    method: method as "GET",
    url,
    headers: {
      accept: "application/vnd.heroku+json; version=3",
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  if (answer.statusCode >= 300) throw new Error(`${route}: ${answer.statusCode} ${answer.body}`);
  return JSON.parse(answer.body);
}

const remote = (secret = token) => `http://owner:${secret}@${others.front}/${app.name}.git`;

async function repository(content = randomBytes(20_000).toString("base64")): Promise<string> {
  const folder = join(place.folder, `work-${app.name}`);
  mkdirSync(folder);
  await git(folder, "init", "--quiet", "--initial-branch=main");
  await commitFile(folder, "index.html", content, "first");
  return folder;
}

/** Pushes to its end; gives what the person saw. */
async function push(folder: string, ...args: string[]) {
  const pushing = startPush(folder, remote(), ...(args.length > 0 ? args : ["main"]));
  const status = await pushing.ended;
  return { status, text: pushing.text };
}

const sha256 = (content: Buffer) => `sha256:${createHash("sha256").update(content).digest("hex")}`;
const builds = async () => (await call(`GET /apps/${app.name}/builds`)) as { id: string; status: string }[];

/** The next push of any source ends so. */
function everyBuild(result: "succeeded" | "failed") {
  others.everyBuild({
    output: ["-----> Building\n"],
    result:
      result === "succeeded"
        ? { kind: "succeeded", image: imageInfo({ web: "serve" }) }
        : { kind: "failed", message: "It does not compile.", exitCode: 1 },
  });
}

describe("a push that the API passes on", () => {
  test("is built by a worker elsewhere, is seen to its end, and can be cloned", async () => {
    everyBuild("succeeded");
    const folder = await repository();
    const { status, text } = await push(folder);
    expect(text).toContain("remote: -----> Building");
    expect(text).toContain("remote:        Released v2");
    expect(text).toContain("remote: Verifying deploy... done.");
    expect(status).toBe(0);
    const head = await git(folder, "rev-parse", "HEAD");
    expect(await git(folder, "ls-remote", remote(), "refs/heads/main")).toBe(`${head}\trefs/heads/main`);
    const again = join(place.folder, `clone-${app.name}`);
    await git(place.folder, "clone", "--quiet", remote(), again);
    expect(await git(again, "rev-parse", "HEAD")).toBe(head);
  });

  test("is one trace with its build and its release, from role to role and over the database", async () => {
    everyBuild("succeeded");
    const before = traces.spans.length;
    await push(await repository());
    const pushed = "api: POST /{app}.git/git-receive-pack";
    const stored = [pushed, "files: POST /{app}.git/git-receive-pack"];
    const built = [...stored, "api: reconcile builds"];
    await vi.waitFor(() => {
      const paths = traces.spans.slice(before).map(traces.pathOf);
      expect(paths).toContainEqual(built);
      // The worker moves the branch in the files role once the build has succeeded.
      expect(paths).toContainEqual([...built, "files: POST /repositories/:appId/ref"]);
      expect(paths).toContainEqual([...built, "api: reconcile formation"]);
    });
    expect(JSON.stringify(traces.spans)).not.toContain(app.name);
  });

  test("whose build fails is refused with its reason, and moves nothing", async () => {
    everyBuild("failed");
    const folder = await repository();
    const { status, text } = await push(folder);
    expect([status, text]).toEqual([1, expect.stringContaining("It does not compile.")]);
    expect(await git(folder, "ls-remote", remote())).toBe("");
    expect((await builds()).map((build) => build.status)).toEqual(["failed"]);
  });

  test("leaves a source that a worker reads over the wire, whole", async () => {
    everyBuild("succeeded");
    const content = randomBytes(300_000).toString("hex");
    await push(await repository(content));
    const digest = others.begun.at(-1)?.source ?? "";
    const tar = Buffer.concat(await Array.fromAsync(await others.sources.sources.read(digest)));
    expect(sha256(tar)).toBe(digest);
    const file = join(place.folder, "source.tar");
    writeFileSync(file, tar);
    expect(execFileSync("tar", ["-xOf", file, "index.html"], { maxBuffer: 1e7 }).toString()).toBe(content);
  });

  test.each<[string, () => string, RegExp]>([
    ["without a credential of ours", () => remote("wrong"), /Authentication failed|could not read/],
    [
      "for an app that is not there",
      () => remote().replace(app.name, "nowhere"),
      /not found|does not exist/i,
    ],
  ])("%s is refused", async (_name, to, message) => {
    const pushing = startPush(await repository(), to(), "main");
    expect(await pushing.ended).not.toBe(0);
    expect(pushing.text).toMatch(message);
    expect(await builds()).toEqual([]);
  });
});

describe("what was written while it ran", () => {
  test("is there after its end and a new start, with a push after it", async () => {
    everyBuild("succeeded");
    const folder = await repository();
    await push(folder);
    await files.stop();
    expect(await isAlive(config.home.git)).toBe(false);
    const gone = await push(folder);
    expect([gone.status, gone.text]).toEqual([128, expect.stringMatching(/503/)]);
    files = await startFiles(config, silentLogger, { port, tracer });
    await commitFile(folder, "more.txt", "more", "second");
    const { status, text } = await push(folder);
    expect([status, text]).toEqual([0, expect.stringContaining("Released v3")]);
    const [build] = await builds();
    const output = others.context.outputs.read(build?.id ?? "", new AbortController().signal);
    expect((await Array.fromAsync(output)).join("")).toContain("-----> Building");
  });
});

describe("an upload", () => {
  const address = (url: string) => {
    const { pathname, search } = new URL(url);
    return `http://${others.front}${pathname}${search}`;
  };
  const make = async () => {
    const { source_blob: blob } = (await call("POST /sources")) as {
      source_blob: { put_url: string; get_url: string };
    };
    return blob;
  };
  const archive = async () => {
    const folder = await repository();
    const file = `${folder}.tgz`;
    execFileSync("tar", ["-czf", file, "-C", folder, "index.html"]);
    return execFileSync("cat", [file]);
  };

  test("comes over the API, and a worker makes it a source", async () => {
    const [blob, content] = [await make(), await archive()];
    const put = await fetch(address(blob.put_url), { method: "PUT", body: content });
    expect(put.status).toBe(200);
    const checksum = `SHA256:${sha256(content).slice("sha256:".length)}`;
    const { signal } = new AbortController();
    const fetched = await others.sources.fetchSource(blob.get_url, checksum, signal);
    const tar = Buffer.concat(await Array.fromAsync(await others.sources.sources.read(fetched.digest)));
    expect(sha256(tar)).toBe(fetched.digest);
    await expect(
      others.sources.fetchSource(blob.get_url, `SHA256:${"0".repeat(64)}`, signal),
    ).rejects.toThrow(/checksum/i);
  });

  test("to an address that somebody changed is refused, and nothing of it is kept", async () => {
    const [blob, content] = [await make(), await archive()];
    const before = readdirSync(join(config.home.sources, "uploads"));
    const put = await fetch(`${address(blob.put_url)}x`, { method: "PUT", body: content });
    expect(put.status).toBeGreaterThanOrEqual(400);
    expect(readdirSync(join(config.home.sources, "uploads"))).toEqual(before);
  });
});

test("what is no file's path is not its to answer", async () => {
  expect((await fetch(`http://${others.front}/apps`)).status).toBe(418);
  expect((await fetch(`http://${others.front}/streams/output?nothing`)).status).toBeGreaterThanOrEqual(400);
});
