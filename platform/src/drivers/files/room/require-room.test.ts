import { tmpdir } from "node:os";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hasRoom, makeRequireRoom, type Room } from "./require-room.ts";

const GIB = 1024 ** 3;

test.each([
  [100 * GIB, 6 * GIB, true],
  [100 * GIB, 5 * GIB, true],
  [100 * GIB, 5 * GIB - 1, false],
  [1024 ** 2, 1024 * 60, true],
  [1024 ** 2, 1024 * 50, false],
  // Of a large disk not more than this is kept free.
  [10_000 * GIB, 10 * GIB, true],
  [10_000 * GIB, 10 * GIB - 1, false],
  [0, 0, true],
])("of %i bytes %i free are room: %s", (totalBytes, freeBytes, room) => {
  expect(hasRoom({ totalBytes, freeBytes })).toBe(room);
});

test("more room is never less", () => {
  const bytes = fc.nat(Number.MAX_SAFE_INTEGER);
  fc.assert(
    fc.property(bytes, bytes, bytes, (totalBytes, a, b) => {
      const [less, more] = [Math.min(a, b), Math.max(a, b)];
      return hasRoom({ totalBytes, freeBytes: more }) || !hasRoom({ totalBytes, freeBytes: less });
    }),
  );
});

test("what cannot be stored is told with what is free, and what to do", async () => {
  const require = makeRequireRoom("/x", { look: async () => ({ freeBytes: 3 * GIB, totalBytes: 80 * GIB }) });
  await expect(require()).rejects.toMatchObject({
    id: "insufficient_storage",
    message:
      "Only 3.0 GB of the 80.0 GB of this platform's disk are free, so nothing new is stored. What runs goes on. " +
      "Ask the operator for room, then try again.",
  });
});

test("a disk is not asked again within a second, and is after it", async () => {
  let [asked, nowMs] = [0, 0];
  let room: Room = { freeBytes: 50, totalBytes: 100 };
  const look = async () => {
    asked += 1;
    return room;
  };
  const require = makeRequireRoom("/x", { look, now: () => nowMs });
  await Promise.all([require(), require()]);
  room = { freeBytes: 1, totalBytes: 100 };
  nowMs = 999;
  await require();
  expect(asked).toBe(1);
  nowMs = 1_000;
  await expect(require()).rejects.toThrow("nothing new is stored");
  room = { freeBytes: 50, totalBytes: 100 };
  nowMs = 2_000;
  await require();
});

test("a disk that cannot be asked has room, and a real one tells", async () => {
  await makeRequireRoom("/there/is/no/such/folder")();
  const look = makeRequireRoom(tmpdir());
  await look().catch((thrown) => expect(thrown).toMatchObject({ id: "insufficient_storage" }));
});
