import fc from "fast-check";
import { beforeEach, describe, expect, it, test } from "vitest";
import { type FakeBucket, makeFakeBucket } from "../client/s3-bucket-fake.ts";
import { entryName, markName } from "./slot-entries.ts";
import { isSlotDue, keepSlot, markSlot, removeEntry, type SlotSweep, slotsUnder } from "./sweep-slots.ts";

const GRACE = 1_000;
const NOW = 1_700_000_000_000;
const HEX = "a".repeat(64);
const idOf = (n: number) => `2f1c6a52-5d3e-4b57-8a43-${String(n).padStart(12, "0")}`;
const [older, newer] = [entryName(NOW - 9, idOf(1)), entryName(NOW - 5, idOf(2), "2s")];

let bucket: FakeBucket;
let sweep: SlotSweep;
const put = (...names: string[]) =>
  Promise.all(names.map((name) => bucket.put(`blobs/${HEX}/${name}`, Buffer.alloc(0))));
const names = () => [...bucket.objects.keys()].map((key) => key.split("/").at(-1)).toSorted();
const slot = async () => {
  const [found] = await Array.fromAsync(slotsUnder(bucket, "blobs/"));
  return found?.[1] ?? expect.unreachable();
};

beforeEach(() => {
  bucket = makeFakeBucket();
  sweep = { bucket, now: () => new Date(NOW), beganMs: NOW, graceMs: GRACE, goOn: async () => {} };
});

describe("slots under a prefix", () => {
  it("are those with an entry; what else lies there is left out", async () => {
    const keys = [
      ...[`blobs/${HEX}/${newer}`, `blobs/${HEX}/${older}`, `blobs/${HEX}/${markName(older, NOW)}`],
      ...[`blobs/${HEX}`, `blobs/${HEX}-x/${older}`, `blobs/${HEX.toUpperCase()}/${older}`, `blobs/${older}`],
      // Only a mark, whose entry is gone.
      `blobs/${"b".repeat(64)}/${markName(older, NOW)}`,
      ...[`blobs/${"c".repeat(64)}/notes.txt`, `other/${"d".repeat(64)}/${older}`],
    ];
    for (const key of keys) await bucket.put(key, Buffer.alloc(0));
    const found = await Array.fromAsync(slotsUnder(bucket, "blobs/"));
    expect(found.map(([digest]) => digest)).toEqual([`sha256:${HEX}`]);
    expect(found[0]?.[1]).toMatchObject({ slot: `blobs/${HEX}`, createdMs: NOW - 5 });
    expect(found[0]?.[1].entries.map(({ name, leavingMs }) => [name, leavingMs])).toEqual([
      [newer, []],
      [older, [NOW]],
    ]);
  });

  it("come each once with all of its entries, however many there are", async () => {
    const slots = fc.dictionary(
      fc.stringMatching(/^[0-9a-f]{64}$/),
      fc.uniqueArray(fc.nat({ max: 99 }), { minLength: 1, maxLength: 5 }),
    );
    await fc.assert(
      fc.asyncProperty(slots, async (made) => {
        const into = makeFakeBucket();
        for (const [hex, ids] of Object.entries(made))
          for (const n of ids) await into.put(`blobs/${hex}/${entryName(NOW + n, idOf(n))}`, Buffer.alloc(0));
        const found = await Array.fromAsync(slotsUnder(into, "blobs/"));
        expect(found.map(([digest, one]) => [digest.slice(7), one.entries.length, one.createdMs])).toEqual(
          Object.entries(made)
            .map(([hex, ids]) => [hex, ids.length, NOW + Math.max(...ids)] as const)
            .toSorted(([a], [b]) => (a < b ? -1 : 1)),
        );
      }),
      { numRuns: 40 },
    );
  });
});

test.each([
  ["no entry is marked", false, [older, newer]],
  ["one of two is not marked", false, [older, newer, markName(older, NOW - GRACE)]],
  ["one is a moment short", false, [older, markName(older, NOW - GRACE + 1)]],
  ["it was marked again lately", false, [older, markName(older, NOW - 9 * GRACE), markName(older, NOW - 1)]],
  ["all had their time", true, [older, newer, ...[older, newer].map((name) => markName(name, NOW - GRACE))]],
])("when %s, a slot may go: %s", async (_what, due, held) => {
  await put(...held);
  expect(isSlotDue(await slot(), sweep)).toBe(due);
});

test("a slot out of reach is marked once: the second sweep does not begin its time anew", async () => {
  await put(older, newer, markName(older, NOW - 7));
  await markSlot(await slot(), sweep);
  const after = [older, newer, markName(older, NOW - 7), markName(newer, NOW)].toSorted();
  expect(names()).toEqual(after);
  await markSlot(await slot(), { ...sweep, now: () => new Date(NOW + 500) });
  expect(names()).toEqual(after);
});

describe("a slot within reach", () => {
  const keep = async (at = sweep) => {
    const swept = await slot();
    await keepSlot(swept, at, (entry) => removeEntry(at, swept.slot, entry));
  };

  it("loses the marks of its newest entry when all of them leave, and is due no more", async () => {
    await put(
      older,
      newer,
      ...[older, newer].map((name) => markName(name, NOW - GRACE)),
      markName(newer, NOW - 1),
    );
    await keep();
    expect(names()).toEqual([older, newer, markName(older, NOW - GRACE)].toSorted());
    expect(isSlotDue(await slot(), sweep)).toBe(false);
  });

  it("keeps one entry; the other is marked, waits for its time, and goes with its mark", async () => {
    await put(older, newer);
    await keep();
    const marked = [older, newer, markName(older, NOW)].toSorted();
    expect(names()).toEqual(marked);
    await keep({ ...sweep, beganMs: NOW + GRACE - 1 });
    expect(names()).toEqual(marked);
    await keep({ ...sweep, beganMs: NOW + GRACE });
    expect(names()).toEqual([newer]);
  });

  it("keeps an older entry that stays rather than a newer one that leaves: somebody counts on it", async () => {
    await put(older, newer, markName(newer, NOW - GRACE));
    await keep();
    expect(names()).toEqual([older]);
  });

  it("is not written to once the sweep has lost its right", async () => {
    await put(older, newer);
    const lost = { ...sweep, goOn: () => Promise.reject(new Error("lost")) };
    await expect(keep(lost)).rejects.toThrow("lost");
    await expect(markSlot(await slot(), lost)).rejects.toThrow("lost");
    expect(names()).toEqual([older, newer].toSorted());
  });
});

test("a removal that is killed in between leaves marks without an entry, and never the reverse", async () => {
  await put(older, markName(older, NOW - 1), markName(older, NOW));
  let left = 2;
  bucket.before = async (what) => {
    if (what !== "remove") return;
    left -= 1;
    if (left < 0) throw new Error("killed");
  };
  const { slot: at, entries } = await slot();
  const [entry = expect.unreachable()] = entries;
  await expect(removeEntry(sweep, at, entry)).rejects.toThrow("killed");
  expect(names()).toEqual([markName(older, NOW)]);
  expect(await Array.fromAsync(slotsUnder(bucket, "blobs/"))).toEqual([]);
});
