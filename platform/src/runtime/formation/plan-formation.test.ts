import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormationModel, webModel } from "./formation-world-fixtures.ts";
import { planFormation } from "./plan-formation.ts";

const names = (model: FormationModel, type = "web") =>
  model
    .of(type)
    .map(({ index, key, duty }) => `${index}:${key}:${duty}`)
    .sort();

describe("web dynos", () => {
  test("start as many as wanted, serving at once when there is nothing to replace", () => {
    const model = new FormationModel();
    model.wanted = [{ type: "web", quantity: 2, key: "k1" }];
    expect(model.settle()).toEqual([
      { kind: "start", type: "web", index: 1, duty: "serve" },
      { kind: "start", type: "web", index: 2, duty: "serve" },
    ]);
  });

  test("a release starts successors beside the old ones and switches when all are up", () => {
    const model = webModel(2);
    model.release("k2", "r2");
    model.settle();
    expect(names(model)).toEqual(["1:k1:serve", "1:k2:stand-by", "2:k1:serve", "2:k2:stand-by"]);
    model.set("d3", { kind: "up" });
    expect(model.settle()).toEqual([]);
    model.bootAll();
    model.settle();
    expect(names(model)).toEqual(["1:k1:warm", "1:k2:serve", "2:k1:warm", "2:k2:serve"]);
  });

  test("a release that changes nothing they hold replaces them all the same", () => {
    const model = webModel(2);
    model.release("k1", "r2");
    model.settle();
    expect(names(model)).toEqual(["1:k1:serve", "1:k1:stand-by", "2:k1:serve", "2:k1:stand-by"]);
    model.bootAll();
    model.settle();
    expect(model.serving().map(({ id, releaseId }) => [id, releaseId])).toEqual([
      ["d3", "r2"],
      ["d4", "r2"],
    ]);
  });

  test("a release that does not boot leaves the old ones serving, and a fix takes over from them", () => {
    const model = webModel(1);
    model.release("k2", "r2");
    model.settle();
    model.set("d2", { kind: "crashed", reason: "exit", exitCode: 1 });
    expect(model.settle()).toEqual([]);
    expect(model.serving().map(({ id }) => id)).toEqual(["d1"]);
    model.release("k3", "r3");
    model.settle();
    expect(names(model)).toEqual(["1:k1:serve", "1:k3:stand-by"]);
    model.bootAll();
    model.settle();
    expect(model.serving().map(({ key }) => key)).toEqual(["k3"]);
  });

  test("when some successors fail, those that are up take over and the others' predecessors go on", () => {
    const model = webModel(2);
    model.release("k2", "r2");
    model.settle();
    model.set("d3", { kind: "up" });
    model.set("d4", { kind: "crashed", reason: "exit" });
    model.settle();
    expect(names(model)).toEqual(["1:k1:warm", "1:k2:serve", "2:k1:serve", "2:k2:stand-by"]);
    model.set("d4", { kind: "up" });
    model.settle();
    expect(model.serving().map(({ key }) => key)).toEqual(["k2", "k2"]);
  });

  test("a rollback to the warm release takes effect without starting anything", () => {
    const model = webModel(2);
    model.release("k2", "r2");
    model.settle();
    model.bootAll();
    model.settle();
    model.release("k1", "r3");
    const steps = model.settle();
    expect(steps.filter(({ kind }) => kind === "start")).toEqual([]);
    expect(model.serving().map(({ id, releaseId }) => [id, releaseId])).toEqual([
      ["d1", "r3"],
      ["d2", "r3"],
    ]);
    expect(model.warm().map(({ key }) => key)).toEqual(["k2", "k2"]);
  });

  test("a rollback with too few warm dynos uses them and starts the rest", () => {
    const model = webModel(2);
    model.warmBudget = 1;
    model.release("k2", "r2");
    model.settle();
    model.bootAll();
    model.settle();
    expect(model.warm()).toHaveLength(1);
    model.release("k1", "r3");
    model.settle();
    expect(model.of("web").filter(({ key }) => key === "k1")).toHaveLength(2);
    model.bootAll();
    model.settle();
    expect(model.serving().map(({ key }) => key)).toEqual(["k1", "k1"]);
  });

  test("warm dynos stop when their time is over, and sooner when newer ones are kept", () => {
    const model = webModel(1);
    model.release("k2", "r2");
    model.settle();
    model.bootAll();
    model.settle();
    model.release("k3", "r3");
    model.settle();
    model.bootAll();
    model.settle();
    expect(model.warm().map(({ key }) => key)).toEqual(["k2"]);
    model.now = new Date(model.now.getTime() + 600_000);
    model.settle();
    expect(model.warm()).toEqual([]);
  });

  test("a restart serves from the old ones until the new ones are up, and keeps none warm", () => {
    const model = webModel(2);
    model.restart("web");
    model.settle();
    expect(model.serving()).toHaveLength(2);
    expect(model.of("web")).toHaveLength(4);
    model.bootAll();
    model.settle();
    expect(names(model)).toEqual(["1:k1:serve", "2:k1:serve"]);
    expect(model.serving().map(({ id }) => id)).toEqual(["d3", "d4"]);
  });

  test("scaling up serves at once, scaling down stops the highest, zero stops warm ones too", () => {
    const model = webModel(1);
    model.scale("web", 3);
    model.settle();
    expect(names(model)).toEqual(["1:k1:serve", "2:k1:serve", "3:k1:serve"]);
    model.bootAll();
    model.scale("web", 1);
    model.settle();
    expect(names(model)).toEqual(["1:k1:serve"]);
    model.release("k2", "r2");
    model.settle();
    model.bootAll();
    model.settle();
    model.scale("web", 0);
    model.settle();
    expect(model.of("web")).toEqual([]);
  });

  test("scaling down during a switch stops the old and the new one of the name", () => {
    const model = webModel(2);
    model.release("k2", "r2");
    model.settle();
    model.scale("web", 1);
    model.settle();
    expect(names(model)).toEqual(["1:k1:serve", "1:k2:stand-by"]);
  });

  test("without preboot old ones stop before new ones start", () => {
    const model = webModel(1);
    model.preboot = false;
    model.release("k2", "r2");
    expect(model.settle()).toEqual([{ kind: "stop", id: "d1" }]);
    model.finishStops();
    expect(model.settle()).toEqual([{ kind: "start", type: "web", index: 1, duty: "serve" }]);
  });

  test("a process type that the release lacks is stopped", () => {
    const model = webModel(1);
    model.wanted = [];
    expect(model.settle()).toEqual([{ kind: "stop", id: "d1" }]);
  });
});

