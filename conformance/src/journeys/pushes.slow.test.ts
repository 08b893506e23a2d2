import { createHash, randomUUID } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callApi } from "../api-call.ts";
import { commitAll, HELLO_APP, makeAppFolder } from "../app-folder.ts";
import { type Journey, type JourneyApp, setOut } from "../journey.ts";
import { makeAccount } from "../make-account.ts";
import { waitUntil } from "../wait-until.ts";

/** How code gets in: every way to push, and every way in which a push goes wrong. */

let journey: Journey;
let app: JourneyApp;
let withToken: (token: string, name?: string) => string;

beforeAll(async () => {
  journey = await setOut();
  const { apiPort } = journey.platform;
  withToken = (token, name = "pushed") => `https://any:${token}@localhost:${apiPort}/${name}.git`;
  app = await journey.makeApp("pushed", HELLO_APP);
});

afterAll(() => journey?.end());

const said = (result: { stderr: string }) =>
  result.stderr.replaceAll(/^remote: ?/gm, "").replaceAll(/ +$/gm, "");

async function tokenOfSomebodyElse(): Promise<string> {
  const email = "somebody.else@example.com";
  const password = await makeAccount(journey.person, email);
  const response = await fetch(`${journey.platform.access.api}/oauth/authorizations`, {
    method: "POST",
    headers: {
      accept: "application/vnd.heroku+json; version=3",
      authorization: `Basic ${Buffer.from(`${email}:${password}`).toString("base64")}`,
    },
  });
  const body = (await response.json()) as { access_token: { token: string } };
  return body.access_token.token;
}

describe("ways to push", () => {
  test("another branch is stored and told that it is not built", async () => {
    await app.git("branch", "feature");
    const pushed = await app.git("push", "heroku", "feature");
    expect(pushed.code).toBe(0);
    expect(said(pushed)).toMatch(/only main and master/i);
    expect((await app.heroku("releases")).stdout).not.toContain("v2");
  });

  test("main is built, and the same commit again is up to date", async () => {
    await app.push();
    const again = await app.git("push", "heroku", "main");
    expect(again.stderr).toContain("Everything up-to-date");
  });

  test("a token in the address", async () => {
    await app.commit({ "note.txt": "by address\n" });
    const pushed = await app.git("push", withToken(journey.platform.access.token), "main");
    expect([pushed.code, said(pushed)]).toEqual([0, expect.stringMatching(/Released v3/)]);
  });

  test("a token that git asks the client for", async () => {
    await app.printed("git:remote", "-a", "pushed");
    const netrc = join(journey.person.home, ".netrc");
    const both = readFileSync(netrc, "utf8");
    writeFileSync(netrc, both.slice(0, both.indexOf("machine localhost\n")));
    await app.commit({ "note.txt": "by the client\n" });
    const pushed = await app.git("push", "heroku", "main");
    writeFileSync(netrc, both);
    expect([pushed.code, said(pushed)]).toEqual([0, expect.stringMatching(/Released v4/)]);
  });

  test("clone back, and push from a shallow clone", async () => {
    const clone = join(journey.person.home, "shallow");
    const cloned = await journey.person.git([
      "clone",
      "--depth",
      "1",
      withToken(journey.platform.access.token),
      clone,
    ]);
    expect(cloned.code).toBe(0);
    expect(readFileSync(join(clone, "note.txt"), "utf8")).toBe("by the client\n");
    writeFileSync(join(clone, "note.txt"), "from a shallow clone\n");
    await commitAll(journey.person, clone, "Shallow");
    const pushed = await journey.person.git(["push", "origin", "main"], { cwd: clone });
    expect([pushed.code, said(pushed)]).toEqual([0, expect.stringMatching(/Released v5/)]);
  });

  test("a push that is not a successor is refused, and goes with force", async () => {
    await app.commit({ "note.txt": "another history\n" });
    expect((await app.git("push", "heroku", "main")).code).not.toBe(0);
    const forced = await app.git("push", "--force", "heroku", "main");
    expect([forced.code, said(forced)]).toEqual([0, expect.stringMatching(/Released v6/)]);
  });

  test("output arrives while the build runs", async () => {
    const slow = await journey.makeApp("slow-build", {
      ...HELLO_APP,
      "package.json": '{ "private": true, "scripts": { "build": "node wait.js" } }',
      "wait.js": 'console.log("begun"); setTimeout(() => console.log("ended"), 3000);\n',
    });
    const seen: [string, number][] = [];
    const pushing = journey.person.startGit(["push", "heroku", "main"], { cwd: slow.folder });
    for (const word of ["begun", "ended"]) {
      await pushing.sees(new RegExp(`remote: +${word}`), 60_000);
      seen.push([word, Date.now()]);
    }
    expect(await pushing.ended).toBe(0);
    const [begun, ended] = seen.map(([, at]) => at) as [number, number];
    expect(ended - begun).toBeGreaterThan(2_000);
  });

  test("two pushes at once are built one after the other, in order", async () => {
    const other = join(journey.person.home, `second-${randomUUID()}`);
    const slowly = '{ "private": true, "scripts": { "build": "sleep 5" } }';
    await journey.person.git(["clone", withToken(journey.platform.access.token), other]);
    await app.commit({ "note.txt": "first of two\n", "package.json": slowly });
    const first = app.git("push", "heroku", "main");
    const isAccepted = async () => {
      const { body } = await journey.api("GET", "/apps/pushed/builds");
      return body.some(({ status }: { status: string }) => status === "pending");
    };
    const second = waitUntil("the first push to be accepted", isAccepted, { ms: 60_000 }).then(async () => {
      writeFileSync(join(other, "note.txt"), "second of two\n");
      await commitAll(journey.person, other, "Second");
      return await journey.person.git(["push", "--force", "origin", "main"], { cwd: other });
    });
    const [one, two] = await Promise.all([first, second]);
    const versions = [one, two].map((result) => Number(/Released v(\d+)/.exec(said(result))?.[1]));
    expect([one.code, two.code], said(two)).toEqual([0, 0]);
    expect(versions[1]).toBeGreaterThan(versions[0] ?? Number.NaN);
  });
});

