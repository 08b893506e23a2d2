import { describe, expect, test } from "vitest";
import {
  type AskedCertificate,
  attempted,
  dueAt,
  failed,
  isDue,
  isOver,
  isPaused,
  mayBeAsked,
  resumable,
  succeeded,
  takenUp,
  troubled,
} from "./asked-certificate.ts";
import { IssueError } from "./certificate-ports.ts";

const NOW = Date.parse("2026-11-23T00:00:00Z");
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const HERE = "https://ca.example.com/directory";
const WHEN = { now: NOW, authority: HERE };
const fresh: AskedCertificate = { host: "a.example.com", failures: 0, nextAt: 0 };
const current = { authority: HERE, chain: "chain", key: "key", from: NOW, to: NOW + 90 * DAY };
const ofName = (retryAfterMs = 0) => new IssueError("name", "not proven", { retryAfterMs });
const ofAuthority = (retryAfterMs = 0) => new IssueError("authority", "away", { retryAfterMs });

describe("names that an authority is asked for", () => {
  test.each([
    ["apps.example.com", true],
    ["a.apps.example.com", true],
    ["xn--bcher-kva.example.com", true],
    ["blog.internal", true],
    ["example", false],
    ["localhost", false],
    ["blog.localhost", false],
    ["127.0.0.1", false],
    ["::1", false],
    ["*.example.com", false],
    ["Blog.example.com", false],
    ["a..example.com", false],
    ["-a.example.com", false],
    ["../../etc/passwd", false],
    ["a.example.com/..", false],
    ["a.example.com\0", false],
    ["", false],
    [`${"a.".repeat(115)}example.com`, false],
    [`${"a".repeat(64)}.example.com`, false],
  ])("%j: %s", (host, may) => expect(mayBeAsked(host)).toBe(may));
});

describe("when a name is due", () => {
  test("at once without a certificate, and when two thirds of its time are over", () => {
    expect(dueAt(fresh, HERE)).toBe(0);
    expect(dueAt({ ...fresh, current }, HERE)).toBe(NOW + 60 * DAY);
    const short = { ...current, to: NOW + 6 * DAY };
    expect(dueAt({ ...fresh, current: short }, HERE)).toBe(NOW + 4 * DAY);
  });

  test("at once when the operator has gone over to another authority", () => {
    expect(dueAt({ ...fresh, current }, "https://other.example.com/")).toBe(0);
  });

  test("not before a failure's time is over", () => {
    const nextAt = NOW + 70 * DAY;
    expect(dueAt({ ...fresh, current, nextAt }, HERE)).toBe(nextAt);
    expect(dueAt({ ...fresh, current, nextAt: NOW }, HERE)).toBe(NOW + 60 * DAY);
    const waits = { ...fresh, nextAt: NOW + MINUTE };
    expect([isDue(waits, HERE, NOW), isDue(waits, HERE, NOW + MINUTE)]).toEqual([false, true]);
  });

  test("now, when a clock that was years ahead had written it", () => {
    expect(isDue({ ...fresh, nextAt: NOW + 365 * DAY }, HERE, NOW)).toBe(true);
    expect(isDue({ ...fresh, nextAt: NOW + 7 * DAY }, HERE, NOW)).toBe(false);
  });
});

/** The waits, in minutes, of a name that fails each time it may be tried. */
function waits(times: number): number[] {
  let record = fresh;
  let now = NOW;
  return Array.from({ length: times }, () => {
    record = failed(attempted(record, { now, key: "key", authority: HERE }), ofName(), now);
    const wait = record.nextAt - now;
    now = record.nextAt;
    return wait / MINUTE;
  });
}

