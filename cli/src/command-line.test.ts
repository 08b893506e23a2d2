import { describe, expect, test } from "vitest";
import { CLUSTER_OPTIONS, readDuration, readOptions } from "./command-line.ts";

const read = (...args: string[]) =>
  readOptions("install", args, { ...CLUSTER_OPTIONS, set: { type: "string", multiple: true } });

describe("options", () => {
  test("have defaults", () => {
    expect(read()).toEqual({ namespace: "conifer-system", help: false });
  });

  test.each([
    [["--namespace", "x"], { namespace: "x" }],
    [["--namespace=x"], { namespace: "x" }],
    [["--set", "a=b", "--set", "c=d"], { set: ["a=b", "c=d"] }],
    [["-h"], { help: true }],
    [["--kubeconfig", "/k", "--context", "c"], { kubeconfig: "/k", context: "c" }],
  ])("%j", (args, values) => {
    expect(read(...args)).toMatchObject(values);
  });

  test.each([
    [["--nonsense"], "Unknown option '--nonsense'"],
    [["word"], "Unexpected argument 'word'"],
    [["--namespace"], "argument missing"],
    [["--help=yes"], "does not take an argument"],
    [["--namespace", "Not_A_Name"], '--namespace takes the name of a namespace, not "Not_A_Name"'],
  ])("%j is refused with a way on", (args, said) => {
    expect(() => read(...args)).toThrow(said);
    expect(() => read(...args)).toThrow("conifer install --help");
  });
});

describe("times", () => {
  test.each([
    ["90s", 90_000],
    ["10m", 600_000],
    ["1h", 3_600_000],
  ])("%s", (text, ms) => {
    expect(readDuration("--wait", text)).toBe(ms);
  });

  test.each(["", "10", "m", "0s", "-5m", "1.5h", "10 m", "1d", "999999s"])("%j is none", (text) => {
    expect(() => readDuration("--wait", text)).toThrow("--wait takes a time such as 90s or 10m");
  });
});
