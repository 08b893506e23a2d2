import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StaleClaim } from "../../../kernel/index.ts";
import { type AppRecord, makeAppObject, nextAppRecord, readAppRecord, sameRecord } from "./app-record.ts";
import { APP_ID, entry, spec } from "./pod-fixtures.ts";

const wanted = (dynos = [spec()]) => ({ appId: APP_ID, dynos });
const claim = (number: number, subject = "formation") => ({ subject, number });
const before: AppRecord = { appId: APP_ID, claims: { formation: 5, other: 2 }, dynos: [] };

describe("an app's record", () => {
  test("comes back from its object as it went in", () => {
    const record = nextAppRecord(undefined, wanted(), claim(3));
    const object = makeAppObject(record, { namespace: "conifer-apps", resourceVersion: "7" });
    expect(readAppRecord(object)).toEqual(record);
    expect(object.metadata).toEqual({
      name: `app-${APP_ID}`,
      namespace: "conifer-apps",
      resourceVersion: "7",
      labels: { "app.kubernetes.io/managed-by": "conifer", "conifer.dev/app": APP_ID },
      annotations: { "conifer.dev/claim": "3" },
    });
    expect(makeAppObject(record, { namespace: "x" }).metadata).not.toHaveProperty("resourceVersion");
  });

  test("holds what users and the router see, and no config var", () => {
    const record = nextAppRecord(undefined, wanted([spec({ env: { TOKEN: "s3cr3t" } })]), claim(1));
    expect(record.dynos).toEqual([entry()]);
    expect(JSON.stringify(makeAppObject(record, { namespace: "x" }))).not.toContain("s3cr3t");
  });

  test.each([
    ["nothing", {}],
    ["no JSON", { data: { record: "{" } }],
    ["no claims", { data: { record: `{"appId":"${APP_ID}","dynos":[]}` } }],
    ["null for claims", { data: { record: `{"appId":"${APP_ID}","claims":null,"dynos":[]}` } }],
    ["no list", { data: { record: `{"appId":"${APP_ID}","claims":{},"dynos":{}}` } }],
  ])("that somebody edited is no record: %s", (_what, object) => {
    expect(readAppRecord(object)).toBeUndefined();
  });
});

describe("a claim", () => {
  test.each([
    ["the same once more", 5, 5],
    ["a newer one", 6, 6],
  ])("acts and is remembered: %s", (_what, number, remembered) => {
    const next = nextAppRecord(before, wanted(), claim(number));
    expect(next.claims).toEqual({ formation: remembered, other: 2 });
    expect(next.dynos).toHaveLength(1);
  });

  test("that is older is refused with both numbers", () => {
    const late = () => nextAppRecord(before, wanted(), claim(4));
    expect(late).toThrow(StaleClaim);
    expect(late).toThrow(/claim 4 on formation is older than claim 5/);
  });

  test("on another subject has numbers of its own", () => {
    expect(nextAppRecord(before, wanted(), claim(1, "third")).claims).toEqual({
      formation: 5,
      other: 2,
      third: 1,
    });
  });

  test("numbers only grow, in whatever order claimants come", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 1 }), (numbers) => {
        let record: AppRecord | undefined;
        for (const number of numbers) {
          const seen = record?.claims.formation ?? 0;
          const step = () => nextAppRecord(record, wanted([]), claim(number));
          if (number < seen) expect(step).toThrow(StaleClaim);
          else record = step();
        }
        expect(record?.claims.formation).toBe(Math.max(...numbers));
      }),
    );
  });
});

test("records are the same when all is", () => {
  const record = nextAppRecord(undefined, wanted(), claim(1));
  expect(sameRecord(record, nextAppRecord(undefined, wanted(), claim(1)))).toBe(true);
  expect(sameRecord(record, nextAppRecord(undefined, wanted(), claim(2)))).toBe(false);
  expect(sameRecord(record, nextAppRecord(undefined, wanted([spec({ duty: "warm" })]), claim(1)))).toBe(
    false,
  );
  expect(sameRecord(undefined, record)).toBe(false);
});
