import { expect, test } from "vitest";
import type { DynoState } from "../dyno/index.ts";
import { stateWord } from "./dyno-api.ts";

test.each<[DynoState | undefined, string]>([
  [undefined, "starting"],
  [{ kind: "starting" }, "starting"],
  [{ kind: "up" }, "up"],
  [{ kind: "idle" }, "idle"],
  [{ kind: "crashed", reason: "exit" }, "crashed"],
  [{ kind: "crashed", reason: "room" }, "down"],
  [{ kind: "stopping" }, "down"],
  [{ kind: "complete", exitCode: 0 }, "down"],
])("what the engine calls %j is %s to users", (state, word) => {
  expect(stateWord(state)).toBe(word);
});
