import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { newId } from "../../kernel/index.ts";
import { makeFakeOutputStore, startTestDelivery, type TestDelivery } from "../release/delivery-fixtures.ts";
import { releaseAnImage } from "../release/release-fixtures.ts";
import type { FollowedBuild } from "../source/index.ts";
import { updatePendingBuild } from "./build-store.ts";
import { createBuild } from "./create-build.ts";
import { followBuild } from "./follow-build.ts";

let world: TestDelivery;
let outputs: ReturnType<typeof makeFakeOutputStore>;
let appId: string;

beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());
beforeEach(async () => {
  outputs = makeFakeOutputStore();
  appId = (await world.newApp()).id;
});

const accept = () => createBuild({ appId, actor: world.actor, sourceDigest: "source" }, world);
const end = (id: string, change: Parameters<typeof updatePendingBuild>[2]) =>
  updatePendingBuild(world.db, id, change, new Date());

/** Follows a build; `seen` grows with what comes. */
function follow(id: string, signal = new AbortController().signal) {
  const seen: FollowedBuild[] = [];
  const whole = (async () => {
    for await (const news of followBuild(id, { db: world.db, outputs }, signal)) seen.push(news);
    return seen;
  })();
  const text = () => seen.map((news) => (news.kind === "output" ? news.text : "")).join("");
  return { seen, text, whole };
}

describe("following a build", () => {
  test("shows its output as it comes, and ends with its result", async () => {
    const { id } = await accept();
    const following = follow(id);
    await outputs.begin(id);
    await outputs.append(id, "one\n");
    await vi.waitFor(() => expect(following.text()).toBe("one\n"));
    await outputs.append(id, "two\n");
    const { id: releaseId } = await releaseAnImage(world, appId, { web: "serve" });
    await end(id, { status: "succeeded", releaseId });
    await outputs.end(id);
    await following.whole;
    expect(following.text()).toBe("one\ntwo\n");
    expect(following.seen.at(-1)).toEqual({ kind: "result", status: "succeeded", releaseVersion: 2 });
  });

  test("says what a build in line waits for", async () => {
    const [first, second, third] = [await accept(), await accept(), await accept()];
    const stop = new AbortController();
    const followings = [first, second, third].map(({ id }) => follow(id, stop.signal));
    await vi.waitFor(() =>
      expect(followings.map(({ text }) => text())).toEqual([
        "",
        "-----> Waiting for another build of this app to finish...\n",
        "-----> Waiting for 2 other builds of this app to finish...\n",
      ]),
    );
    stop.abort();
    await Promise.all(followings.map(({ whole }) => whole));
  });

  test("of another app does not wait", async () => {
    await accept();
    appId = (await world.newApp()).id;
    const { id } = await accept();
    await outputs.begin(id);
    await outputs.end(id);
    await end(id, { status: "failed", message: "No." });
    expect(await follow(id).whole).toEqual([{ kind: "result", status: "failed", message: "No." }]);
  });

  test("can begin in the middle and after the end: everyone sees the same", async () => {
    const { id } = await accept();
    await outputs.begin(id);
    await outputs.append(id, "one\n");
    const middle = follow(id);
    await vi.waitFor(() => expect(middle.text()).toBe("one\n"));
    await outputs.append(id, "two\n");
    await end(id, { status: "failed", message: "It broke." });
    await outputs.end(id);
    await middle.whole;
    const late = follow(id);
    await late.whole;
    expect([middle.text(), late.text()]).toEqual(["one\ntwo\n", "one\ntwo\n"]);
    expect(late.seen.at(-1)).toEqual({ kind: "result", status: "failed", message: "It broke." });
  });

  test("ends when the build is cancelled before it had its turn", async () => {
    await accept();
    const { id } = await accept();
    const following = follow(id);
    await vi.waitFor(() => expect(following.text()).toContain("Waiting"));
    await end(id, { status: "cancelled", message: "The build was cancelled." });
    expect((await following.whole).at(-1)).toEqual({
      kind: "result",
      status: "cancelled",
      message: "The build was cancelled.",
    });
  });

  test("stops at an abort, and the build is none the wiser", async () => {
    const { id } = await accept();
    await outputs.begin(id);
    const stop = new AbortController();
    const following = follow(id, stop.signal);
    await outputs.append(id, "one\n");
    await vi.waitFor(() => expect(following.text()).toBe("one\n"));
    stop.abort();
    expect((await following.whole).at(-1)).toEqual({ kind: "result", status: "failed" });
  });

  test("that nobody knows is refused", async () => {
    await expect(follow(newId()).whole).rejects.toMatchObject({ id: "not_found" });
  });

  test("whose output breaks off tells its follower", async () => {
    const { id } = await accept();
    const broken = {
      ...outputs,
      // biome-ignore lint/correctness/useYield: it breaks off before it has anything to say
      read: async function* () {
        throw new Error("the disk is gone");
      },
    };
    const following = followBuild(id, { db: world.db, outputs: broken }, new AbortController().signal);
    await end(id, { status: "failed", message: "No." });
    expect((await following.next()).value).toMatchObject({ kind: "result", status: "failed" });
  });
});
