import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { deleteApp, updateApp } from "../../apps/app/app-store.ts";
import { killAtEveryStep, untilKilled } from "../../drivers/postgres/store/crash-fixtures.ts";
import { LABEL, readImageInfo, readPlatforms } from "../image/index.ts";
import { changeAppConfig } from "../release/index.ts";
import { reconcileReleases } from "../release/release-reconciler.ts";
import { changePass } from "./change-pass.ts";
import { storeAppImage, storeIndex, storeRunImage } from "./rebase-fixtures.ts";
import { reconcileRebase } from "./rebase-reconciler.ts";
import { findOpenPass, findTurnUnderWay, listAppsUnderWay } from "./rebase-store.ts";
import {
  crashed,
  failsOn,
  type RebaseWorld,
  starting,
  startRebaseWorld,
  up,
} from "./rebase-world-fixtures.ts";
import { joinBuilds } from "./rebasing.ts";
import { startPass } from "./start-pass.ts";

let world: RebaseWorld;
let onto: string;

beforeAll(async () => {
  world = await startRebaseWorld();
  onto = `Rebase onto ${world.patched.digest.slice(7, 19)}`;
});
afterAll(() => world.stop());
beforeEach(async () => {
  if (await findOpenPass(world.db)) await changePass("stop", world.deps);
  // What earlier tests left stands on the first build too.
  const { rows } = await world.database.query("select id, name from apps");
  for (const { id } of rows as { id: string }[]) await deleteApp(world.db, id);
  world.sights.clear();
});

interface AppRow {
  readonly name: string;
  readonly sight?: Parameters<RebaseWorld["sights"]["set"]>[1];
  /** What happens to the app once its turn has come. */
  readonly meanwhile?: (appId: string) => Promise<unknown>;
  readonly turn: RegExp;
  readonly history: readonly string[];
}

const BEFORE = ["v1 succeeded: Initial release", "v2 succeeded current: Deploy 00000000"];
const REBASED = () => [
  "v1 succeeded: Initial release",
  "v2 succeeded: Deploy 00000000",
  `v3 succeeded current: ${onto}`,
];
const BACK = () => [
  ...REBASED().slice(0, 2),
  `v3 succeeded: ${onto}`,
  "v4 succeeded current: Rollback to v2",
];

const rows: readonly (Omit<AppRow, "history"> & { readonly history: () => readonly string[] })[] = [
  { name: "an app that is well stays on its new image", turn: /^done: v3$/, history: REBASED },
  {
    name: "an app whose dynos crash goes back",
    sight: failsOn(/^Rebase/),
    turn: /^failed: web\.1 ended with status 1 \(H10\) \(v3\)$/,
    history: BACK,
  },
  {
    name: "an app whose dynos never come up goes back",
    sight: failsOn(/^Rebase/, { wanted: 2, dynos: [up()] }),
    turn: /^failed: of 2 dynos 1 is up in \d+ s \(v3\)$/,
    history: BACK,
  },
  {
    name: "an app that was not well before is not judged",
    sight: () => ({ wanted: 1, dynos: [crashed()] }),
    turn: /^done: v3, not watched/,
    history: REBASED,
  },
  {
    name: "an app that only ever starts is not judged, after a while",
    sight: () => ({ wanted: 1, dynos: [starting()] }),
    turn: /^done: v3, not watched/,
    history: REBASED,
  },
  {
    name: "an app that is scaled to zero is not watched",
    sight: () => ({ wanted: 0, dynos: [] }),
    turn: /^done: v3, not watched/,
    history: REBASED,
  },
  {
    name: "an app in maintenance is not watched",
    sight: failsOn(/^Rebase/),
    meanwhile: (id) => updateApp(world.db, id, { maintenance: true }, world.clock()),
    turn: /^done: v3, not watched/,
    history: REBASED,
  },
  {
    name: "an app whose owner has deployed on the new build is left as it is",
    meanwhile: async (id) =>
      world.deploy(id, await storeAppImage(world.images, world.patched, { content: "newer" })),
    turn: /^skipped: its image stands on this build already$/,
    history: () => [
      ...BEFORE.slice(0, 1),
      "v2 succeeded: Deploy 00000000",
      "v3 succeeded current: Deploy 00000000",
    ],
  },
  {
    name: "an app whose image must not be rebased is left as it is",
    meanwhile: async (id) => {
      const labels = { [LABEL.rebasable]: "false" };
      await world.deploy(id, await storeAppImage(world.images, world.first, { content: "fixed", labels }));
    },
    turn: /^skipped: the image says it must not be rebased/,
    history: () => [
      ...BEFORE.slice(0, 1),
      "v2 succeeded: Deploy 00000000",
      "v3 succeeded current: Deploy 00000000",
    ],
  },
  {
    name: "an app whose image is not in the store is left as it is",
    meanwhile: async (id) => world.images.remove((await world.current(id))?.imageDigest ?? ""),
    turn: /^skipped: Couldn't find that image/,
    history: () => BEFORE,
  },
  {
    name: "an app that is gone has no turn",
    meanwhile: (id) => deleteApp(world.db, id),
    turn: /^$/,
    history: () => [],
  },
];

