import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type KeyCause, makeKeyQueue } from "./key-queue.ts";

/** `+a` puts it with a hint, `a` as listed, `-a` takes it out, `>` takes the next. What was taken is told. */
function play(steps: string): string {
  const queue = makeKeyQueue();
  const taken = steps.split(" ").flatMap((step, at) => {
    if (step === ">") return [queue.take()?.key ?? "none"];
    if (step.startsWith("-")) return [`${queue.remove(step.slice(1))?.key ?? "none"} out`];
    const isHint = step.startsWith("+");
    queue.put({ key: step.replace("+", ""), cause: isHint ? "hint" : "list", since: at });
    return [];
  });
  return taken.join(", ");
}

describe("keys that wait", () => {
  test.each([
    ["come in their order", "a b c > > > >", "a, b, c, none"],
    ["come once", "a a +b +b > > >", "b, a, none"],
    ["come first with a hint", "a b +c +d > > > >", "c, d, a, b"],
    ["go to the hinted with a hint", "a b +b > > >", "b, a, none"],
    ["stay there when they are listed", "+a b a > > >", "a, b, none"],
    ["are gone once they are taken out", "a +b -b -a -a >", "b out, a out, none out, none"],
    [
      "come in the end however many hints there are",
      "x +a +b +c +d +e +f +g +h +i > > > > > > > > > >",
      "a, b, c, d, e, f, g, h, x, i",
    ],
  ])("%s", (_name, steps, expected) => expect(play(steps)).toBe(expected));

  test("have waited since they were first told", () => {
    const queue = makeKeyQueue();
    queue.put({ key: "a", cause: "list", since: 1 });
    queue.put({ key: "a", cause: "hint", since: 2 });
    queue.put({ key: "a", cause: "hint", since: 3 });
    expect(queue.take()).toEqual({ key: "a", cause: "hint", since: 1 });
  });

  test("are none after a clearing", () => {
    const queue = makeKeyQueue();
    queue.put({ key: "a", cause: "list", since: 1 });
    queue.put({ key: "b", cause: "hint", since: 1 });
    expect(queue.size()).toBe(2);
    queue.clear();
    expect([queue.size(), queue.take()]).toEqual([0, undefined]);
  });

  test("each come exactly once, whatever was put", () => {
    const step = fc.record({
      key: fc.constantFrom("a", "b", "c", "d"),
      cause: fc.constantFrom<KeyCause>("hint", "list"),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const queue = makeKeyQueue();
        for (const [since, one] of steps.entries()) queue.put({ ...one, since });
        const taken = Array.from({ length: queue.size() }, () => queue.take());
        expect(queue.take()).toBeUndefined();
        const sinceOf = (key: string) => steps.findIndex((one) => one.key === key);
        const causeOf = (key: string) =>
          steps.some((one) => one.key === key && one.cause === "hint") ? "hint" : "list";
        const keys = new Set(steps.map(({ key }) => key));
        expect(new Set(taken.map((one) => one?.key))).toEqual(keys);
        expect(taken).toHaveLength(keys.size);
        for (const one of taken)
          expect([one?.since, one?.cause]).toEqual([sinceOf(one?.key ?? ""), causeOf(one?.key ?? "")]);
      }),
    );
  });
});