describe("pushes that are refused", () => {
  test("a wrong token, and none", async () => {
    const wrong = await app.git("push", withToken("not-a-token"), "main");
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toMatch(/log in|Authentication failed/i);
  });

  test("a missing app and somebody else's look the same", async () => {
    const made = await callApi(
      { platform: journey.platform, token: journey.platform.access.token },
      "POST",
      "/apps",
      {
        name: "not-for-you",
      },
    );
    expect(made.status).toBe(201);
    const token = await tokenOfSomebodyElse();
    const foreign = await app.git("push", withToken(token, "not-for-you"), "main");
    const missing = await app.git("push", withToken(token, "no-such-app"), "main");
    const plain = (text: string, name: string) =>
      text.replaceAll(name, "<app>").replaceAll(/any:[^@]+@/g, "");
    expect(foreign.code).not.toBe(0);
    expect(plain(foreign.stderr, "not-for-you")).toBe(plain(missing.stderr, "no-such-app"));
  });

  test("a source that no buildpack takes says what was looked for", async () => {
    const nothing = await journey.makeApp("no-language", { "notes.txt": "nothing to run\n" });
    const pushed = await nothing.git("push", "heroku", "main");
    expect(pushed.code).not.toBe(0);
    expect(said(pushed)).toMatch(/package\.json/);
    expect(said(pushed)).toMatch(/requirements\.txt/);
    expect((await nothing.heroku("releases")).stdout).not.toContain("v2");
  });

  test("a failing build leaves the branch where it was; the same commit can be pushed again", async () => {
    const failing = await journey.makeApp("failing-build", {
      ...HELLO_APP,
      "package.json": '{ "private": true, "scripts": { "build": "test -n \\"$MAY_BUILD\\"" } }',
    });
    const refused = await failing.git("push", "heroku", "main");
    expect([refused.code, said(refused)]).toEqual([1, expect.stringMatching(/script build failed/)]);
    await failing.printed("config:set", "MAY_BUILD=yes");
    const pushed = await failing.git("push", "heroku", "main");
    expect([pushed.code, said(pushed)]).toEqual([0, expect.stringMatching(/Released v3/)]);
  });

  test("odd Procfile lines are named", async () => {
    const odd = await journey.makeApp("odd-procfile", {
      ...HELLO_APP,
      Procfile: "web: node server.js\nthis is no process\n",
    });
    const pushed = await odd.git("push", "heroku", "main");
    expect(said(pushed)).toMatch(/line 2/i);
  });

  test("submodules are named, not silently left out", async () => {
    const outer = await journey.makeApp("with-submodule", HELLO_APP);
    const inner = await makeAppFolder(journey.person, "inner", { "file.txt": "inner\n" });
    await outer.git("-c", "protocol.file.allow=always", "submodule", "add", inner, "inner");
    await commitAll(journey.person, outer.folder, "Submodule");
    const pushed = await outer.git("push", "heroku", "main");
    expect([pushed.code, said(pushed)]).toEqual([1, expect.stringMatching(/submodule/i)]);
  });

  test("an empty commit has nothing to build", async () => {
    const empty = await journey.makeApp("empty-app", { "file.txt": "x\n" });
    rmSync(join(empty.folder, "file.txt"));
    await commitAll(journey.person, empty.folder, "Empty");
    const pushed = await empty.git("push", "heroku", "main");
    expect([pushed.code, said(pushed)]).toEqual([1, expect.stringMatching(/no files/)]);
  });
});