describe.each(rows)("$name", ({ sight, meanwhile, turn, history }) => {
  async function begin() {
    const app = await world.standingApp(`content ${Math.random()}`);
    if (sight) world.sights.set(app.id, sight);
    const pass = await world.start();
    expect(await world.look(pass.id)).toEqual([app.id]);
    await meanwhile?.(app.id);
    return { app, pass };
  }

  async function goOn(appId: string, passId: string) {
    for (let steps = 0; steps < 30 && (await listAppsUnderWay(world.db)).length > 0; steps++) {
      await world.round(appId);
      world.pass(20);
    }
    await world.settle(passId);
  }

  async function check({ app, pass }: Awaited<ReturnType<typeof begin>>) {
    expect((await world.turns(pass.id))[app.name] ?? "").toMatch(turn);
    expect(await world.history(app.id)).toEqual(history());
    const current = await world.current(app.id);
    if (!current?.description.startsWith("Rebase")) return;
    expect(current).toMatchObject({ cause: "rebase", actor: pass.actor });
    expect(current.imageInfo?.runImage).toEqual({
      ...{ name: world.patched.name, topLayer: world.patched.topLayer, digest: world.patched.digest },
    });
    expect(await readImageInfo(world.images, current.imageDigest ?? "")).toEqual(current.imageInfo);
    expect(world.said.filter((one) => one === `${app.id} ${current.imageDigest}`)).toHaveLength(1);
  }

  test("in rounds that nothing disturbs, and more change nothing", async () => {
    const begun = await begin();
    await goOn(begun.app.id, begun.pass.id);
    await check(begun);
    await world.round(begun.app.id);
    await check(begun);
  });
});

test("a process that is killed at any step, and another that goes on, release once and go back once", async () => {
  const killed = await killAtEveryStep(async (process) => {
    const app = await world.standingApp("killed");
    world.sights.set(app.id, failsOn(/^Rebase/));
    const pass = await world.start();
    await world.look(pass.id);
    await untilKilled(world.round(app.id, process));
    const revive = async () => {
      await world.round(app.id);
      expect(await world.history(app.id)).toEqual(BACK());
      expect(await findTurnUnderWay(world.db, app.id)).toBeUndefined();
      await changePass("stop", world.deps);
      await deleteApp(world.db, app.id);
    };
    return { revive };
  });
  expect(killed).toBeGreaterThan(25);
});

describe("an app whose image is an index", () => {
  /** Its images stand on the first build, each for its processors. */
  async function standingIndex(content: string) {
    const arm = await storeRunImage(world.images, "1", { architecture: "arm64" });
    const app = await world.newApp();
    const digests = [
      await storeAppImage(world.images, world.first, { content }),
      await storeAppImage(world.images, arm, { content }),
    ];
    const info = await storeIndex(world.images, digests);
    await world.deploy(app.id, info.digest, info);
    return { app, info };
  }

  async function passOnto(runImage: Awaited<ReturnType<typeof storeRunImage>>) {
    const runImages = { ...world.deps.runImages, bring: async () => runImage };
    const pass = await startPass({ runImage: "patched" }, world.actor, { ...world.deps, runImages });
    await world.look(pass.id);
    return pass;
  }

  test("gets an index of each image on the run image for its processors", async () => {
    const { app, info } = await standingIndex("both");
    const patchedArm = await storeRunImage(world.images, "2", { architecture: "arm64" });
    const pass = await passOnto({ ...world.patched, ...joinBuilds(world.patched, patchedArm) });
    await world.round(app.id);
    expect((await world.turns(pass.id))[app.name]).toMatch(/^watching/);
    const current = await world.current(app.id);
    const { imageInfo, imageDigest = "" } = current ?? {};
    expect(imageInfo).toMatchObject({ architecture: "amd64", processes: info.processes });
    expect(await readPlatforms(world.images, imageDigest ?? "")).toEqual(imageInfo?.platforms);
    const bases = await Promise.all(
      (imageInfo?.platforms ?? []).map(async ({ architecture, digest }) => [
        architecture,
        (await readImageInfo(world.images, digest)).runImage.digest,
      ]),
    );
    expect(bases).toEqual([
      ["amd64", world.patched.digest],
      ["arm64", patchedArm.digest],
    ]);
    expect(world.said).toContain(`${app.id} ${imageDigest}`);
  });

  test("is left as it is where the run image is not at hand for all of its processors", async () => {
    const { app } = await standingIndex("half");
    const pass = await passOnto(world.patched);
    await world.round(app.id);
    expect((await world.turns(pass.id))[app.name]).toBe("skipped: example/run:1 is not at hand for arm64");
    expect(await world.history(app.id)).toEqual(BEFORE);
  });
});

