import { expect, test } from "vitest";
import { RunImageError } from "../drivers/embedded/builds/index.ts";
import { explainHostError } from "./host-process.ts";

test("an operator is told of a run image that cannot be used, and by which setting it was named", () => {
  const told = explainHostError(new RunImageError("The run image /x cannot be used."));
  expect(told).toBe("The run image /x cannot be used. CONIFER_RUN_IMAGE names it.");
});

test.each([new Error("no sandbox"), Object.assign(new Error("x"), { code: "EADDRINUSE" }), undefined])(
  "%s is not the operator's to mend",
  (thrown) => expect(explainHostError(thrown)).toBeUndefined(),
);
