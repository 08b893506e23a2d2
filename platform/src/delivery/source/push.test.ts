import { describe, expect, it } from "vitest";
import { planPush, refusal } from "./push.ts";
import type { RefCommand } from "./source-ports.ts";

const A = "a".repeat(40);
const B = "b".repeat(40);
const main = (more: Partial<RefCommand> = {}): RefCommand => ({ ref: "refs/heads/main", to: B, ...more });

describe("planPush", () => {
  it("builds main, and master", () => {
    expect(planPush([main({ from: A })])).toEqual({
      answers: [],
      notices: [],
      deploy: { ref: "refs/heads/main", branch: "main", commit: B, from: A },
    });
    expect(planPush([main({ ref: "refs/heads/master" })]).deploy).toEqual({
      ref: "refs/heads/master",
      branch: "master",
      commit: B,
    });
  });

  it.each([
    "refs/heads/feature",
    "refs/heads/main/x",
    "refs/heads/Main",
    "refs/tags/main",
    "refs/notes/commits",
  ])("stores %s", (ref) => {
    const plan = planPush([{ ref, to: B }]);
    expect(plan).toMatchObject({ answers: [{ kind: "store", ref }] });
    expect(plan.deploy).toBeUndefined();
    expect(plan.notices.join("")).toMatch(/not built|nothing is built/);
  });

  it("says nothing about a branch that is deleted", () => {
    expect(planPush([{ ref: "refs/heads/feature", from: A }])).toEqual({
      answers: [{ kind: "store", ref: "refs/heads/feature" }],
      notices: [],
    });
  });

  it("refuses to delete main", () => {
    const plan = planPush([{ ref: "refs/heads/main", from: A }]);
    expect(plan.answers).toEqual([{ kind: "refused", ref: "refs/heads/main", reason: "cannot be deleted" }]);
    expect(plan.deploy).toBeUndefined();
  });

  it("builds one of main and master", () => {
    const plan = planPush([main(), main({ ref: "refs/heads/master" }), { ref: "refs/heads/x", to: A }]);
    expect(plan.deploy?.branch).toBe("main");
    expect(plan.answers).toEqual([
      { kind: "refused", ref: "refs/heads/master", reason: "main is deployed by this push" },
      { kind: "store", ref: "refs/heads/x" },
    ]);
  });

  it("answers every command but the one that is built", () => {
    const commands = [
      main(),
      { ref: "refs/heads/x", to: A },
      { ref: "refs/tags/y", from: A },
      { ref: "refs/heads/master", from: A },
    ];
    expect(planPush(commands).answers.map(({ ref }) => ref)).toEqual([
      "refs/heads/x",
      "refs/tags/y",
      "refs/heads/master",
    ]);
  });
});

it("marks every line of a refusal as Heroku does", () => {
  expect(refusal("One.\nTwo.\n")).toBe("\n !     One.\n !     Two.\n\n");
});
