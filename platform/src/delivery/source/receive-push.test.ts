import { Readable } from "node:stream";
import { beforeEach, describe, expect, it } from "vitest";
import { BusinessError, silentLogger } from "../../kernel/index.ts";
import { makeKeptLog } from "../../kernel/kept-log-fixtures.ts";
import { makeReceivePush, type PushDependencies } from "./receive-push.ts";
import { ann, eventually, scriptedBuilds } from "./source-fixtures.ts";
import type { CommitDescription, GitRepositories, PushNews, RefCommand } from "./source-ports.ts";
import { fakeSourceStore } from "./source-store-fake.ts";
import { streamOf, tarOf } from "./tar-fixtures.ts";

const A = "a".repeat(40);
const B = "b".repeat(40);
const app = { id: "app-1", name: "sushi" };

let refs: Map<string, string>;
let described: CommitDescription;
let exported: () => Promise<Readable>;
let scripted: ReturnType<typeof scriptedBuilds>;
let sources: ReturnType<typeof fakeSourceStore>;

beforeEach(() => {
  refs = new Map();
  described = { subject: "First", submodules: [] };
  exported = async () => streamOf(await tarOf({ name: "index.html", content: "hello" }));
  sources = fakeSourceStore();
  scripted = scriptedBuilds(async (_app, ref, commit) => void refs.set(ref, commit));
});

function receiver(more: Partial<PushDependencies> = {}) {
  const repositories: GitRepositories = {
    readRef: async (_app, ref) => refs.get(ref),
    moveRef: async (_app, ref, { to }) => void refs.set(ref, to),
    describeCommit: async () => described,
    exportCommit: () =>
      Readable.from(
        (async function* () {
          yield* await exported();
        })(),
        { objectMode: false },
      ),
    remove: async () => {},
  };
  return makeReceivePush({ repositories, sources, logger: silentLogger, ...scripted, ...more })(app, ann);
}

/** A push in progress: what it has shown so far, and its last answers. */
function push(command: Partial<RefCommand> = {}, more: Partial<PushDependencies> = {}) {
  const leaving = new AbortController();
  const state = {
    text: "",
    answers: undefined as unknown,
    leave: () => leaving.abort(),
    ended: Promise.resolve(),
  };
  const take = async (stream: AsyncIterable<PushNews>) => {
    for await (const news of stream) {
      if (news.kind === "output") state.text += news.text;
      else state.answers = news.answers;
    }
  };
  state.ended = take(receiver(more)([{ ref: "refs/heads/main", to: A, ...command }], leaving.signal));
  return state;
}

const moved = [{ kind: "moved", ref: "refs/heads/main" }];
const refusedWith = (reason: string) => [{ kind: "refused", ref: "refs/heads/main", reason }];

describe("a push", () => {
  it("stores the source before the build is recorded, and answers when the ref has moved", async () => {
    const waiting = push();
    await eventually(() => scripted.builds.length === 1, "the build");
    const build = scripted.builds[0];
    expect(build).toMatchObject({
      appId: "app-1",
      principal: ann,
      commit: A,
      commitMessage: "First",
      ref: "refs/heads/main",
    });
    expect(await sources.has(build?.source ?? "")).toBe(true);
    build?.say("-----> Building\n");
    await eventually(() => waiting.text.includes("-----> Building"), "the line");
    expect(waiting.answers).toBeUndefined();
    await build?.finish("succeeded");
    await waiting.ended;
    expect(waiting.answers).toEqual(moved);
    expect(waiting.text).toBe("Compressing source files... done.\nBuilding source:\n\n-----> Building\n");
  });

  it.each([
    ["failed", "No buildpack takes it.", "build failed", /No buildpack takes it\.\n ! {5}Push rejected/],
    ["failed", undefined, "build failed", /The build failed\./],
    ["cancelled", undefined, "build cancelled", /The build was cancelled\./],
  ] as const)("is refused when its build is %s (%s)", async (status, message, reason, text) => {
    const waiting = push();
    await eventually(() => scripted.builds.length === 1, "the build");
    await scripted.builds[0]?.finish(status, message);
    await waiting.ended;
    expect(waiting.answers).toEqual(refusedWith(reason));
    expect(waiting.text).toMatch(text);
    expect(refs.size).toBe(0);
  });

  it("does not repeat a reason that the build's output has told", async () => {
    const waiting = push();
    await eventually(() => scripted.builds.length === 1, "the build");
    scripted.builds[0]?.say(" !     Push failed: No buildpack takes it.\n !     Add a Procfile.\n");
    await scripted.builds[0]?.finish("failed", "No buildpack takes it.\nAdd a Procfile.");
    await waiting.ended;
    expect(waiting.text.split("No buildpack takes it.")).toHaveLength(2);
    expect(waiting.text).toContain(" !     Push rejected: nothing was deployed.");
  });

  it("records the builds of one app in the order the pushes came, however long each takes", async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const sourceOf = exported;
    exported = async () => {
      await gate;
      return await sourceOf();
    };
    const receivePush = receiver();
    const start = async (to: string) => {
      for await (const news of receivePush([{ ref: "refs/heads/main", to }], new AbortController().signal)) {
        if (news.kind === "answers") return news.answers;
      }
      return [];
    };
    const first = start(A);
    const second = start(B);
    exported = sourceOf;
    release();
    await eventually(() => scripted.builds.length === 2, "both builds");
    expect(scripted.builds.map(({ commit }) => commit)).toEqual([A, B]);
    for (const build of scripted.builds) await build.finish("succeeded");
    expect([await first, await second]).toEqual([moved, moved]);
  });

  it("takes the next push although the one before was refused", async () => {
    const sourceOf = exported;
    exported = async () => {
      throw new Error("git failed");
    };
    const first = push();
    await first.ended;
    exported = sourceOf;
    const second = push();
    await eventually(() => scripted.builds.length === 1, "the build");
    await scripted.builds[0]?.finish("succeeded");
    await second.ended;
    expect(second.answers).toEqual(moved);
  });
});

