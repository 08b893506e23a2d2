import { afterEach, expect, test } from "vitest";
import { type Running, silentLogger } from "../../../kernel/index.ts";
import { KIND, type KubeClient, KubeError, type KubeObject } from "../client/index.ts";
import { type AppRecord, makeAppObject } from "./app-record.ts";
import { APP_ID } from "./pod-fixtures.ts";
import { watchSpace } from "./space-objects.ts";

const running: Running[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

const record: AppRecord = { appId: APP_ID, claims: { formation: 4 }, dynos: [] };

/** Tells everything by lists: each watch has expired at once, as after a server was away for long. */
function listingClient(listed: () => readonly KubeObject[]) {
  return {
    list: async ({ kind }: { kind: { kind: string } }) => ({
      resourceVersion: "1",
      items: listed().filter((object) => object.kind === kind.kind),
      continue: undefined,
    }),
    stream: async () => {
      throw new KubeError("watching", { status: 410, reason: "Expired", message: "too old" });
    },
  } as unknown as KubeClient;
}

test("a record that is gone when everything is listed anew was lost, as one whose removal was seen", async () => {
  let objects: readonly KubeObject[] = [makeAppObject(record, { namespace: "apps" })];
  const lost: AppRecord[] = [];
  const space = watchSpace({
    ...{ client: listingClient(() => objects), namespace: "apps", logger: silentLogger },
    onChange: () => {},
    onRecordLost: (one) => void lost.push(one),
  });
  running.push(space);
  await space.ready;
  expect(space.record(APP_ID)?.record).toMatchObject({ appId: APP_ID, claims: { formation: 4 } });
  expect(lost).toEqual([]);
  objects = [];
  await expect.poll(() => lost.length, { timeout: 5_000 }).toBeGreaterThan(0);
  expect(lost[0]).toMatchObject({ appId: APP_ID, claims: { formation: 4 } });
  expect(space.record(APP_ID)).toBeUndefined();
  // It is told once: what is not known any more cannot be lost.
  expect(lost).toHaveLength(1);
});

test("its state is another after whatever changes what is known, and no other after what is old", async () => {
  let objects: readonly KubeObject[] = [];
  let lists = 0;
  const space = watchSpace({
    client: listingClient(() => {
      lists += 1;
      return objects;
    }),
    ...{ namespace: "apps", logger: silentLogger, kinds: [KIND.configMap] },
    onChange: () => {},
    onRecordLost: () => {},
  });
  running.push(space);
  await space.ready;
  const taken = (resourceVersion: string) => {
    const before = space.state();
    space.take(makeAppObject(record, { namespace: "apps", resourceVersion }));
    return space.state() !== before;
  };
  expect([taken("5"), taken("4"), taken("6")]).toEqual([true, false, true]);
  objects = [makeAppObject(record, { namespace: "apps", resourceVersion: "7" })];
  const before = space.state();
  const listed = lists;
  await expect.poll(() => lists, { timeout: 5_000 }).toBeGreaterThan(listed + 1);
  expect(space.state()).not.toBe(before);
});
