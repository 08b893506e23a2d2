import { describe, expect, test } from "vitest";
import type { AskedCertificates } from "../edge/certificate/index.ts";
import { judgeIssued } from "./issued-judgements.ts";

const NOW = new Date("2026-11-23T00:00:00Z");
const DAY = 86_400_000;
const HERE = "https://ca.example.com/directory";
type Record = AskedCertificates["records"][number];

const good = (host: string, days: number, more: Partial<Record> = {}): Record => {
  const [from, to] = [NOW.getTime() - 60 * DAY, NOW.getTime() + days * DAY];
  return {
    host,
    current: { authority: HERE, chain: "", key: "a secret", from, to },
    failures: 0,
    nextAt: 0,
    ...more,
  };
};
const failing = (host: string): Record => ({
  ...{ host, failures: 2, triedAt: NOW.getTime() - 60_000, nextAt: NOW.getTime() + 120_000 },
  reason: `${host} is not proven`,
});
const judge = (parts: Partial<AskedCertificates>) =>
  judgeIssued({ records: [], trouble: undefined, damaged: [], ...parts }, HERE, NOW);

describe("what doctor tells of an authority's certificates", () => {
  test("none yet", () => {
    expect(judge({})).toEqual([{ matter: "Certificate", state: "ok", says: "0 of ca.example.com" }]);
  });

  test("how many, and when the first ends", () => {
    const [first, ...rest] = judge({ records: [good("a.example.com", 30), good("b.example.com", 20)] });
    expect(first?.says).toBe("2 of ca.example.com; the first ends on 2026-12-13");
    expect(rest).toEqual([]);
  });

  test("a name without one: why, since when, and when it is asked for again", () => {
    expect(judge({ records: [failing("a.example.com")] })[1]).toEqual({
      matter: "Certificate",
      state: "warning",
      says: "a.example.com: it has none, tried on 2026-11-22 23:59 UTC: a.example.com is not proven",
      mend: "It is asked for again on 2026-11-23 00:02 UTC",
    });
  });

  test.each([
    [30, "warning", "good until 2026-12-23"],
    [6, "problem", "good until 2026-11-29"],
    [-1, "problem", "ended 2026-11-22"],
  ])("one of %i days that could not be renewed is a %s", (days, state, says) => {
    const { current } = good("a.example.com", days);
    const record = { ...failing("a.example.com"), ...(current ? { current } : {}) };
    expect(judge({ records: [record] })[1]).toMatchObject({ state, says: expect.stringContaining(says) });
  });

  test("one that ended while Conifer did not run", () => {
    expect(judge({ records: [good("a.example.com", -1)] })).toMatchObject([
      { state: "ok", says: "0 of ca.example.com" },
      { state: "problem", mend: "It is asked for again while Conifer runs" },
    ]);
  });

  test("an authority that is away, until it is asked again", () => {
    const trouble = {
      authority: HERE,
      reason: "ca does not answer",
      at: NOW.getTime(),
      until: NOW.getTime() + 60_000,
      failures: 1,
    };
    const says = "ca.example.com is not asked before 2026-11-23 00:01 UTC: ca does not answer";
    expect(judge({ trouble })[1]).toMatchObject({ state: "warning", says });
    expect(judge({ trouble: { ...trouble, until: NOW.getTime() } })).toHaveLength(1);
    expect(judge({ trouble, records: [good("a.example.com", -1)] })[1]).toMatchObject({ state: "problem" });
  });

  test("files that cannot be read, ten names at the most, and no key", () => {
    const records = Array.from({ length: 12 }, (_, n) => failing(`a${n}.example.com`));
    const told = judge({
      records: [...records, good("b.example.com", 50)],
      damaged: ["/home/x.json: it is not whole"],
    });
    expect(told).toHaveLength(1 + 1 + 10 + 1);
    expect(told[1]).toMatchObject({ state: "warning", says: "/home/x.json: it is not whole" });
    expect(told.at(-1)?.says).toBe("2 more names whose last attempt failed");
    expect(JSON.stringify(told)).not.toContain("a secret");
  });
});
