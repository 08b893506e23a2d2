import { expect, test } from "vitest";
import { ClusterError } from "./cluster-error.ts";
import { runProgram, tryProgram } from "./run-program.ts";

test("a program's output is the result, and its input reaches it", async () => {
  expect(await runProgram("cat", [], { input: "in and out" })).toBe("in and out");
  expect(await runProgram("sh", ["-c", "echo $NAME; pwd"], { environment: { NAME: "x" }, folder: "/" })).toBe(
    "x\n/\n",
  );
});

test("what it says on the way is passed on", async () => {
  const said: string[] = [];
  await runProgram("sh", ["-c", "echo aside >&2"], { onOutput: (text) => said.push(text) });
  expect(said.join("")).toBe("aside\n");
});

test.each([
  ["a status", "sh", ["-c", "echo why >&2; exit 3"], /^sh -c .*: status 3\nwhy$/],
  ["a signal", "sh", ["-c", "kill -9 $$"], /ended by SIGKILL$/],
  ["a program that is not there", "no-such-program", ["x"], /^no-such-program x: .*ENOENT/],
])("an end with %s is an error that says it", async (_, command, args, message) => {
  const run = runProgram(command, args);
  await expect(run).rejects.toThrow(ClusterError);
  await expect(run).rejects.toThrow(message);
});

test("a program that reads nothing of a long input is no error of ours", async () => {
  expect(await runProgram("true", [], { input: "x".repeat(1_000_000) })).toBe("");
});

test("of a long complaint the end is kept", async () => {
  const long = runProgram("sh", ["-c", "seq 1 20000 >&2; exit 1"]);
  await expect(long).rejects.toThrow(/19999\n20000$/);
  await expect(long).rejects.not.toThrow(/\n100\n/);
});

test("what may fail tells whether it did", async () => {
  expect(await tryProgram("true", [])).toBe(true);
  expect(await tryProgram("false", [])).toBe(false);
  expect(await tryProgram("no-such-program", [])).toBe(false);
});
