import fc from "fast-check";
import { expect, it } from "vitest";
import { roomForBuilds } from "./build-room.ts";

const GIB = 1024 ** 3;

it.each([
  ["a small machine", 1, 1, 1, 0.5],
  ["two cores with little memory", 2, 4, 1, 2],
  ["two cores", 2, 24, 2, 4],
  ["many cores with little memory", 16, 16, 2, 4],
  ["a large machine", 16, 256, 16, 4],
])("%s", (_name, cores, memory, atOnce, each) => {
  const room = roomForBuilds({ cores, memoryBytes: memory * GIB });
  expect([room.atOnce, room.limits.memoryBytes / GIB]).toEqual([atOnce, each]);
});

it("never gives builds more than half of the memory", () => {
  const machines = fc.record({
    cores: fc.integer({ min: 1, max: 256 }),
    memoryBytes: fc.integer({ min: 512 * 1024 ** 2, max: 4096 * GIB }),
  });
  fc.assert(
    fc.property(machines, (machine) => {
      const { atOnce, limits } = roomForBuilds(machine);
      expect(atOnce).toBeGreaterThanOrEqual(1);
      expect(atOnce * limits.memoryBytes).toBeLessThanOrEqual(machine.memoryBytes / 2);
    }),
  );
});
