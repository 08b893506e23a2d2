import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { ClusterError, EXIT_STATUS } from "./cluster-error.ts";
import { distributeImage } from "./distribute-image.ts";
import { endProcess, enterNode } from "./node-programs.ts";
import { ownerOf, testClusterName } from "./test-clusters.ts";
import { waitUntil } from "./wait-for.ts";

describe("waiting", () => {
  test("asks at once, and once more never after an answer", async () => {
    const asked = vi.fn(async () => 0); // an answer, though it is false
    expect(await waitUntil({ what: "it", within: 0, ask: asked })).toBe(0);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test("tells the last reason, not one that has passed", async () => {
    const times = [0, 0, 60];
    const clock = vi.spyOn(performance, "now").mockImplementation(() => times.shift() ?? 60);
    try {
      const answers = [Promise.reject(new Error("passed")), Promise.resolve(undefined)];
      const ask = () => answers.shift() ?? Promise.reject(new Error("asked too often"));
      const waiting = waitUntil({ what: "it", within: 50, every: 1, ask });
      await expect(waiting).rejects.toThrow(/^Waited 0 s for it in vain\.$/);
      expect(answers).toEqual([]);
    } finally {
      clock.mockRestore();
    }
  });

  test("keeps what was thrown as the cause, whatever it is", async () => {
    const cause = new Error("refused");
    const failing = waitUntil({ what: "it", within: 0, ask: () => Promise.reject(cause) });
    await expect(failing).rejects.toMatchObject({ failure: "failed", cause });
    const odd = waitUntil({ what: "it", within: 0, ask: () => Promise.reject("a text"), hint: "Look." });
    await expect(odd).rejects.toThrow(/^Waited 0 s for it in vain\. Look\.$/);
  });
});

describe("a process", () => {
  test("is asked to end, and waited for", async () => {
    const child = spawn("sleep", ["600"], { stdio: "ignore" });
    await once(child, "spawn");
    const ended = once(child, "exit");
    await endProcess("sleep", child.pid ?? 0, () => child.exitCode === null && child.signalCode === null);
    expect(await ended).toEqual([null, "SIGTERM"]);
  });

  test("whose number is another's by now is left alone", async () => {
    await endProcess("it", process.pid, () => false);
  });

  test("is entered in all of its namespaces but the user's", () => {
    expect(enterNode(42)).toEqual(["-t", "42", "-m", "-n", "-p", "-u", "-i", "--"]);
  });
});

describe("failures", () => {
  test.each([
    ["failed", 1],
    ["usage", 2],
    ["missing", 3],
  ] as const)("%s ends with status %i", (failure, status) => {
    const cause = new Error("why");
    const error = new ClusterError(failure, "what to do", { cause });
    expect(error).toMatchObject({ name: "ClusterError", message: "what to do", failure, cause });
    expect(EXIT_STATUS[error.failure]).toBe(status);
  });

  test("an image for a cluster without nodes is not even packed", async () => {
    const said: string[] = [];
    const files = [{ source: "/no/such/file", target: "/app" }];
    const content = { kind: "files", reference: "localhost/a:b", files } as const;
    const giving = distributeImage(testClusterName(process.pid), content, (line) => said.push(line));
    await expect(giving).rejects.toThrow("Bring it up first.");
    expect(said).toEqual([]);
  });
});

describe("clusters of test runs", () => {
  test.each([1, 35, 36, 4_194_304])("of process %i carry its number", (pid) => {
    const name = testClusterName(pid);
    expect(name).toMatch(/^[a-z][a-z0-9]{0,9}$/);
    expect(ownerOf(name)).toBe(pid);
  });

  test.each(["conifer", "dev", "tests", "tests-1", "test1", "testsABC", "tests123456", "xtests1"])(
    "%s is nobody's to take down",
    (name) => {
      expect(ownerOf(name)).toBeUndefined();
    },
  );
});