describe("what happens beside", () => {
  test("two that act at once make one release", async () => {
    const app = await world.standingApp("twice");
    const pass = await world.start();
    await world.look(pass.id);
    await Promise.all([world.round(app.id), world.round(app.id), world.round(app.id)]);
    expect(await world.history(app.id)).toEqual(REBASED());
  });

  test("a release of the owner while the image is made wins", async () => {
    const app = await world.standingApp("raced");
    const pass = await world.start();
    await world.look(pass.id);
    const keep = world.deps.rebased.keep;
    const rebased = {
      ...world.deps.rebased,
      keep: async (...given: Parameters<typeof keep>) => {
        await changeAppConfig({ appId: app.id, actor: world.actor, change: { A: "1" } }, world);
        await keep(...given);
      },
    };
    await reconcileRebase(app.id, { ...world.deps, rebased });
    expect((await world.turns(pass.id))[app.name]).toBe("skipped: v3 was released meanwhile");
    expect((await world.history(app.id)).at(-1)).toBe("v3 succeeded current: Set A config vars");
  });

  test("a release of the owner while dynos are watched wins, also when they crash", async () => {
    const app = await world.standingApp("watched");
    const pass = await world.start();
    await world.look(pass.id);
    await world.round(app.id);
    await changeAppConfig({ appId: app.id, actor: world.actor, change: { A: "1" } }, world);
    world.sights.set(app.id, () => ({ wanted: 1, dynos: [crashed()] }));
    await world.settle(pass.id);
    expect((await world.turns(pass.id))[app.name]).toBe("skipped: v3 was overtaken by a newer release");
    expect((await world.history(app.id)).at(-1)).toBe("v4 succeeded current: Set A config vars");
  });

  test.each([
    [0, /^done: v3$/],
    [1, /^failed: the release command of v3 failed$/],
  ])("a release command that ends with %i", async (exitCode, turn) => {
    const app = await world.standingApp("migrating");
    await world.deploy(
      app.id,
      await storeAppImage(world.images, world.first, {
        content: "m",
        processes: { web: "serve", release: "migrate" },
      }),
    );
    const command = { run: async () => exitCode };
    const outputs = { begin: async () => {}, append: async () => {}, end: async () => {} };
    const runCommand = () =>
      reconcileReleases(
        app.id,
        { ...world, command, outputs: outputs as never },
        new AbortController().signal,
      );
    const first = { run: async () => 0 };
    await reconcileReleases(
      app.id,
      { ...world, command: first, outputs: outputs as never },
      new AbortController().signal,
    );
    const pass = await world.start();
    await world.look(pass.id);
    expect(await world.round(app.id)).toMatchObject({ kind: "waiting", reason: "release" });
    await runCommand();
    await world.settle(pass.id);
    world.pass(61);
    await world.settle(pass.id);
    expect((await world.turns(pass.id))[app.name]).toMatch(new RegExp(turn.source.replace("v3", "v4")));
    expect(await world.current(app.id)).toMatchObject({ version: exitCode === 0 ? 4 : 3 });
  });

  test("an engine that is not seen is waited for", async () => {
    const app = await world.standingApp("away");
    const pass = await world.start();
    await world.look(pass.id);
    world.sights.set(app.id, () => undefined);
    expect(await world.round(app.id)).toMatchObject({ kind: "waiting", reason: "engine-away" });
    expect(await world.history(app.id)).toEqual(BEFORE);
  });

  test("a store that is away is told, and tried again", async () => {
    const app = await world.standingApp("stored");
    const pass = await world.start();
    await world.look(pass.id);
    const rebased = { ...world.deps.rebased, keep: () => Promise.reject(new Error("the registry is away.")) };
    await expect(reconcileRebase(app.id, { ...world.deps, rebased })).rejects.toThrow("away");
    expect((await world.turns(pass.id))[app.name]).toBe("due: the registry is away. It is tried again.");
    await world.round(app.id);
    expect(await world.history(app.id)).toEqual(REBASED());
  });

  test("a run image that cannot be read is no app's fault", async () => {
    const app = await world.standingApp("baseless");
    const gone = await storeRunImage(world.images, "gone");
    const bring = async () => gone;
    const runImages = { ...world.deps.runImages, bring };
    const pass = await startPass({ runImage: gone.digest }, world.actor, { ...world.deps, runImages });
    await world.look(pass.id);
    await world.images.remove(gone.digest);
    await expect(world.round(app.id)).rejects.toThrow("cannot be read");
    expect((await world.turns(pass.id))[app.name]).toMatch(/^due: The run image .* cannot be read/);
  });
});
