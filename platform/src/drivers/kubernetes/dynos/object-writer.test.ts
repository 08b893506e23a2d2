import { describe, expect, test, vi } from "vitest";
import { type ConfigMap, KIND, type KubeClient, KubeError, type KubeObject } from "../client/index.ts";
import { isOurs, MANAGED_BY } from "./dyno-labels.ts";
import { makeObjectWriter, tryAgain } from "./object-writer.ts";

const signal = new AbortController().signal;
const error = (status: number, reason = "") => new KubeError("POST /x", { status, reason, message: "no" });

function object(labels: Record<string, string> = MANAGED_BY, data = {}): ConfigMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "x", labels }, data };
}

/** The part of an API server that writers see: one place for one object. */
function oneObject(there: KubeObject | undefined, failures: Error[] = []) {
  const said: string[] = [];
  let stored = there;
  const fail = () => {
    const failure = failures.shift();
    if (failure) throw failure;
  };
  const client = {
    create: async (made: KubeObject) => {
      said.push("create");
      fail();
      if (stored) throw error(409, "AlreadyExists");
      stored = made;
      return made;
    },
    apply: async (made: KubeObject) => {
      said.push("apply");
      fail();
      stored = made;
      return made;
    },
    get: async () => stored,
    merge: async () => {
      said.push("merge");
      fail();
      return stored;
    },
    remove: async () => {
      said.push("remove");
      fail();
      stored = undefined;
      return true;
    },
  } as unknown as KubeClient;
  return { writer: makeObjectWriter({ client, namespace: "x", signal }), said, stored: () => stored };
}

describe("a writer", () => {
  test("makes what is missing", async () => {
    const { writer, said, stored } = oneObject(undefined);
    expect(await writer.ensure(object())).toEqual(object());
    expect(said).toEqual(["create"]);
    expect(stored()).toEqual(object());
  });

  test("brings what is ours to what is wanted", async () => {
    const { writer, said, stored } = oneObject(object());
    await writer.ensure(object(MANAGED_BY, { a: "1" }));
    expect(said).toEqual(["create", "apply"]);
    expect(stored()).toMatchObject({ data: { a: "1" } });
  });

  test("makes nothing twice, and says so", async () => {
    const { writer, said } = oneObject(object());
    expect(await writer.create(object())).toBeUndefined();
    expect(said).toEqual(["create"]);
  });

  test.each([
    ["without labels", {}],
    ["of another's", { "app.kubernetes.io/managed-by": "helm" }],
  ])("leaves a foreign object alone: %s", async (_what, labels) => {
    const foreign = object(labels);
    const { writer, said, stored } = oneObject(foreign);
    await expect(writer.ensure(object())).rejects.toThrow("ConfigMap a that is not Conifer's");
    await expect(writer.create(object())).rejects.toThrow("left alone");
    expect(said).toEqual(["create", "create"]);
    expect(stored()).toBe(foreign);
  });

  test("tries again what an overloaded server refused", async () => {
    const { writer, said } = oneObject(undefined, [error(429), error(503), new Error("socket hang up")]);
    await writer.ensure(object());
    expect(said).toEqual(["create", "create", "create", "create"]);
  });

  test.each([
    ["forbidden", 403],
    ["wrong", 422],
  ])("does not try again what is %s", async (_what, status) => {
    const { writer, said } = oneObject(undefined, [error(status)]);
    await expect(writer.ensure(object())).rejects.toThrow(KubeError);
    expect(said).toHaveLength(1);
  });

  test.each([404, 409])("a pod that is gone or another by now needs no patch: %d", async (status) => {
    const { writer } = oneObject(undefined, [error(status)]);
    expect(await writer.patchPod("p", {})).toBeUndefined();
  });

  test.each([404, 409])("so does a set: %d", async (status) => {
    const { writer, said } = oneObject(undefined, [error(status)]);
    await writer.patchSet("s", {});
    expect(said).toEqual(["merge"]);
  });

  test("a set is patched again when the server was busy, and told of when it may not be", async () => {
    const { writer, said } = oneObject(undefined, [error(429), error(500)]);
    await writer.patchSet("s", {});
    expect(said).toEqual(["merge", "merge", "merge"]);
    const forbidden = oneObject(undefined, [error(403)]);
    await expect(forbidden.writer.patchSet("s", {})).rejects.toThrow(KubeError);
  });

  test("a pod that may not be patched is told of", async () => {
    const { writer } = oneObject(undefined, [error(403)]);
    await expect(writer.patchPod("p", {})).rejects.toThrow(KubeError);
  });

  test("removes", async () => {
    const { writer, said } = oneObject(object(), [error(500)]);
    await writer.remove(KIND.pod, "a");
    expect(said).toEqual(["remove", "remove"]);
  });
});

test("trying again has an end, and an earlier one at an abort", async () => {
  let tries = 0;
  const never = async () => {
    tries++;
    throw error(500);
  };
  await expect(tryAgain(never, AbortSignal.abort())).rejects.toThrow(KubeError);
  expect(tries).toBe(1);
  vi.useFakeTimers();
  const failed = expect(tryAgain(never, signal)).rejects.toThrow(KubeError);
  await vi.runAllTimersAsync();
  await failed;
  vi.useRealTimers();
  expect(tries).toBe(7);
});

test.each([
  [MANAGED_BY, true],
  [{ ...MANAGED_BY, more: "x" }, true],
  [{ "app.kubernetes.io/managed-by": "helm" }, false],
  [{}, false],
])("whose an object is, its label tells: %j", (labels, ours) => {
  expect(isOurs({ metadata: { labels } })).toBe(ours);
  expect(isOurs({ metadata: {} })).toBe(false);
});