describe("when the client goes away", () => {
  it("stops watching and leaves the build alone", async () => {
    const waiting = push();
    await eventually(() => scripted.builds[0]?.followers === 1, "the build is followed");
    waiting.leave();
    await waiting.ended;
    expect(scripted.builds[0]?.followers).toBe(0);
    await scripted.builds[0]?.finish("succeeded");
    expect(refs.get("refs/heads/main")).toBe(A);
  });

  it("records no build when it was not accepted yet", async () => {
    const waiting = push();
    waiting.leave();
    await waiting.ended;
    expect(scripted.builds).toEqual([]);
    expect(waiting.text).toContain("Conifer is stopping. Push again in a moment.");
  });
});

it("is content with a branch that an earlier push, whose client was gone, has moved meanwhile", async () => {
  refs.set("refs/heads/main", A);
  const waiting = push({ from: B });
  await waiting.ended;
  expect(waiting.text).toContain("An earlier push has deployed this: main is at aaaaaaa now");
  expect(waiting.answers).toEqual(moved);
  expect(scripted.builds).toEqual([]);
});

describe("what is refused before a build is recorded", () => {
  const describeAs = (submodules: string[]) => {
    described = { subject: "x", submodules };
  };
  const exportAs = (make: typeof exported) => {
    exported = make;
  };
  const emptyTar = async () => streamOf(await tarOf());
  const setups: [string, () => unknown, RegExp][] = [
    [
      "a branch that was moved",
      () => refs.set("refs/heads/main", B),
      /main is now at bbbbbbb: somebody else has deployed/,
    ],
    ["submodules", () => describeAs(["a", "b", "c", "d", "e", "f"]), /has submodules[\s\S]*and 1 more/],
    ["no files", () => exportAs(emptyTar), /no files/],
    [
      "a failing git",
      () => exportAs(() => Promise.reject(new Error("disk full"))),
      /could not take it in \(error [0-9a-f-]{36}\)/,
    ],
  ];
  it.each(setups)("%s", async (_what, setUp, message) => {
    setUp();
    const waiting = push();
    await waiting.ended;
    expect(waiting.text).toMatch(message);
    expect(waiting.answers).toEqual(refusedWith("push rejected"));
    expect(scripted.builds).toEqual([]);
  });

  it("a branch that is gone", async () => {
    const waiting = push({ from: B });
    await waiting.ended;
    expect(waiting.text).toContain("main is gone");
  });

  it("a build that may not be recorded, in its own words", async () => {
    const createBuild = async () => {
      throw new BusinessError("forbidden", "The app is suspended.");
    };
    const waiting = push({}, { createBuild });
    await waiting.ended;
    expect(waiting.text).toContain(" !     Push rejected: The app is suspended.");
  });
});

it("does not call a build failed because Conifer stopped watching", async () => {
  const followBuild: PushDependencies["followBuild"] = async function* (_id, signal) {
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    yield { kind: "result", status: "failed" };
  };
  const waiting = push({}, { followBuild });
  await eventually(() => scripted.builds.length === 1, "the build");
  waiting.leave();
  await waiting.ended;
  expect(waiting.text).not.toContain("The build failed.");
  expect(waiting.text).toContain("which goes on");
});

it.each([
  ["breaks off", () => Promise.reject(new Error("store away"))],
  ["ends without a result", () => Promise.resolve()],
])("says that the build goes on when the watching %s", async (_what, end) => {
  const followBuild: PushDependencies["followBuild"] = async function* () {
    yield { kind: "output", text: "line\n" };
    await end();
  };
  const waiting = push({}, { followBuild });
  await waiting.ended;
  expect(waiting.text).toMatch(/line\n[\s\S]*can no longer show this build, which goes on/);
  expect(waiting.answers).toEqual(refusedWith("build not followed to its end"));
});

describe("an error of ours is one line in the log, under the id that the push shows", () => {
  it.each([
    [
      "taking the push in",
      () => {
        exported = () => Promise.reject(new Error("disk full"));
      },
      "a push could not be taken in",
    ],
    ["following the build", () => {}, "a push lost sight of its build"],
  ])("%s", async (_what, setUp, message) => {
    setUp();
    const log = makeKeptLog();
    const followBuild: PushDependencies["followBuild"] = async function* () {
      yield { kind: "output", text: "line\n" };
      throw new Error("store away");
    };
    const waiting = push({}, { followBuild, logger: log.logger });
    await waiting.ended;
    expect(log.linesOfIdIn(waiting.text)).toMatchObject([{ level: "error", message }]);
    expect(waiting.text).not.toMatch(/disk full|store away/);
  });
});

it("answers the other refs of the push as well", async () => {
  const seen: PushNews[] = [];
  const commands = [
    { ref: "refs/heads/x", to: A },
    { ref: "refs/heads/main", to: A },
  ];
  const take = async () => {
    for await (const news of receiver()(commands, new AbortController().signal)) seen.push(news);
  };
  const ended = take();
  await eventually(() => scripted.builds.length === 1, "the build");
  await scripted.builds[0]?.finish("succeeded");
  await ended;
  expect(seen.at(-1)).toEqual({
    kind: "answers",
    answers: [{ kind: "store", ref: "refs/heads/x" }, ...moved],
  });
});
