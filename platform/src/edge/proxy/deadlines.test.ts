import { describe, expect, it } from "vitest";
import { Deadlines, NEVER } from "./deadlines.ts";
import { until } from "./proxy-fixtures.ts";

describe("deadlines", () => {
  it("asks those whose time is up, each round, until they move or leave", () => {
    const deadlines = new Deadlines();
    const asked: string[] = [];
    const item = (name: string, deadline: number) => ({ deadline, expire: () => asked.push(name) });
    const [early, late, never] = [item("early", 10), item("late", 20), item("never", NEVER)] as const;
    for (const each of [early, late, never]) deadlines.add(each);
    deadlines.round(9);
    deadlines.round(10);
    deadlines.round(20);
    deadlines.delete(early);
    late.deadline = 100;
    deadlines.round(50);
    expect(asked).toEqual(["early", "early", "late"]);
  });

  it("lets an item leave, and another come, in the middle of a round", () => {
    const deadlines = new Deadlines();
    const asked: number[] = [];
    const items = [0, 1, 2].map((i) => ({
      deadline: 0,
      expire: () => {
        asked.push(i);
        for (const each of items) deadlines.delete(each);
      },
    }));
    for (const each of items) deadlines.add(each);
    deadlines.round(1);
    expect(asked).toEqual([0]);
  });

  it("goes round by itself until it is stopped", async () => {
    const deadlines = new Deadlines();
    let rounds = 0;
    deadlines.add({ deadline: 0, expire: () => (rounds += 1) });
    const running = deadlines.start(1);
    await until(() => rounds > 2);
    await running.stop();
    const after = rounds;
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(rounds).toBe(after);
  });
});
