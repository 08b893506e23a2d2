import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type CollectedStores,
  type CollectionOperation,
  CollectionWorld,
} from "./collection-world-fixtures.ts";

const name = fc.constantFrom("team/one", "team/two", "conifer/run");
const image = fc.nat({ max: 5 });
const tag = fc.constantFrom("v1", "v2", "cache");
const operation: fc.Arbitrary<CollectionOperation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("push" as const),
      name,
      image,
      tag: fc.option(tag, { nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...{ kind: fc.constant("index" as const), name, tag },
      images: fc.uniqueArray(image, { minLength: 1, maxLength: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("refer" as const), name, image, about: image }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("build" as const), image, app: fc.constantFrom("a", "b") }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("untag" as const), name, tag }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), name, image }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("delete blob" as const), name, layer: fc.nat({ max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("pull" as const), name, image }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("sweep" as const), slowly: fc.nat({ max: 30 }) }) },
);

interface Round {
  /** All at once. */
  readonly operations: readonly CollectionOperation[];
  /** How much of the time of grace passes before it. */
  readonly later: number;
  /** An image that the platform's record learns of, or forgets, before it. */
  readonly record: "learn" | "forget" | "nothing";
}

const round: fc.Arbitrary<Round> = fc.record({
  operations: fc.uniqueArray(operation, { minLength: 1, maxLength: 6, selector: claimOf }),
  later: fc.constantFrom(0, 0, 0.3, 0.6, 1),
  record: fc.constantFrom("learn", "forget", "nothing", "nothing"),
});

/** What two operations of a round may not both do, since nobody could say then what must come of it. */
function claimOf(one: CollectionOperation): string {
  switch (one.kind) {
    case "push":
    case "index":
    case "untag":
      return `${one.name} ${one.kind === "push" && one.tag === undefined ? one.image : one.tag}`;
    case "build":
      return one.app;
    case "delete":
      // It takes tags with it, whichever name the image.
      return `${one.name} v1`;
    default:
      return JSON.stringify(one);
  }
}

/** A deletion of an image takes any tag of its repository: others leave that repository alone meanwhile. */
function withoutConflicts(operations: readonly CollectionOperation[]): readonly CollectionOperation[] {
  const emptied = new Set(operations.filter((one) => one.kind === "delete").map((one) => one.name));
  return operations.filter(
    (one) => !("name" in one) || one.kind === "delete" || one.kind === "pull" || !emptied.has(one.name),
  );
}

const comeback: fc.Arbitrary<CollectionOperation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("push" as const), name, image, tag }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("build" as const), image, app: fc.constantFrom("a", "b") }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...{ kind: fc.constant("index" as const), name, tag },
      images: fc.uniqueArray(image, { minLength: 1, maxLength: 2 }),
    }),
  },
);

type Open = () => Promise<CollectedStores>;

/** What every collection of images must keep, and take in the end, whatever happens at the same time. */
export function collectionSuite(
  name: string,
  open: Open,
  runs: { readonly rounds: number; readonly comebacks: number; readonly ends: number },
): void {
  describe(`collection: ${name}`, () => {
    keepsWhatIsReached(open, runs.rounds);
    takesNothingThatComesBack(open, runs.comebacks);
    leavesNothingInTheEnd(open, runs.ends);
  });
}

function keepsWhatIsReached(open: Open, runs: number): void {
  test("no sweep takes what is within reach, or breaks a push, whatever else happens at the same time", {
    timeout: 600_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 2, maxLength: 7 }), async (rounds) => {
        const stores = await open();
        const world = await CollectionWorld.start(stores);
        try {
          for (const { operations, later, record } of rounds) {
            if (record === "learn") for (const digest of world.tags.values()) world.known.add(digest);
            if (record === "forget") world.known.clear();
            if (later > 0) stores.age(later);
            const together = withoutConflicts(operations);
            world.deletes.clear();
            for (const one of together)
              if (one.kind.startsWith("delete") && "name" in one) world.deletes.add(one.name);
            await Promise.all(together.map((one) => world.run(one)));
            expect(await world.faults()).toEqual([]);
          }
          stores.age();
          await world.run({ kind: "sweep", slowly: 3 });
          stores.age();
          await world.run({ kind: "sweep", slowly: 3 });
          expect(await world.faults()).toEqual([]);
        } finally {
          await world.registry.registry.stop();
          await stores.dispose();
        }
      }),
      { numRuns: Number(process.env.SWEEP_RUNS ?? runs) },
    );
  });
}

function takesNothingThatComesBack(open: Open, runs: number): void {
  test("what is pushed or built again while it is being removed is there in the end", {
    timeout: 600_000,
  }, async () => {
    const together = fc.uniqueArray(comeback, { minLength: 1, maxLength: 5, selector: claimOf });
    await fc.assert(
      fc.asyncProperty(
        together,
        fc.nat({ max: 60 }),
        fc.nat({ max: 200 }),
        fc.constantFrom(0.3, 0.6, 1, 1),
        async (again, slowly, head, share) => {
          const stores = await open();
          const world = await CollectionWorld.start(stores);
          try {
            // All of it was there once, and has been out of reach for a while, most often more than a day, when the sweep begins.
            for (const held of ["team/one", "team/two"])
              for (const one of [0, 1, 2, 3, 4, 5]) {
                await world.run({ kind: "push", name: held, image: one, tag: "old" });
                await world.run({ kind: "untag", name: held, tag: "old" });
              }
            stores.age();
            await world.run({ kind: "sweep", slowly: 0 });
            stores.age(share);
            const sweep = world.run({ kind: "sweep", slowly });
            for (let tick = 0; tick < head; tick += 1) await new Promise((resolve) => setImmediate(resolve));
            await Promise.all([sweep, ...again.map((one) => world.run(one))]);
            expect(await world.faults()).toEqual([]);
          } finally {
            await world.registry.registry.stop();
            await stores.dispose();
          }
        },
      ),
      { numRuns: Number(process.env.SWEEP_RUNS ?? runs) },
    );
  });
}

function leavesNothingInTheEnd(open: Open, runs: number): void {
  test("in the end nothing is left of what nothing reaches", { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 3, maxLength: 12 }), async (operations) => {
        const stores = await open();
        const world = await CollectionWorld.start(stores);
        try {
          world.deletes.add("team/one").add("team/two").add("conifer/run");
          for (const one of operations)
            if (!("name" in one) || one.name !== "conifer/run") await world.run(one);
          for (const where of world.tags.keys()) {
            const [held = "", named = ""] = where.split(":");
            await world.run({ kind: "untag", name: held, tag: named });
          }
          for (const app of world.built.keys()) await stores.forget(app);
          for (let round = 0; round < 2; round += 1) {
            stores.age();
            await stores.sweep([], async () => {});
          }
          expect(stores.leftovers()).toEqual([]);
        } finally {
          await world.registry.registry.stop();
          await stores.dispose();
        }
      }),
      { numRuns: Number(process.env.SWEEP_RUNS ?? runs) },
    );
  });
}