describe("without memory for all successors", () => {
  const starts = (steps: readonly { readonly kind: string }[]) =>
    steps.filter(({ kind }) => kind === "start").length;

  test.each([
    [0, [1, 1, 1]],
    [1, [1, 1, 1]],
    [2, [2, 1]],
    [3, [3]],
    [9, [3]],
  ])("for %i, they replace the old ones so many at a time: %j", (budget, batches) => {
    const model = webModel(3);
    model.surgeBudget = model.warmBudget = budget;
    model.release("k2", "r2");
    for (const batch of batches) {
      expect(starts(model.settle())).toBe(batch);
      expect(model.serving()).toHaveLength(3);
      model.bootAll();
    }
    expect(starts(model.settle())).toBe(0);
    expect(model.serving().map(({ key }) => key)).toEqual(["k2", "k2", "k2"]);
    expect(model.warm().length).toBeLessThanOrEqual(budget);
  });

  test("the plan says so once, when the replacement begins", () => {
    const model = webModel(3);
    model.surgeBudget = 2;
    model.release("k2", "r2");
    expect(planFormation(model.world()).limitedTo).toBe(2);
    model.settle();
    expect(planFormation(model.world()).limitedTo).toBeUndefined();
    model.bootAll();
    model.settle();
    expect(planFormation(model.world()).limitedTo).toBeUndefined();
  });

  test("a successor that does not start keeps its place: the others go on serving", () => {
    const model = webModel(3);
    model.surgeBudget = 1;
    model.release("k2", "r2");
    model.settle();
    model.set("d4", { kind: "crashed", reason: "exit" });
    expect(model.settle()).toEqual([]);
    expect(names(model)).toEqual(["1:k1:serve", "1:k2:stand-by", "2:k1:serve", "3:k1:serve"]);
    model.set("d4", { kind: "up" });
    model.settle();
    expect(names(model)).toEqual(["1:k2:serve", "2:k1:serve", "2:k2:stand-by", "3:k1:serve"]);
  });

  test("warm dynos make room first", () => {
    const model = webModel(2);
    model.release("k2", "r2");
    model.settle();
    model.bootAll();
    model.settle();
    expect(model.warm()).toHaveLength(2);
    model.surgeBudget = 1;
    model.release("k3", "r3");
    model.settle();
    expect(names(model)).toEqual(["1:k2:serve", "1:k3:stand-by", "2:k2:serve"]);
  });

  test("a rollback to warm dynos needs none", () => {
    const model = webModel(2);
    model.release("k2", "r2");
    model.settle();
    model.bootAll();
    model.settle();
    model.surgeBudget = 0;
    model.warmBudget = 0;
    model.release("k1", "r3");
    expect(starts(model.settle())).toBe(0);
    expect(model.serving().map(({ id }) => id)).toEqual(["d1", "d2"]);
    expect(model.warm()).toEqual([]);
  });

  test("starting where nothing is replaced is not held back", () => {
    const model = webModel(1);
    model.surgeBudget = 0;
    model.scale("web", 4);
    expect(starts(model.settle())).toBe(3);
  });
});

