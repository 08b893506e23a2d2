import { expect, test } from "vitest";
import { exitOf, SET_UP_DONE } from "./running-sandbox.ts";

const DONE = `${SET_UP_DONE}\n`;

test.each([
  ["the program ended", 0, null, DONE, { code: 0 }],
  ["the program failed", 3, null, DONE, { code: 3 }],
  ["a signal ended the program", 143, null, DONE, { code: 143 }],
  ["the program failed after the set-up warned", 1, null, `mount: a warning\n${DONE}`, { code: 1 }],
  [
    "somebody killed init",
    1,
    null,
    `${DONE}unshare: sigprocmask unblock failed: Invalid argument\n`,
    { code: 137, signal: "SIGKILL" },
  ],
  ["somebody killed the outermost process", null, "SIGKILL", DONE, { code: 137, signal: "SIGKILL" }],
  ["a mount failed", 125, null, "mount: /x: no\n", { code: 125, setUpError: "mount: /x: no" }],
  [
    "a namespace was refused",
    1,
    null,
    "unshare: unshare failed: Operation not permitted\n",
    { code: 1, setUpError: "unshare: unshare failed: Operation not permitted" },
  ],
  ["nothing was said", 125, null, "", { code: 125, setUpError: "its set-up ended with status 125" }],
  ["it never came to the program", 0, null, "", { code: 1, setUpError: "its set-up ended with status 0" }],
] as const)("%s", (_what, code, signal, complaints, expected) => {
  expect(exitOf(code, signal, complaints)).toEqual(expected);
});
