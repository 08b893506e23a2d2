import { describe, expect, test } from "vitest";
import { type EndedSpan, makeTracer, silentTracer } from "./tracer.ts";

const CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

function makeRig(share = 1) {
  const spans: EndedSpan[] = [];
  let now = 1_000;
  const tracer = makeTracer({ share, nowMs: () => now, ended: (span) => spans.push(span) });
  return {
    tracer,
    spans,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe("a span", () => {
  test("tells when it was, what it was about, and that it went well", async () => {
    const { tracer, spans, pass } = makeRig();
    const result = await tracer.span({ name: "work", fields: { a: 1 } }, async (span) => {
      pass(250);
      span.set({ b: true });
      return 42;
    });
    expect(result).toBe(42);
    expect(spans).toMatchObject([
      {
        ...{ name: "work", kind: "internal", startMs: 1_000, endMs: 1_250, failed: false },
        ...{ fields: { a: 1, b: true }, parentId: undefined, sampled: true },
      },
    ]);
    expect([spans[0]?.traceId, spans[0]?.spanId]).toEqual([
      expect.stringMatching(/^[0-9a-f]{32}$/),
      expect.stringMatching(/^[0-9a-f]{16}$/),
    ]);
  });

  test("has failed when the work throws, and what is thrown goes on and is not told", async () => {
    const { tracer, spans } = makeRig();
    const broken = new Error("secret detail");
    await expect(tracer.span({ name: "work" }, () => Promise.reject(broken))).rejects.toBe(broken);
    expect(spans[0]?.failed).toBe(true);
    expect(JSON.stringify(spans)).not.toContain("secret");
  });

  test("never ends before it began, whatever the clock does", async () => {
    const { tracer, spans, pass } = makeRig();
    await tracer.span({ name: "work" }, async () => pass(-500));
    expect(spans[0]).toMatchObject({ startMs: 1_000, endMs: 1_000 });
  });
});

describe("a trace", () => {
  test("begins with a span apart, unless it came from a caller", async () => {
    const { tracer, spans } = makeRig();
    await tracer.span({ name: "around" }, async () => {
      await tracer.span({ name: "apart", apart: true }, () => tracer.span({ name: "below" }, async () => {}));
      await tracer.span({ name: "called", apart: true, traceparent: CALLER }, async () => {});
    });
    const [below, apart, called, around] = spans;
    expect(apart?.parentId).toBeUndefined();
    expect(apart?.traceId).not.toBe(around?.traceId);
    expect([below?.traceId, below?.parentId]).toEqual([apart?.traceId, apart?.spanId]);
    expect(called?.parentId).toBe("00f067aa0ba902b7");
  });

  test("holds what a span calls, over waits, and two at once are kept apart", async () => {
    const { tracer, spans } = makeRig();
    const one = (name: string) =>
      tracer.span({ name }, async () => {
        await Promise.resolve();
        await tracer.span({ name: `below ${name}` }, async () => {});
      });
    await Promise.all([one("a"), one("b")]);
    for (const name of ["a", "b"]) {
      const above = spans.find((span) => span.name === name);
      const below = spans.find((span) => span.name === `below ${name}`);
      expect([below?.traceId, below?.parentId]).toEqual([above?.traceId, above?.spanId]);
    }
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(2);
  });

  test("goes on from a caller and to a callee in other processes", async () => {
    const { tracer, spans } = makeRig(0);
    let handed: string | undefined;
    await tracer.span({ name: "work", traceparent: CALLER }, async () => {
      handed = tracer.traceparent();
    });
    expect(spans).toMatchObject([
      { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", parentId: "00f067aa0ba902b7" },
    ]);
    expect(handed).toBe(`00-4bf92f3577b34da6a3ce929d0e0e4736-${spans[0]?.spanId}-01`);
    expect(tracer.traceparent()).toBeUndefined();
  });

  test("that is not kept is not told, and whoever is called learns that", async () => {
    const { tracer, spans } = makeRig(0);
    let handed: string | undefined;
    await tracer.span({ name: "work" }, async () => {
      handed = tracer.traceparent();
      await tracer.span({ name: "below" }, async () => {});
    });
    expect(spans).toEqual([]);
    expect(handed).toMatch(/-00$/);
    await tracer.span({ name: "work", traceparent: CALLER.replace(/01$/, "00") }, async () => {});
    expect(spans).toEqual([]);
  });

  test("begins anew when a caller sends what is no place in one", async () => {
    const { tracer, spans } = makeRig();
    await tracer.span({ name: "work", traceparent: "nonsense" }, async () => {});
    expect(spans[0]?.parentId).toBeUndefined();
  });
});

test("where nobody wants traces the work is done, and nothing is handed on", async () => {
  const result = await silentTracer.span({ name: "work", traceparent: CALLER }, async (span) => {
    span.set({ a: 1 });
    return silentTracer.traceparent() ?? "none";
  });
  expect(result).toBe("none");
});
