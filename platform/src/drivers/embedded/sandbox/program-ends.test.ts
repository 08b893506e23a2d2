import fc from "fast-check";
import { expect, test } from "vitest";
import { withoutTerminals } from "./program-ends.ts";

const NOTHING = 99;
const descriptor = fc.integer({ min: 3, max: 60 });

test("no program gets another's terminal, whichever are open, and each keeps its own streams", () => {
  const theirs = fc.array(fc.oneof(fc.integer({ min: 100, max: 200 }), fc.constant("ignore" as const)), {
    minLength: 3,
    maxLength: 6,
  });
  fc.assert(
    fc.property(theirs, fc.uniqueArray(descriptor), (streams, open) => {
      // Descriptors of a sandbox's own streams are given explicitly, and so cover what had their numbers.
      const stdio = withoutTerminals(streams, new Set(open), NOTHING);
      expect(stdio.slice(0, streams.length)).toEqual(streams);
      for (const fd of open) if (fd >= streams.length) expect(stdio[fd]).toBe(NOTHING);
      const covered = stdio.flatMap((one, fd) => (fd >= streams.length && one === NOTHING ? [fd] : []));
      expect(covered.every((fd) => open.includes(fd))).toBe(true);
      // A hole would make Node.js open a pipe there.
      expect(Object.keys(stdio)).toHaveLength(stdio.length);
    }),
  );
});
