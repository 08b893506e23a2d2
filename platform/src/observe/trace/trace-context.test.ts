import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatTraceparent, isSampled, parseTraceparent } from "./trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const place = { traceId: TRACE, spanId: SPAN };

describe("traceparent", () => {
  test.each([
    [`00-${TRACE}-${SPAN}-01`, { ...place, sampled: true }],
    [`00-${TRACE}-${SPAN}-00`, { ...place, sampled: false }],
    [` 00-${TRACE}-${SPAN}-03 `, { ...place, sampled: true }],
    [`01-${TRACE}-${SPAN}-01-more`, { ...place, sampled: true }],
    [`00-${TRACE}-${SPAN}-01-more`, undefined],
    [`ff-${TRACE}-${SPAN}-01`, undefined],
    [`00-${TRACE.toUpperCase()}-${SPAN}-01`, undefined],
    [`00-${"0".repeat(32)}-${SPAN}-01`, undefined],
    [`00-${TRACE}-${"0".repeat(16)}-01`, undefined],
    [`00-${TRACE}-${SPAN}`, undefined],
    ["", undefined],
    [undefined, undefined],
  ])("%s", (header, expected) => {
    expect(parseTraceparent(header)).toEqual(expected);
  });

  test("what is written is read as it was", () => {
    const hex = (length: number) =>
      fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length });
    const any = fc
      .record({ traceId: hex(32), spanId: hex(16), sampled: fc.boolean() })
      .filter(({ traceId, spanId }) => !/^0+$/.test(traceId) && !/^0+$/.test(spanId));
    fc.assert(
      fc.property(any, (one) => {
        expect(parseTraceparent(formatTraceparent(one))).toEqual(one);
      }),
    );
  });

  test("nothing that is sent to it makes it throw", () => {
    fc.assert(fc.property(fc.string(), (text) => void parseTraceparent(text)));
  });
});

test("a share of traces is kept, and by all who see the id the same", () => {
  expect([isSampled(TRACE, 1), isSampled(TRACE, 0), isSampled("f".repeat(32), 1)]).toEqual([
    true,
    false,
    true,
  ]);
  const ids = Array.from({ length: 4_096 }, (_, n) =>
    n.toString(16).padStart(3, "0").padEnd(13, "0").padStart(32, "a"),
  );
  expect(ids.filter((id) => isSampled(id, 0.25))).toHaveLength(1_024);
});
