import { expect, test } from "vitest";
import { makeTurns } from "./app-turns.ts";

test("work for one key comes one after another, also after a failure; other keys do not wait", async () => {
  const turns = makeTurns();
  const said: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = turns.take("a", async () => {
    said.push("a1 begins");
    await gate.promise;
    said.push("a1 fails");
    throw new Error("no luck");
  });
  const second = turns.take("a", async () => {
    said.push("a2");
    return 2;
  });
  expect(await turns.take("b", async () => "b")).toBe("b");
  expect(said).toEqual(["a1 begins"]);
  gate.resolve();
  await expect(first).rejects.toThrow("no luck");
  expect(await second).toBe(2);
  expect(said).toEqual(["a1 begins", "a1 fails", "a2"]);
});
