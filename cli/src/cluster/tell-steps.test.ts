import { describe, expect, test, vi } from "vitest";
import { tellStep } from "./tell-steps.ts";

describe("a step", () => {
  test("is told before it begins, and its result is handed on", async () => {
    const said: string[] = [];
    const result = await tellStep(
      (line) => said.push(line),
      "Doing it",
      async () => [...said],
    );
    expect(result).toEqual(["Doing it ..."]);
    expect(said).toEqual(["Doing it ..."]);
  });

  test.each([
    [999, []],
    [1_000, ["  done in 1.0 s"]],
    [61_250, ["  done in 61.3 s"]],
  ])("of %i ms ends with %j", async (took, end) => {
    const times = [5_000, 5_000 + took];
    const clock = vi.spyOn(performance, "now").mockImplementation(() => times.shift() ?? 0);
    try {
      const said: string[] = [];
      await tellStep(
        (line) => said.push(line),
        "Doing it",
        async () => {},
      );
      expect(said.slice(1)).toEqual(end);
    } finally {
      clock.mockRestore();
    }
  });

  test("that fails is not told to be done", async () => {
    const said: string[] = [];
    const failing = tellStep(
      (line) => said.push(line),
      "Doing it",
      () => Promise.reject(new Error("no")),
    );
    await expect(failing).rejects.toThrow("no");
    expect(said).toEqual(["Doing it ..."]);
  });
});
