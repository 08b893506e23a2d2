import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createGzip, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HELLO_APP } from "../app-folder.ts";
import { type Journey, type JourneyApp, setOut } from "../journey.ts";
import { type TarEntry, tarBytes, tarHeader } from "../tar-bytes.ts";
import { waitUntil } from "../wait-until.ts";

/** What people and programs get wrong, on the wire: each is told, and nothing of it stays. */

let journey: Journey;
let app: JourneyApp;

beforeAll(async () => {
  journey = await setOut();
  app = await journey.makeApp("abused", HELLO_APP);
});

afterAll(() => journey?.end());

const GIB = 1024 ** 3;
const ACCEPT = "application/vnd.heroku+json; version=3";

interface RawCall {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function call({ method = "GET", path, headers, body }: RawCall) {
  const response = await fetch(`http://127.0.0.1:${journey.platform.apiPort}${path}`, {
    method,
    headers: { accept: ACCEPT, authorization: `Bearer ${journey.platform.access.token}`, ...headers },
    body,
  });
  const answer = (await response.json()) as { id: string; message: string };
  expect(response.headers.get("request-id")).toMatch(/\w/);
  return { status: response.status, ...answer };
}

const JSON_TYPE = { "content-type": "application/json" };

describe("the API", () => {
  const cases: readonly [string, RawCall, number, string, RegExp?][] = [
    ["a bad token", { path: "/account", headers: { authorization: "Bearer nonsense" } }, 401, "unauthorized"],
    ["no token", { path: "/account", headers: { authorization: "" } }, 401, "unauthorized"],
    ["an unknown app", { path: "/apps/there-is-none" }, 404, "not_found", /Couldn't find that app\./],
    ["an unknown route", { path: "/nothing/here" }, 404, "not_found"],
    [
      "another version",
      { path: "/apps", headers: { accept: "application/vnd.heroku+json; version=2" } },
      406,
      "not_acceptable",
    ],
    [
      "another media type",
      { method: "POST", path: "/apps", headers: { "content-type": "text/csv" }, body: "name,x" },
      415,
      "unsupported_media_type",
    ],
    ["no JSON", { method: "POST", path: "/apps", headers: JSON_TYPE, body: '{"name":' }, 400, "bad_request"],
    [
      "an unknown field",
      { method: "POST", path: "/apps", headers: JSON_TYPE, body: '{"nmae":"x"}' },
      422,
      "invalid_params",
      /nmae/,
    ],
    [
      "a field of another type",
      { method: "POST", path: "/apps", headers: JSON_TYPE, body: '{"name":7}' },
      422,
      "invalid_params",
      /name/,
    ],
    [
      "a name that is too long",
      { method: "POST", path: "/apps", headers: JSON_TYPE, body: `{"name":"${"a".repeat(31)}"}` },
      422,
      "invalid_params",
      /Name/i,
    ],
    [
      "a name with odd letters",
      { method: "POST", path: "/apps", headers: JSON_TYPE, body: '{"name":"Ab_ü"}' },
      422,
      "invalid_params",
      /Name/i,
    ],
    [
      "a name that is taken",
      { method: "POST", path: "/apps", headers: JSON_TYPE, body: '{"name":"abused"}' },
      422,
      "invalid_params",
      /taken/i,
    ],
    [
      "an odd page",
      { path: "/apps", headers: { range: "color ..; max=10" } },
      416,
      "requested_range_not_satisfiable",
    ],
    [
      "an odd size",
      {
        method: "PATCH",
        path: "/apps/abused/formation/web",
        headers: JSON_TYPE,
        body: '{"size":"Enormous"}',
      },
      404,
      "not_found",
    ],
  ];

  test.each(cases)("%s", async (_what, request, status, id, message = /\w/) => {
    expect(await call(request)).toMatchObject({ status, id, message: expect.stringMatching(message) });
  });

  test("a config var of 10 MB is refused, and nothing of it is kept", async () => {
    const body = JSON.stringify({ HUGE: "x".repeat(10 * 1024 * 1024) });
    const answer = await call({
      method: "PATCH",
      path: "/apps/abused/config-vars",
      headers: JSON_TYPE,
      body,
    });
    expect(answer).toMatchObject({ status: 413, id: "payload_too_large" });
    expect(await app.printed("config", "--json")).toBe("{}\n");
    expect(await app.printed("releases")).toContain("Current: v1");
  });
});

describe("source tarballs", () => {
  async function build(bytes: Buffer): Promise<{ status: string; output: string }> {
    const { body: made } = await journey.api("POST", "/sources");
    const put = await fetch(made.source_blob.put_url, { method: "PUT", body: new Uint8Array(bytes) });
    expect(put.status).toBe(200);
    const checksum = `SHA256:${createHash("sha256").update(bytes).digest("hex")}`;
    const source = { url: made.source_blob.get_url, checksum };
    const { body: begun } = await journey.api("POST", "/apps/abused/builds", { source_blob: source });
    // As clients read it: 404 means that there is nothing yet.
    const output = await waitUntil("the output to begin", async () => {
      const response = await fetch(begun.output_stream_url);
      return response.status === 200 && (await response.text());
    });
    const ended = await waitUntil("the build to end", async () => {
      const { body } = await journey.api("GET", `/apps/abused/builds/${begun.id}`);
      return body.status !== "pending" && body;
    });
    return { status: ended.status, output };
  }

  const file = (name: string): TarEntry => ({ name, content: "text" });
  const cases: readonly [string, readonly TarEntry[], RegExp][] = [
    ["a path that climbs out", [file("package.json"), file("../../escaped")], /\.\.|outside|path/i],
    ["an absolute path", [file("/etc/escaped")], /"\/etc\/escaped" is an absolute path/],
    [
      "a link that points out",
      [{ name: "out", type: "2", link: "../../etc" }, file("out/passwd")],
      /link|outside/i,
    ],
    [
      "a hard link that points out",
      [{ name: "out", type: "1", link: "/etc/passwd" }],
      /"\/etc\/passwd" is an absolute path/,
    ],
    ["a device", [{ name: "null", type: "3" }], /device/i],
  ];

  test.each(cases)("%s is refused", async (_what, entries, reason) => {
    const { status, output } = await build(gzipSync(tarBytes(entries)));
    expect([status, output]).toEqual(["failed", expect.stringMatching(reason)]);
  });

  test("a bomb is bounded", async () => {
    const bomb = await zipZeros(6 * GIB);
    expect(bomb.length).toBeLessThan(40 * 1024 * 1024);
    const { status, output } = await build(bomb);
    expect([status, output]).toEqual(["failed", expect.stringMatching(/"zeros" is larger than 1 GiB/)]);
  }, 540_000);

  /** An archive of one file that holds so many zeros. */
  async function zipZeros(bytes: number): Promise<Buffer> {
    const zip = createGzip({ level: 1 });
    const chunks: Buffer[] = [];
    zip.on("data", (chunk: Buffer) => chunks.push(chunk));
    zip.write(tarHeader({ name: "zeros" }, bytes));
    const zeros = Buffer.alloc(4 * 1024 * 1024);
    for (let left = bytes; left > 0; left -= zeros.length) if (!zip.write(zeros)) await once(zip, "drain");
    zip.end(Buffer.alloc(1024));
    await once(zip, "end");
    return Buffer.concat(chunks);
  }
});

describe("pushes", () => {
  test("Git LFS pointers are told", async () => {
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 12345\n`;
    await app.commit({
      "large.bin": pointer,
      ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
    });
    const pushed = await app.git("push", "heroku", "main");
    expect(pushed.stderr).toMatch(/LFS/);
    await app.commit({ ".gitattributes": "" });
    await app.git("rm", "-q", "large.bin");
  });

  test("a repository without a commit is told by git itself, and nothing is built", async () => {
    const empty = journey.person.folder("empty");
    await journey.person.git(["init", "--quiet"], { cwd: empty });
    const url = `https://localhost:${journey.platform.apiPort}/abused.git`;
    expect((await journey.person.git(["push", url, "main"], { cwd: empty })).code).not.toBe(0);
  });

  test("a large file passes whole", async () => {
    const bytes = randomBytes(30 * 1024 * 1024);
    writeFileSync(join(app.folder, "large.bin"), bytes);
    await app.commit({}, "A large file");
    await app.push();
    const run = await journey.person.heroku([
      "run",
      "--no-tty",
      "-a",
      "abused",
      "--",
      "sha256sum",
      "large.bin",
    ]);
    expect(run.stdout).toContain(createHash("sha256").update(bytes).digest("hex"));
  }, 360_000);
});
