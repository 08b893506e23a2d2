import { expect, test } from "vitest";
import { repository } from "./registry-fixtures.ts";
import { repositoryName } from "./registry-rules.ts";
import { makeRepositoryTurns } from "./repository-turns.ts";

const [one, other] = [repository("team/app"), repository("team/other")];
const nextTick = () => new Promise((resolve) => setImmediate(resolve));

test("work in one repository waits for what came before it, in order, also after a failure", async () => {
  const turns = makeRepositoryTurns(repositoryName);
  const done: string[] = [];
  const work = (name: string, ticks: number) => async () => {
    for (let tick = 0; tick < ticks; tick += 1) await nextTick();
    done.push(name);
    if (name === "fails") throw new Error("it failed");
    return name;
  };
  const all = [turns(one, work("slow", 5)), turns(one, work("fails", 3)), turns(one, work("last", 0))];
  expect(await Promise.allSettled(all)).toMatchObject([
    { value: "slow" },
    { reason: { message: "it failed" } },
    { value: "last" },
  ]);
  expect(done).toEqual(["slow", "fails", "last"]);
});

test("repositories do not wait for each other", async () => {
  const turns = makeRepositoryTurns(repositoryName);
  let end = () => {};
  const waiting = turns(one, () => new Promise<void>((resolve) => (end = resolve)));
  expect(await turns(other, async () => "done")).toBe("done");
  end();
  await waiting;
});