describe("a restart of one dyno", () => {
  test("replaces it alone, without a gap", () => {
    const model = webModel(3);
    model.restart("web", "d2");
    model.settle();
    expect(names(model)).toEqual(["1:k1:serve", "2:k1:serve", "2:k1:stand-by", "3:k1:serve"]);
    model.bootAll();
    model.settle();
    expect(model.serving().map(({ id, index }) => [id, index])).toEqual([
      ["d1", 1],
      ["d3", 3],
      ["d4", 2],
    ]);
  });

  test("asked for twice starts its successor anew, and never stops the one that serves", () => {
    const model = webModel(1);
    model.restart("web");
    model.settle();
    model.restart("web");
    model.settle();
    expect(model.serving().map(({ id }) => id)).toEqual(["d1"]);
    expect(names(model)).toEqual(["1:k1:serve", "1:k1:stand-by"]);
    expect(model.of("web").map(({ id }) => id)).toEqual(["d1", "d3"]);
  });
});

describe("other dynos", () => {
  test("stop before their successor starts, each at its own index", () => {
    const model = new FormationModel();
    model.wanted = [{ type: "worker", quantity: 2, key: "k1" }];
    model.settle();
    model.release("k2", "r2");
    expect(model.settle()).toEqual([
      { kind: "stop", id: "d1" },
      { kind: "stop", id: "d2" },
    ]);
    model.leaving.delete("d1");
    expect(model.settle()).toEqual([{ kind: "start", type: "worker", index: 1, duty: "work" }]);
    model.finishStops();
    expect(model.settle()).toEqual([{ kind: "start", type: "worker", index: 2, duty: "work" }]);
  });
});

test("the plan says when to look again for warm dynos", () => {
  const model = webModel(1);
  model.release("k2", "r2");
  model.settle();
  model.bootAll();
  model.settle();
  expect(model.warm()[0]?.warmUntil).toEqual(new Date(model.now.getTime() + 600_000));
});

type Move =
  | { readonly kind: "release"; readonly key: string }
  | { readonly kind: "boot" | "crash" | "restart" | "stopped" | "time" }
  | { readonly kind: "scale"; readonly quantity: number }
  | { readonly kind: "memory"; readonly dynos: number };

const anyMove: fc.Arbitrary<Move> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("k1", "k2", "k3").map((key): Move => ({ kind: "release", key })) },
  {
    weight: 5,
    arbitrary: fc.constantFrom<Move>(
      { kind: "boot" },
      { kind: "boot" },
      { kind: "crash" },
      { kind: "restart" },
      { kind: "stopped" },
      { kind: "time" },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 3 }).map((quantity): Move => ({ kind: "scale", quantity })),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 0, max: 3 }).map((dynos): Move => ({ kind: "memory", dynos })),
  },
);

function play(model: FormationModel, move: Move, turn: number): void {
  const starting = [...model.states].filter(([, state]) => state.kind === "starting").map(([id]) => id);
  if (move.kind === "release") model.release(move.key, `r${turn + 2}`);
  else if (move.kind === "boot") model.bootAll();
  else if (move.kind === "restart") model.restart("web");
  else if (move.kind === "stopped") model.finishStops();
  else if (move.kind === "scale") model.scale("web", move.quantity);
  else if (move.kind === "memory") model.surgeBudget = model.warmBudget = move.dynos;
  else if (move.kind === "time") model.now = new Date(model.now.getTime() + 300_000);
  else for (const id of starting) model.set(id, { kind: "crashed", reason: "exit" });
}

test("whatever happens, somebody serves, and in the end exactly what is wanted does", () => {
  fc.assert(
    fc.property(fc.array(anyMove, { maxLength: 25 }), (moves) => {
      const model = webModel(2);
      for (const [turn, move] of moves.entries()) {
        play(model, move, turn);
        model.settle();
        expect(model.serving().length).toBeGreaterThan(0);
      }
      for (let i = 0; i < 6; i++) {
        for (const [id, state] of model.states) if (state.kind === "crashed") model.set(id, { kind: "up" });
        model.bootAll();
        model.settle();
      }
      const wanted = model.wanted[0];
      expect(
        model
          .serving()
          .map(({ index, key }) => [index, key])
          .sort(),
      ).toEqual(Array.from({ length: wanted?.quantity ?? 0 }, (_, i) => [i + 1, wanted?.key]));
      expect(model.of("web").filter(({ duty }) => duty === "stand-by")).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
