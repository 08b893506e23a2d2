import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { deleteApp } from "../../apps/app/app-store.ts";
import { silentLogger } from "../../kernel/index.ts";
import { makeFakeOutputStore, startTestDelivery, type TestDelivery } from "../release/delivery-fixtures.ts";
import { type CommandRun, changeAppConfig, type DeployVerdict, type Release } from "../release/index.ts";
import { releaseAnImage } from "../release/release-fixtures.ts";
import { reconcileReleases } from "../release/release-reconciler.ts";
import type { Build } from "./build.ts";
import { updatePendingBuild } from "./build-store.ts";
import { createBuild, requireBuild } from "./create-build.ts";
import { type FollowUpDependencies, followUp } from "./follow-up.ts";

let world: TestDelivery;
let outputs: ReturnType<typeof makeFakeOutputStore>;
let appId: string;
let stopping: AbortController;
let verdict: DeployVerdict;

beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());
beforeEach(async () => {
  outputs = makeFakeOutputStore();
  appId = (await world.newApp()).id;
  stopping = new AbortController();
  verdict = { kind: "up" };
});

/** A build that has ended, with a release when it has one. */
async function ended(change: Parameters<typeof updatePendingBuild>[2]): Promise<Build> {
  const { id } = await createBuild({ appId, actor: world.actor, sourceDigest: "source" }, world);
  await outputs.begin(id);
  await updatePendingBuild(world.db, id, change, new Date());
  return await requireBuild(world.db, id);
}

const released = ({ id, imageId }: Release) =>
  ended({ status: "succeeded", releaseId: id, ...(imageId === null ? {} : { imageId }) });

const tell = (
  build: Build,
  webUrl: string | undefined = "http://app.localhost:8080/",
  more: Partial<FollowUpDependencies> = {},
) =>
  followUp(
    build,
    {
      ...world,
      outputs,
      verifier: { verify: async () => verdict },
      webUrlOf: async () => webUrl,
      logger: silentLogger,
      ...more,
    },
    stopping.signal,
  );

/** Lets the release command in line say something and end. */
async function runCommand(says: string, exitCode: number) {
  const command = {
    run: async (_release: Release, { output }: CommandRun) => {
      await output(says);
      return exitCode;
    },
  };
  await reconcileReleases(appId, { ...world, command, outputs }, stopping.signal);
}

test("a release that is current already is told with its address and its dynos", async () => {
  const build = await released(await releaseAnImage(world, appId, { web: "serve" }));
  await tell(build);
  expect(outputs.textOf(build.id)).toBe(
    "-----> Launching...\n       Released v2\n       http://app.localhost:8080/ deployed to Conifer\n\nVerifying deploy... done.\n",
  );
  expect(outputs.ended.has(build.id)).toBe(true);
  expect(await requireBuild(world.db, build.id)).toMatchObject({ finishedAt: expect.any(Date) });
});

test("a release without web dynos has nothing to verify", async () => {
  verdict = { kind: "none" };
  const build = await released(await releaseAnImage(world, appId, { worker: "work" }));
  await tell(build, undefined);
  expect(outputs.textOf(build.id)).toBe(
    "-----> Launching...\n       Released v2\n       http://app.localhost:8080/ deployed to Conifer\n\nVerifying deploy... done.\n",
  );
});

test("a release command is shown as it runs, then the release", async () => {
  const release = await releaseAnImage(world, appId, { web: "serve", release: "migrate" });
  const build = await released(release);
  const telling = tell(build);
  await vi.waitFor(() => expect(outputs.textOf(build.id)).toContain("Release command detected"));
  await runCommand("created 3 tables\n", 0);
  await telling;
  expect(outputs.textOf(build.id)).toMatch(
    /Release command detected: it runs before the new version.\ncreated 3 tables\n {7}Released v2\n/,
  );
});

test("a release command that ended before anybody looked is shown all the same", async () => {
  const build = await released(await releaseAnImage(world, appId, { web: "serve", release: "migrate" }));
  await runCommand("quick\n", 0);
  await tell(build);
  expect(outputs.textOf(build.id)).toMatch(/it runs before the new version\.\nquick\n {7}Released v2\n/);
});

test("a build that found nothing changed names the release that stays, and waits for nothing", async () => {
  const release = await releaseAnImage(world, appId, { web: "serve" });
  const build = await ended({ status: "succeeded", releaseId: release.id });
  await tell(build);
  expect(outputs.textOf(build.id)).toBe(
    "-----> Nothing changed in the folder that PROJECT_PATH names: v2 stays as it is\n",
  );
  expect(outputs.ended.has(build.id)).toBe(true);
});

