import { spawn } from "node:child_process";
import { mkdtemp, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../../delivery/source/source-fixtures.ts";
import {
  APP,
  commitFile,
  git,
  isAlive,
  type RigOptions,
  startGitRig,
  startPush,
  TOKEN,
} from "./git-fixtures.ts";

let rig: Awaited<ReturnType<typeof startGitRig>>;
let work: string;

async function start(options: RigOptions = {}): Promise<void> {
  rig = await startGitRig(options);
  work = await mkdtemp(join(rig.root, "work-"));
  await git(work, "init", "--quiet", "--initial-branch=main");
  await commitFile(work, "index.html", "hello", "First");
}
afterEach(() => rig.stop());

async function pushTo(url: string): Promise<{ status: number | null; text: string }> {
  const push = startPush(work, url, "main");
  return { status: await push.ended, text: push.text };
}

describe("who may", () => {
  beforeEach(() => start());

  it("answers 401 without credentials, for apps that exist and those that do not", async () => {
    for (const app of [APP.name, "nobodys"]) {
      for (const path of ["info/refs?service=git-receive-pack", "git-upload-pack", "HEAD", ""]) {
        const response = await fetch(`${rig.origin}/${app}.git/${path}`);
        expect(response.status).toBe(401);
        expect(response.headers.get("www-authenticate")).toMatch(/^Basic realm=/);
      }
    }
  });

  it("leaves other paths alone", async () => {
    expect((await fetch(`${rig.origin}/apps/sushi.git`)).status).toBe(418);
    expect((await fetch(`${rig.origin}/`)).status).toBe(418);
  });

  it("refuses a wrong token", async () => {
    const { status, text } = await pushTo(rig.url(APP.name, "wrong"));
    expect(status).toBe(128);
    expect(text).toContain("remote: The token is wrong or has expired. Log in again with `heroku login -i`.");
    expect(text).toContain("Authentication failed");
  });

  it("refuses an app that does not exist, or is another's, in one shape", async () => {
    const { status, text } = await pushTo(rig.url("nobodys"));
    expect(status).toBe(128);
    expect(text).toContain("remote: No such app as nobodys.");
    expect(text).toMatch(/repository '.*nobodys\.git\/' not found/);
    await expect(git(rig.root, "clone", rig.url("no_name"), join(work, "x"))).rejects.toThrow(
      "No such app as no_name",
    );
  });

  it("refuses a push to an app that may only be seen", async () => {
    const { text } = await pushTo(rig.url("readonly"));
    expect(text).toContain("remote: You may not deploy readonly.");
  });

  it("serves smart HTTP only", async () => {
    const authorization = `Basic ${Buffer.from(`:${TOKEN}`).toString("base64")}`;
    const status = async (path: string, method = "GET") =>
      (await fetch(`${rig.origin}/sushi.git${path}`, { method, headers: { authorization } })).status;
    expect(await status("/info/refs?service=git-upload-pack")).toBe(200);
    expect(await status("/info/refs")).toBe(403);
    expect(await status("/info/refs?service=git-daemon")).toBe(404);
    expect(await status("/config")).toBe(404);
    expect(await status("/objects/info/packs")).toBe(404);
    expect(await status("/../../etc/passwd")).toBe(418);
    expect(await status("/git-receive-pack")).toBe(404);
  });
});

describe("limits", () => {
  it("refuses a pack that is too large, and says so", async () => {
    await start({ folder: { maxPackBytes: 100_000 } });
    await commitFile(
      work,
      "large.txt",
      Array.from({ length: 60_000 }, (_, i) => String(i * 7919)).join("\n"),
      "Large",
    );
    const { status, text } = await pushTo(rig.url());
    expect(status).toBe(1);
    expect(text).toContain("pack exceeds maximum allowed size");
    expect(text).toContain("remote:  !     Push rejected: a push may hold 100000 bytes at the most.");
    expect(text).toMatch(/\[remote rejected\] main -> main/);
    const leftBehind = await readdir(join(rig.settings.folder, `${APP.id}.git`, "objects"));
    expect(leftBehind.filter((name) => name.startsWith("tmp") || name.startsWith("incoming"))).toEqual([]);
  });

  it("takes a pack of some megabytes in chunks", async () => {
    await start();
    await commitFile(
      work,
      "large.txt",
      Array.from({ length: 900_000 }, (_, i) => String(i * 7919)).join("\n"),
      "Large",
    );
    const push = startPush(work, rig.url(), "main");
    await eventually(() => rig.builds.length === 1, "the build");
    await rig.builds[0]?.finish("succeeded");
    expect(await push.ended, push.text).toBe(0);
  });

  it("serves so many at once and tells the others to come back", async () => {
    await start({ transport: { concurrent: 1 } });
    const push = startPush(work, rig.url(), "main");
    await eventually(() => rig.builds[0]?.followers === 1, "the push waits");
    await expect(git(work, "ls-remote", rig.url())).rejects.toThrow(/503|Too many git operations/);
    await rig.builds[0]?.finish("succeeded");
    expect(await push.ended).toBe(0);
  });

  it("gives a connection up on which nothing moves", async () => {
    await start({ transport: { idleMs: 200 } });
    const authorization = `Basic ${Buffer.from(`:${TOKEN}`).toString("base64")}`;
    const endless = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode("00")),
    });
    const stalled = fetch(`${rig.origin}/sushi.git/git-receive-pack`, {
      method: "POST",
      headers: { authorization, "content-type": "application/x-git-receive-pack-request" },
      body: endless,
      duplex: "half",
    } as RequestInit).then((response) => response.text());
    await expect(stalled).rejects.toThrow();
    await eventually(async () => !(await isAlive(rig.settings.folder)), "git's processes end");
  });
});

it("tells a waiting push when Conifer stops, and leaves no process", async () => {
  await start();
  const push = startPush(work, rig.url(), "main");
  await eventually(() => rig.builds[0]?.followers === 1, "the push follows its build");
  await rig.transport.stop();
  expect(await push.ended).toBe(1);
  expect(push.text).toContain("Conifer can no longer show this build, which goes on.");
  expect(await isAlive(rig.settings.folder)).toBe(false);
});

it("breaks a push off, and leaves no process, when Conifer is killed", async () => {
  await start();
  const fixtures = new URL("./git-fixtures.ts", import.meta.url);
  const script = `const { startGitRig } = await import(${JSON.stringify(fixtures.href)}); console.log((await startGitRig()).url());`;
  const control = spawn(process.execPath, ["--no-warnings", "--input-type=module", "--eval", script], {
    env: { ...process.env, TMPDIR: work },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise<string>((resolve) =>
    control.stdout.once("data", (line) => resolve(String(line).trim())),
  );
  const push = startPush(work, url, "main");
  await eventually(() => push.text.includes("Building source:"), "the push waits");
  control.kill("SIGKILL");
  expect(await push.ended).not.toBe(0);
  await eventually(async () => !(await isAlive(work)), "git's processes end");
});