describe("after a failure", () => {
  test("a name waits twice as long each time, a day at the most", () => {
    expect(waits(12)).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440, 1440]);
  });

  test("a name of many failures still has a time", () => {
    const many = attempted({ ...fresh, failures: 5_000 }, { now: NOW, key: "key", authority: HERE });
    expect(many.nextAt).toBe(NOW + DAY);
  });

  test("the authority's wish counts where it is longer, a week at the most", () => {
    const begun = attempted(fresh, { now: NOW, key: "key", authority: HERE });
    expect(failed(begun, ofName(3 * DAY), NOW).nextAt).toBe(NOW + 3 * DAY);
    expect(failed(begun, ofName(300 * DAY), NOW).nextAt).toBe(NOW + 7 * DAY);
    expect(failed(begun, ofName(1_000), NOW).nextAt).toBe(NOW + 2 * MINUTE);
  });

  test("of the authority the name does not suffer, and its order stands", () => {
    const begun = attempted(fresh, { now: NOW, key: "key", authority: HERE });
    const order = { key: "key", authority: HERE, reference: "order/1" };
    expect(failed({ ...begun, order }, ofAuthority(), NOW)).toMatchObject({
      failures: 0,
      nextAt: NOW,
      order,
    });
    expect(failed({ ...begun, order }, ofAuthority(DAY), NOW).nextAt).toBe(NOW + DAY);
    expect(failed({ ...begun, order }, ofName(), NOW).order).toBeUndefined();
  });

  test("the authority is left alone twice as long each time, an hour at the most", () => {
    let trouble = troubled(undefined, ofAuthority(), WHEN);
    const all = [
      trouble,
      ...Array.from({ length: 7 }, () => (trouble = troubled(trouble, ofAuthority(), WHEN))),
    ];
    expect(all.map(({ until }) => (until - NOW) / MINUTE)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    expect(troubled(undefined, ofAuthority(300 * DAY), WHEN).until).toBe(NOW + 60 * MINUTE);
    expect([NOW, NOW + MINUTE, NOW - DAY].map((now) => isPaused(all[0], now))).toEqual([true, false, false]);
    expect(isPaused(undefined, NOW)).toBe(false);
  });

  test("the certificate of before stays", () => {
    const begun = attempted({ ...fresh, current }, { now: NOW, key: "new", authority: HERE });
    expect(failed(begun, ofName(), NOW).current).toBe(current);
  });
});

describe("an attempt", () => {
  test("counts as failed until it ends", () => {
    const begun = attempted(fresh, { now: NOW, key: "key", authority: HERE });
    expect(begun).toMatchObject({
      failures: 1,
      triedAt: NOW,
      nextAt: NOW + 2 * MINUTE,
      reason: expect.any(String),
    });
    expect(succeeded(begun, current)).toEqual({
      host: fresh.host,
      current,
      failures: 0,
      triedAt: NOW,
      nextAt: 0,
    });
  });

  test("goes on with an order of the same authority, with its key", () => {
    const order = { key: "first", authority: HERE, reference: "order/1" };
    const again = (given: AskedCertificate["order"]) =>
      attempted(
        { ...fresh, ...(given ? { order: given } : {}) },
        { now: NOW, key: "second", authority: HERE },
      ).order;
    expect(again(order)).toEqual(order);
    expect(again({ ...order, authority: "https://other.example.com/" })).toEqual({
      key: "second",
      authority: HERE,
    });
    expect(again({ key: "first", authority: HERE })).toEqual({ key: "second", authority: HERE });
    expect(resumable(fresh, HERE)).toBeUndefined();
  });
});

describe("a new process", () => {
  const begun = attempted(fresh, { now: NOW, key: "key", authority: HERE });

  test("takes up waits as they are, and an order at once", () => {
    expect(takenUp(begun, HERE)).toBe(begun);
    expect(takenUp(fresh, HERE)).toBe(fresh);
    const order = { key: "key", authority: HERE, reference: "order/1" };
    expect(takenUp({ ...begun, order }, HERE)).toMatchObject({ order, nextAt: 0, failures: 1 });
  });

  test("with another authority begins anew, and keeps what serves", () => {
    const before = failed({ ...begun, current }, ofName(7 * DAY), NOW);
    const taken = takenUp(before, "https://other.example.com/");
    expect(taken).toEqual({ host: fresh.host, current, failures: 0, triedAt: NOW, nextAt: 0 });
  });
});

test("of a name that nobody wants a record is kept while it is of use", () => {
  const gone = { ...fresh, current };
  expect([isOver(gone, NOW), isOver(gone, NOW + 90 * DAY)]).toEqual([false, true]);
  const tried = { ...fresh, triedAt: NOW };
  expect([isOver(tried, NOW + DAY), isOver(tried, NOW + 3 * DAY)]).toEqual([false, true]);
});
