import { describe, expect, test, vi } from "vitest";
import { CliError } from "../cli-error.ts";
import { run, splitArguments } from "./rebase.ts";

describe("arguments", () => {
  test.each([
    [[], [], []],
    [["start", "--wait"], [], ["start", "--wait"]],
    [
      ["--context", "a", "start", "--namespace=b", "--as", "c"],
      ["--context", "a", "--namespace=b"],
      ["start", "--as", "c"],
    ],
    [["status", "--kubeconfig"], ["--kubeconfig"], ["status"]],
    [["--here", "start"], ["--here"], ["start"]],
  ])("%j say where, and what", (args, place, others) => {
    expect(splitArguments(args)).toEqual({ place, others });
  });

  test.each([[["go"]], [["start", "--fast"]], [["pause", "--dry-run"]], [["--namespace", "NOT A NAME"]]])(
    "%j are refused before the cluster is asked",
    async (args) => {
      const running = run(args);
      await expect(running).rejects.toBeInstanceOf(CliError);
      await expect(running).rejects.toMatchObject({ failure: "usage" });
    },
  );

  test("help tells of the command and of the cluster", async () => {
    const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    expect(await run(["start", "--help"])).toBe(0);
    const text = write.mock.calls.map(([part]) => String(part)).join("");
    write.mockRestore();
    expect(text).toContain("conifer rebase start");
    expect(text).toContain("--kubeconfig");
  });

  test("an installation of this machine that does not run is told", async () => {
    vi.stubEnv("CONIFER_HOME", "/nowhere/conifer");
    await expect(run(["--here", "status"])).rejects.toThrow("Conifer does not run in /nowhere/conifer");
    vi.unstubAllEnvs();
  });
});
