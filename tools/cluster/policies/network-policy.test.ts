import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSelected, type LabelSelector, type Labels } from "./network-policy.ts";

describe("a selector", () => {
  test.each<[LabelSelector, Labels, boolean]>([
    [{}, {}, true],
    [{}, { a: "1" }, true],
    [{ matchLabels: {} }, {}, true],
    [{ matchLabels: { a: "1" } }, { a: "1", b: "2" }, true],
    [{ matchLabels: { a: "1" } }, { a: "2" }, false],
    [{ matchLabels: { a: "" } }, { a: "" }, true],
    [{ matchLabels: { a: "" } }, {}, false],
    [{ matchLabels: { a: "1", b: "2" } }, { a: "1" }, false],
    [{ matchExpressions: [{ key: "a", operator: "In", values: ["1", "2"] }] }, { a: "2" }, true],
    [{ matchExpressions: [{ key: "a", operator: "In", values: ["1", "2"] }] }, {}, false],
    [{ matchExpressions: [{ key: "a", operator: "In" }] }, { a: "1" }, false],
    [{ matchExpressions: [{ key: "a", operator: "NotIn", values: ["1"] }] }, { a: "1" }, false],
    [{ matchExpressions: [{ key: "a", operator: "NotIn", values: ["1"] }] }, { a: "2" }, true],
    [{ matchExpressions: [{ key: "a", operator: "NotIn", values: ["1"] }] }, {}, true],
    [{ matchExpressions: [{ key: "a", operator: "Exists" }] }, { a: "" }, true],
    [{ matchExpressions: [{ key: "a", operator: "Exists" }] }, {}, false],
    [{ matchExpressions: [{ key: "a", operator: "DoesNotExist" }] }, {}, true],
    [{ matchExpressions: [{ key: "a", operator: "DoesNotExist" }] }, { a: "1" }, false],
    [{ matchExpressions: [{ key: "a", operator: "Gt", values: ["1"] }] }, { a: "2" }, false],
    [{ matchLabels: { a: "1" }, matchExpressions: [{ key: "b", operator: "Exists" }] }, { a: "1" }, false],
    [{ matchLabels: { constructor: "1" } }, {}, false],
    [{ matchExpressions: [{ key: "toString", operator: "Exists" }] }, {}, false],
  ])("%j of %j is %s", (selector, labels, selected) => {
    expect(isSelected(selector, labels)).toBe(selected);
  });

  const labels = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("", "1", "2"));
  const condition = fc.record({
    key: fc.constantFrom("a", "b", "c"),
    operator: fc.constantFrom("In", "NotIn", "Exists", "DoesNotExist"),
    values: fc.array(fc.constantFrom("", "1", "2"), { minLength: 1 }),
  });
  const selector = fc.record({ matchLabels: labels, matchExpressions: fc.array(condition) });

  test("with more conditions never selects more", () => {
    fc.assert(
      fc.property(selector, condition, labels, (one, added, found) => {
        const narrower = { ...one, matchExpressions: [...one.matchExpressions, added] };
        expect(isSelected(narrower, found) && !isSelected(one, found)).toBe(false);
      }),
    );
  });

  test("and its opposite never agree", () => {
    const opposite = { In: "NotIn", NotIn: "In", Exists: "DoesNotExist", DoesNotExist: "Exists" } as const;
    fc.assert(
      fc.property(condition, labels, (one, found) => {
        const other = { ...one, operator: opposite[one.operator as keyof typeof opposite] };
        const ask = (which: typeof one) => isSelected({ matchExpressions: [which] }, found);
        expect(ask(one)).toBe(!ask(other));
      }),
    );
  });
});