test("a release command that fails ends the push with what to do", async () => {
  await releaseAnImage(world, appId, { web: "serve" });
  const build = await released(await releaseAnImage(world, appId, { web: "two", release: "migrate" }));
  const telling = tell(build);
  await runCommand("no such table\n", 1);
  await telling;
  expect(outputs.textOf(build.id)).toContain(
    "no such table\n\n !     Release command failed: v3 is not released, and the app goes on with the release before it.\n !     See heroku releases:output v3,",
  );
  expect(outputs.textOf(build.id)).not.toContain("Verifying");
});

test("a release behind another says what it waits for, and then shows its own command", async () => {
  const { imageId } = await releaseAnImage(world, appId, { release: "migrate" }, "a");
  await changeAppConfig({ appId, actor: world.actor, change: { A: "1" } }, world);
  const third = (await world.releases(appId)).at(-1) ?? (await releaseAnImage(world, appId, {}));
  const build = await released({ ...third, imageId });
  const telling = tell(build);
  await vi.waitFor(() => expect(outputs.textOf(build.id)).toContain("Waiting for the release before it..."));
  await runCommand("migrated\n", 0);
  await telling;
  expect(outputs.textOf(build.id)).toContain("       Released v3\n");
});

test.each([
  [
    { status: "failed", message: "No Procfile.\nAdd one." },
    "\n !     Push failed: No Procfile.\n !     Add one.\n\n",
  ],
  [
    { status: "cancelled", message: "The build was cancelled." },
    "\n !     Push failed: The build was cancelled.\n\n",
  ],
  [
    { status: "succeeded" },
    "-----> A newer build has already released; this one is kept but not released.\n",
  ],
] as const)("%j ends the output with it", async (change, text) => {
  const build = await ended(change);
  await tell(build);
  expect([outputs.textOf(build.id), outputs.ended.has(build.id)]).toEqual([text, true]);
});

/** Fails so many times before it works. */
function after<A extends unknown[], T>(failures: number, work: (...given: A) => Promise<T>) {
  let left = failures;
  return async (...given: A): Promise<T> => {
    left -= 1;
    if (left >= 0) throw new Error("gone for a moment");
    return await work(...given);
  };
}

test.each<[string, () => Partial<FollowUpDependencies>]>([
  ["keeper of outputs", () => ({ outputs: { ...outputs, append: after(2, outputs.append) } })],
  ["look at dynos", () => ({ verifier: { verify: after(2, async () => verdict) } })],
  ["look at the app", () => ({ webUrlOf: after(2, async () => "http://app.localhost:8080/") })],
])("a %s that fails for a moment is tried again, and the push told to its end", async (_what, trouble) => {
  const build = await released(await releaseAnImage(world, appId, { web: "serve" }));
  await tell(build, "http://app.localhost:8080/", trouble());
  expect(outputs.textOf(build.id)).toBe(
    "-----> Launching...\n       Released v2\n       http://app.localhost:8080/ deployed to Conifer\n\nVerifying deploy... done.\n",
  );
  expect(outputs.ended.has(build.id)).toBe(true);
});

test("a push whose end cannot be seen says so, and ends", async () => {
  const build = await released(await releaseAnImage(world, appId, { web: "serve" }));
  const verify = after(1_000, async () => verdict);
  await tell(build, undefined, { verifier: { verify }, troubleMs: 0 });
  expect(outputs.textOf(build.id)).toMatch(
    /Verifying deploy\.\.\. \n-----> Conifer could not see how this ended\. See heroku releases and heroku ps\.\n$/,
  );
  expect(outputs.ended.has(build.id)).toBe(true);
});

test("a build that never began gets an output all the same", async () => {
  const build = await ended({ status: "cancelled", message: "The build was cancelled." });
  await outputs.remove(build.id);
  await tell(build);
  expect(outputs.textOf(build.id)).toContain("The build was cancelled.");
});

test("an app that is deleted meanwhile ends the output", async () => {
  const build = await released(await releaseAnImage(world, appId, { release: "migrate" }));
  const telling = tell(build);
  await vi.waitFor(() => expect(outputs.textOf(build.id)).toContain("Release command detected"));
  await deleteApp(world.db, appId);
  await telling;
  expect(outputs.ended.has(build.id)).toBe(true);
});

test("a stop leaves the output open, and the next process tells the rest", async () => {
  const build = await released(await releaseAnImage(world, appId, { release: "migrate" }));
  const telling = tell(build);
  await vi.waitFor(() => expect(outputs.textOf(build.id)).toContain("Release command detected"));
  stopping.abort();
  await telling;
  expect(outputs.ended.has(build.id)).toBe(false);
  expect(await requireBuild(world.db, build.id)).toMatchObject({ finishedAt: null });
  stopping = new AbortController();
  const again = tell(build);
  await runCommand("migrated\n", 0);
  await again;
  expect(outputs.textOf(build.id)).toMatch(/migrated\n {7}Released v2\n/);
});