describe("source tarballs", () => {
  const upload = async (tarball: Buffer) => {
    const { body } = await journey.api("POST", "/sources");
    const put = await fetch(body.source_blob.put_url, { method: "PUT", body: new Uint8Array(tarball) });
    expect(put.status).toBe(200);
    return body.source_blob.get_url as string;
  };
  /** As clients read it: 404 means that there is nothing yet. */
  const outputOf = async ({ output_stream_url: address }: { output_stream_url: string }) =>
    await waitUntil("the output to begin", async () => {
      const response = await fetch(address);
      return response.status === 200 && (await response.text());
    });
  const archive = async () => {
    const file = join(journey.person.home, "source.tgz");
    const made = await app.git("archive", "--format=tar.gz", `--output=${file}`, "HEAD");
    expect(made.code).toBe(0);
    return readFileSync(file);
  };
  const finished = async (name: string, id: string) =>
    await waitUntil(
      "the build to end",
      async () => {
        const { body } = await journey.api("GET", `/apps/${name}/builds/${id}`);
        return body.status !== "pending" && body;
      },
      { ms: 60_000 },
    );

  test("are uploaded, built with their output streamed, and released", async () => {
    const tarball = await archive();
    const checksum = `SHA256:${createHash("sha256").update(tarball).digest("hex")}`;
    await journey.api("POST", "/apps", { name: "from-tarball" });
    const source = { url: await upload(tarball), checksum, version: "v1.2.3" };
    const { status, body: build } = await journey.api("POST", "/apps/from-tarball/builds", {
      source_blob: source,
    });
    expect(status).toBe(201);
    const output = await outputOf(build);
    expect(output).toContain("-----> Node.js app detected");
    expect(output).toContain("Released v2");
    expect(await finished("from-tarball", build.id)).toMatchObject({
      status: "succeeded",
      release: { id: expect.any(String) },
    });
    const { body: releases } = await journey.api("GET", "/apps/from-tarball/releases");
    expect(releases.map(({ description }: { description: string }) => description)).toContain(
      "Deploy v1.2.3",
    );
  });

  test.each([
    [
      "a wrong checksum",
      async () => ({ url: await upload(await archive()), checksum: `SHA256:${"0".repeat(64)}` }),
      /checksum/i,
    ],
    ["no tarball", async () => ({ url: await upload(Buffer.from("not a tarball")) }), /tar/i],
    ["a private address", async () => ({ url: "http://169.254.169.254/latest/meta-data" }), /address/i],
    ["loopback", async () => ({ url: `http://127.0.0.1:${journey.platform.apiPort}/schema` }), /address/i],
  ])("with %s fail and say why", async (_what, makeSource, reason) => {
    const { body: build } = await journey.api("POST", "/apps/from-tarball/builds", {
      source_blob: await makeSource(),
    });
    expect(await finished("from-tarball", build.id)).toMatchObject({ status: "failed", release: null });
    expect(await outputOf(build)).toMatch(reason);
  });

  test("a build that is cancelled ends, and the next one is built", async () => {
    const hanging = await journey.makeApp("hanging-build", {
      ...HELLO_APP,
      "package.json": '{ "private": true, "scripts": { "build": "echo hanging; sleep 1000" } }',
    });
    const pushing = journey.person.startGit(["push", "heroku", "main"], { cwd: hanging.folder });
    await pushing.sees(/remote: +hanging/, 60_000);
    const { body } = await journey.api("GET", "/apps/hanging-build/builds");
    const cancelled = await journey.api("DELETE", `/apps/hanging-build/builds/${body[0].id}`);
    expect([cancelled.status, cancelled.body.status]).toEqual([200, "failed"]);
    expect(await pushing.ended).not.toBe(0);
    await hanging.commit({ "package.json": '{ "private": true }' });
    expect((await hanging.git("push", "--force", "heroku", "main")).code).toBe(0);
  });
});

