import { Readable } from "node:stream";
import { validateResponse } from "@conifer/contract/validation";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { LOCK } from "../delivery/attestation/attested-image-fixtures.ts";
import { type FakeBuilder, makeFakeBuilder } from "../delivery/build/builder-fake.ts";
import { createBuild } from "../delivery/build/index.ts";
import { readImageInfo } from "../delivery/image/index.ts";
import { runRebaseCommand } from "../delivery/rebase/index.ts";
import {
  RUN_NAME,
  storeAppImage,
  storeRunImage,
  type TestRunImage,
} from "../delivery/rebase/rebase-fixtures.ts";
import { findCurrentRelease } from "../delivery/release/index.ts";
import { tarOf } from "../delivery/source/tar-fixtures.ts";
import { openMachineRunImages } from "../drivers/embedded/builds/index.ts";
import { type FakeDynoHost, makeFakeDynoHost } from "../runtime/dyno/dyno-host-fake.ts";
import { startTestControl, type TestControl } from "./control-fixtures.ts";
import { rebaseRoutes } from "./control-rebase.ts";
import { idlePorts } from "./idle-ports-fixtures.ts";

const SOON = { timeout: 20_000, interval: 50 };
let control: TestControl;
let builder: FakeBuilder;
let host: FakeDynoHost;
let owner: { id: string; email: string; token: string };
let first: TestRunImage;
/** Images whose programs run; all do while it is undefined. */
let sound: ReadonlySet<string> | undefined;

beforeAll(async () => {
  builder = makeFakeBuilder();
  const behavior = ({ image }: { image: string }) => (sound && !sound.has(image) ? { exitCode: 1 } : {});
  host = makeFakeDynoHost({ now: () => new Date(), behavior });
  control = await startTestControl({
    ports: { ...idlePorts(), builder, host },
    ...{ workers: true, attests: true },
    environment: { CONIFER_SIGNED_IMAGES: "required" },
  });
  owner = await control.account("owner@example.com");
  first = await storeRunImage(control.engine.images, "1");
});
afterAll(() => control.stop());

/** An app with a release that was built on the first run image, whose dyno is up. */
async function deploy(content: string): Promise<{ id: string; name: string }> {
  const app = (await control.call("POST /apps", { token: owner.token, body: {} })).body;
  const { images, sources } = control.engine;
  const image = await storeAppImage(images, first, { content });
  const tar = await tarOf({ name: "package-lock.json", content: LOCK }, { name: "n", content });
  const { digest } = await sources.write(Readable.from([tar]));
  builder.script(digest, {
    output: [],
    result: { kind: "succeeded", image: await readImageInfo(images, image) },
  });
  const wanted = { appId: app.id, actor: owner, sourceDigest: digest, sourceVersion: "v1" };
  await createBuild(wanted, control.context);
  await vi.waitFor(() => expect(upOf(app.id)).toHaveLength(1), SOON);
  return app;
}

const upOf = (appId: string) =>
  host.present().filter((dyno) => dyno.appId === appId && dyno.state.kind === "up" && dyno.duty === "serve");

/** What the command prints, with its exit status last. */
async function rebase(...args: readonly string[]): Promise<readonly string[]> {
  const { images } = control.engine;
  const from = {
    store: images,
    runImage: undefined,
    otherRunImage: undefined,
    shelf: "/nowhere",
    registries: [],
    architecture: "amd64",
  } as const;
  const { handlers } = rebaseRoutes(control.context, openMachineRunImages(from));
  const printed: string[] = [];
  const call = async (route: string, body?: unknown) => {
    const [path = "", query = ""] = route.split("?");
    const verb = /^POST \/rebase\/(\w+)$/.exec(path)?.[1];
    const handler = handlers?.[verb === undefined ? path : "POST /rebase/:verb"];
    const given = { params: { verb: verb ?? "" }, query: new URLSearchParams(query), json: async () => body };
    // The answer as it is after its way over a socket.
    return JSON.parse(JSON.stringify(await handler?.(given as never)));
  };
  const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms / 20));
  const status = await runRebaseCommand(args, {
    command: "rebase",
    call,
    print: (text) => printed.push(text),
    pause,
  });
  return [...printed, String(status)];
}

const start = (run: TestRunImage, ...more: readonly string[]) =>
  rebase("start", "--run-image", run.digest, "--as", RUN_NAME, "--watch-seconds", "0", ...more);

const releaseOf = async (app: { name: string }) => {
  const list = await control.call(`GET /apps/${app.name}/releases`, { token: owner.token });
  const { version } = list.body.find(({ current }: { current: boolean }) => current);
  return (await control.call(`GET /apps/${app.name}/releases/v${version}`, { token: owner.token })).body;
};

test("apps get a patched run image wave after wave, and go back when it is broken", async () => {
  const apps = await Promise.all([deploy("one"), deploy("two")]);
  const patched = await storeRunImage(control.engine.images, "2");
  expect((await start(patched, "--dry-run"))[0]).toMatch(/^2 apps would be put on .* in waves of 1, 1\.$/);
  const said = await start(patched, "--wait");
  expect(said.at(-1)).toBe("0");
  expect(said.at(-2)).toContain("done; 2 of 2 done");
  for (const app of apps) {
    const page = await releaseOf(app);
    expect(validateResponse("GET /apps/{app}/releases/{release}", "base", 200, page)).toEqual([]);
    expect(page.description).toBe(`Rebase onto ${patched.digest.slice(7, 19)}`);
    expect(page.image_verification).toMatchObject({ status: "verified", required: true });
    expect(page.attestations).toHaveLength(4);
    await vi.waitFor(
      () => expect(upOf(app.id).map((dyno) => dyno.releaseVersion)).toEqual([page.version]),
      SOON,
    );
  }
  const standing = JSON.parse((await rebase("--json"))[0] ?? "");
  expect(standing.bases).toMatchObject([{ name: RUN_NAME, digest: patched.digest, apps: 2 }]);

  sound = await imagesNow(apps);
  const broken = await storeRunImage(control.engine.images, "3");
  const halted = await start(broken, "--waves", "1,100%", "--wait");
  expect(halted.at(-1)).toBe("3");
  expect(halted.at(-2)).toContain("Stopped in wave 1 of 2: 1 app failed");
  const [failed] = JSON.parse((await rebase("apps", "--state", "failed", "--json"))[0] ?? "").apps;
  expect(failed.message).toMatch(/^web\.1 ended with status 1 \(H10\) \(v\d+\)$/);
  const back = apps.find(({ name }) => name === failed.app) ?? { id: "", name: "" };
  expect((await releaseOf(back)).description).toMatch(/^Rollback to v\d+$/);
  await vi.waitFor(() => expect(upOf(back.id)).toHaveLength(1), SOON);
  const others = apps.filter(({ name }) => name !== failed.app);
  for (const app of others) expect((await releaseOf(app)).description).toContain(patched.digest.slice(7, 19));
  expect((await rebase("stop"))[0]).toContain("stopped");
});

/** The digests of the images that the apps' dynos run. */
async function imagesNow(apps: readonly { readonly id: string }[]): Promise<ReadonlySet<string>> {
  const releases = await Promise.all(apps.map(({ id }) => findCurrentRelease(control.context.db, id)));
  return new Set(releases.map((release) => release?.imageDigest ?? ""));
}
