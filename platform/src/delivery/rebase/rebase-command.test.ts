import { describe, expect, test } from "vitest";
import { NO_APPS } from "./plan-pass.ts";
import { parseRebaseArguments, RebaseUsage, runRebaseCommand } from "./rebase-command.ts";
import type { ShownPass } from "./show-rebase.ts";

const RUN_IMAGE = {
  name: "conifer/run:debian-12",
  digest: `sha256:${"b".repeat(64)}`,
  topLayer: `sha256:${"2".repeat(64)}`,
};

const pass = (parts: Partial<ShownPass> = {}): ShownPass => ({
  ...{ id: "p", status: "running", run_image: RUN_IMAGE, wave: 1, waves: [NO_APPS, NO_APPS] },
  apps: { ...NO_APPS, waiting: 3, due: 1, done: 2 },
  ...{ max_failures: "1%", at_once: 20, watch_seconds: 60, message: null },
  ...{ started_at: "2026-01-01T00:00:00Z", finished_at: null },
  ...parts,
});

async function run(args: readonly string[], ...answers: readonly unknown[]) {
  const calls: unknown[] = [];
  const printed: string[] = [];
  const left = [...answers];
  const status = await runRebaseCommand(args, {
    command: "rebase",
    call: async (route, body) => {
      calls.push(body === undefined ? route : [route, JSON.parse(JSON.stringify(body))]);
      return left.shift();
    },
    print: (text) => printed.push(text),
    pause: async () => {},
  });
  return { calls, printed, status };
}

describe("the command line", () => {
  test.each([
    [["restart"], "There is no"],
    [["start", "now"], "There is no"],
    [["--fast"], "Unknown option"],
    [["pause", "--wait"], "--wait belongs to status and start"],
    [["status", "--dry-run"], "--dry-run belongs to start"],
    [["start", "--state", "failed"], "--state belongs to apps"],
  ])("%j is wrong", (args, why) => {
    expect(() => parseRebaseArguments(args)).toThrow(RebaseUsage);
    expect(() => parseRebaseArguments(args)).toThrow(why);
  });

  test("numbers must be numbers, before anything is called", async () => {
    await expect(run(["start", "--at-once", "many"])).rejects.toThrow(
      '--at-once takes a number, not "many".',
    );
  });

  test("help is printed without a call", async () => {
    const { printed, calls, status } = await run(["--help"]);
    expect([calls, status]).toEqual([[], 0]);
    expect(printed[0]).toContain("Exit status:");
  });
});

describe("what is called and printed", () => {
  test("status: what apps stand on, what is newer, what to do", async () => {
    const base = {
      name: RUN_IMAGE.name,
      digest: null,
      top_layer: `sha256:${"1".repeat(64)}`,
      apps: 12,
      state: "behind",
    };
    const container = { name: "", digest: null, top_layer: "", apps: 1, state: "other" };
    const { calls, printed, status } = await run([], {
      run_images: [RUN_IMAGE],
      bases: [base, container],
      pass: null,
    });
    expect([calls, status]).toEqual([["GET /rebase"], 0]);
    expect(printed[0]?.split("\n")).toEqual([
      "Run images:",
      "  conifer/run:debian-12  bbbbbbbbbbbb",
      "Apps stand on:",
      "  12  conifer/run:debian-12  layer 111111111111  another build is there",
      "  1   container images       -                   not rebased",
      "Bring them onto it: rebase start",
    ]);
  });

  test("start passes everything on", async () => {
    const args = [
      "start",
      "--run-image",
      "/x",
      "--as",
      "a",
      "--waves",
      "1",
      "--max-failures",
      "2",
      "--at-once",
      "5",
    ];
    const { calls, printed } = await run([...args, "--watch-seconds", "9"], { pass: pass() });
    const wanted = { run_image: "/x", as: "a", waves: "1", max_failures: "2", at_once: 5, watch_seconds: 9 };
    expect(calls).toEqual([["POST /rebase", wanted]]);
    expect(printed).toEqual([
      "Pass onto conifer/run:debian-12 (bbbbbbbbbbbb): under way, wave 1 of 2; 2 of 6 done, 1 under way, 3 waiting.\nFollow it: rebase status --wait",
    ]);
  });

  test.each([
    [1, "1 app would be put on conifer/run:debian-12 (bbbbbbbbbbbb), in waves of 1, 2."],
    [3, "3 apps would be put on conifer/run:debian-12 (bbbbbbbbbbbb), in waves of 1, 2."],
    [0, "No app stands on another build of conifer/run:debian-12: there is nothing to rebase."],
  ])("start --dry-run with %i apps", async (apps, text) => {
    const { calls, printed } = await run(["start", "--dry-run"], {
      plan: { run_image: RUN_IMAGE, apps, waves: [1, 2] },
    });
    expect(calls).toEqual([["POST /rebase", { dry_run: true }]]);
    expect(printed).toEqual([text]);
  });

  test.each([
    ["done", 0],
    ["halted", 3],
    ["paused", 3],
    ["stopped", 3],
  ] as const)("--wait prints each change once, until the pass is %s", async (ended, status) => {
    const on = { pass: pass() };
    const last = { pass: pass({ status: ended, message: ended === "halted" ? "web.1 crashed" : null }) };
    const outcome = await run(["status", "--wait"], on, on, on, last);
    expect(outcome.calls).toHaveLength(4);
    expect(outcome.printed).toHaveLength(2);
    expect(outcome.status).toBe(status);
    if (ended === "halted") expect(outcome.printed[1]).toContain("web.1 crashed");
  });

  test("start --wait follows what it has started", async () => {
    const { calls, status } = await run(
      ["start", "--wait"],
      { pass: pass() },
      { pass: pass({ status: "done" }) },
    );
    expect(calls).toEqual([["POST /rebase", {}], "GET /rebase"]);
    expect(status).toBe(0);
  });

  test("--wait without a pass", async () => {
    expect(await run(["status", "--wait"], { pass: null })).toMatchObject({
      printed: ["There was no pass yet."],
      status: 0,
    });
  });

  test("apps, of one state", async () => {
    const apps = [
      { app: "one", wave: 1, state: "failed", message: "web.1 crashed" },
      { app: "another", wave: 12, state: "done", message: null },
    ];
    const { calls, printed } = await run(["apps", "--state", "failed"], { apps });
    expect(calls).toEqual(["GET /rebase/apps?state=failed"]);
    expect(printed[0]?.split("\n")).toEqual([
      "  one      wave 1   failed  web.1 crashed",
      "  another  wave 12  done",
    ]);
    expect((await run(["apps"], { apps: [] })).printed).toEqual(["There are none."]);
  });

  test.each(["pause", "resume", "stop"])("%s", async (verb) => {
    const { calls, printed } = await run([verb], { pass: pass({ status: "paused" }) });
    expect(calls).toEqual([`POST /rebase/${verb}`]);
    expect(printed[0]).toContain("paused, wave 1 of 2");
  });

  test("--json prints the answer", async () => {
    const answer = { run_images: [], bases: [], pass: null };
    expect((await run(["--json"], answer)).printed).toEqual([JSON.stringify(answer)]);
  });
});