test("an app in a folder is built from there, and only when something changed there", async () => {
  const web = Object.fromEntries(
    Object.entries(HELLO_APP).map(([path, text]) => [`packages/web/${path}`, text]),
  );
  const inFolder = await journey.makeApp("in-a-folder", { ...web, "README.md": "Several apps.\n" });
  await inFolder.printed("config:set", "PROJECT_PATH=packages/web");
  await inFolder.push();
  await inFolder.pageSays("hello nobody");
  await inFolder.commit({ "README.md": "Several good apps.\n" });
  const beside = await inFolder.push();
  expect(said(beside)).toContain("Nothing changed in the folder that PROJECT_PATH names: v3 stays as it is");
  expect(await inFolder.printed("releases")).not.toContain("v4");
  await inFolder.commit({
    "packages/web/server.js": HELLO_APP["server.js"]?.replace("hello", "good day") ?? "",
  });
  expect(said(await inFolder.push())).toContain("Released v4");
  await inFolder.pageSays("good day nobody");
});

test("an app brings a classic buildpack in a folder, and a script of its own, and both take part", async () => {
  const files = {
    "project.toml": `[_]
schema-version = "0.2"
[[io.buildpacks.group]]
uri = "./buildpack"
[[io.buildpacks.group]]
id = "heroku/nodejs"
[[io.buildpacks.group]]
id = "me/inline"
[io.buildpacks.group.script]
api = "0.10"
inline = 'echo "inline sees $TOOL"'
`,
    "buildpack/bin/detect": "#!/bin/sh\necho Tool\n",
    "buildpack/bin/compile": `#!/bin/bash
echo "-----> Tool for $(cat "$3/GREETING")"
echo 'export TOOL=a-tool' >"$(dirname "$0")/../export"
mkdir -p "$1/.profile.d" && echo 'export GREETING="$GREETING by $HOME/tool"' >"$1/.profile.d/tool.sh"
`,
    "buildpack/bin/release": "#!/bin/sh\necho 'default_process_types: { web: node /app/server.js }'\n",
    "server.js": HELLO_APP["server.js"] ?? "",
    "package.json": HELLO_APP["package.json"] ?? "",
  };
  const classic = await journey.makeApp("classic", files);
  await classic.printed("config:set", "GREETING=everybody");
  for (const name of ["detect", "compile", "release"])
    await classic.git("update-index", "--chmod=+x", `buildpack/bin/${name}`);
  await classic.git("commit", "--quiet", "--message", "Executable");
  const pushed = said(await classic.push());
  expect(pushed).toContain("-----> Tool for everybody");
  expect(pushed).toContain("inline sees a-tool");
  await classic.pageSays("hello everybody by /workspace/tool");
});
