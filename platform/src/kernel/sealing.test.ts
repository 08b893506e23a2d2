import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type MasterKey, rewrap, seal, sealedVersion, unseal } from "./sealing.ts";

const one = randomBytes(32);
const two = randomBytes(32);
const master: MasterKey = { current: 1, keys: new Map([[1, one]]) };
const text = fc.string({ unit: "binary", maxLength: 2_000 });
const context = fc.string({ unit: "binary", maxLength: 60 });

describe("a sealed value", () => {
  test("opens under its context, text and bytes alike", () => {
    fc.assert(
      fc.property(text, context, (plain, about) => {
        expect(unseal(seal(plain, about, master), about, master).toString("utf8")).toBe(plain);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), context, (plain, about) => {
        const bytes = Buffer.from(plain);
        expect(unseal(seal(bytes, about, master), about, master).equals(bytes)).toBe(true);
      }),
    );
  });

  test("holds nothing of the text, and is never twice the same", () => {
    const plain = "postgres://user:hunter2@db.example.com/main";
    const [a, b] = [seal(plain, "id", master), seal(plain, "id", master)];
    expect(a.equals(b)).toBe(false);
    for (let from = 0; from + 6 <= plain.length; from++)
      expect(a.includes(plain.slice(from, from + 6))).toBe(false);
  });

  test("cannot be moved to another context", () => {
    fc.assert(
      fc.property(text, context, context, (plain, mine, other) => {
        fc.pre(mine !== other);
        expect(() => unseal(seal(plain, mine, master), other, master)).toThrow();
      }),
    );
  });

  test("cannot be altered in any byte, cut or lengthened", () => {
    const sealed = seal("A=1", "id", master);
    const altered = fc.record({ at: fc.nat(sealed.length - 1), by: fc.integer({ min: 1, max: 255 }) });
    fc.assert(
      fc.property(altered, ({ at, by }) => {
        const other = Buffer.from(sealed);
        other.writeUInt8(other.readUInt8(at) ^ by, at);
        expect(() => unseal(other, "id", master)).toThrow();
      }),
    );
    for (let length = 0; length < sealed.length; length++)
      expect(() => unseal(sealed.subarray(0, length), "id", master)).toThrow();
    expect(() => unseal(Buffer.concat([sealed, Buffer.from("x")]), "id", master)).toThrow();
  });

  test("cannot be put together from two", () => {
    const [a, b] = [seal("A=1", "id", master), seal("B=2", "id", master)];
    const mixed = Buffer.concat([a.subarray(0, 65), b.subarray(65)]);
    expect(() => unseal(mixed, "id", master)).toThrow();
  });
});

describe("rotation of the master key", () => {
  const rotated: MasterKey = {
    current: 2,
    keys: new Map([
      [1, one],
      [2, two],
    ]),
  };

  test("opens what the old key sealed, and seals with the new one", () => {
    expect(unseal(seal("old", "id", master), "id", rotated).toString()).toBe("old");
    const sealed = seal("new", "id", rotated);
    expect(sealed.readUInt32BE(1)).toBe(2);
    expect(unseal(sealed, "id", rotated).toString()).toBe("new");
    expect(() => unseal(sealed, "id", master)).toThrow("master key version 2 is not available");
  });

  test("a removed version is named, and another key under its number opens nothing", () => {
    const sealed = seal("old", "id", master);
    const only: MasterKey = { current: 2, keys: new Map([[2, two]]) };
    expect(() => unseal(sealed, "id", only)).toThrow("master key version 1 is not available");
    expect(() => unseal(sealed, "id", { current: 1, keys: new Map([[1, two]]) })).toThrow();
  });

  test("without the current key nothing is sealed", () => {
    expect(() => seal("x", "id", { current: 3, keys: new Map() })).toThrow(/version 3/);
  });
});

test("what was never sealed is told apart", () => {
  expect(() => unseal(Buffer.alloc(0), "id", master)).toThrow("not a sealed value");
  expect(() => unseal(Buffer.alloc(200, 9), "id", master)).toThrow("not a sealed value");
});

describe("a value that is wrapped anew", () => {
  const both: MasterKey = {
    current: 2,
    keys: new Map([
      [1, one],
      [2, two],
    ]),
  };
  const onlyTwo: MasterKey = { current: 2, keys: new Map([[2, two]]) };

  test("opens with the new version alone, whatever it holds, and what was sealed in it is as it was", () => {
    fc.assert(
      fc.property(text, context, (plain, about) => {
        const sealed = seal(plain, about, master);
        const again = rewrap(sealed, about, both);
        expect([sealedVersion(sealed), sealedVersion(again)]).toEqual([1, 2]);
        expect(unseal(again, about, onlyTwo).toString("utf8")).toBe(plain);
        expect(again.subarray(65).equals(sealed.subarray(65))).toBe(true);
      }),
    );
  });

  test("stays bound to its context", () => {
    const sealed = seal("plain", "mine", master);
    expect(() => rewrap(sealed, "another", both)).toThrow();
    expect(() => unseal(rewrap(sealed, "mine", both), "another", both)).toThrow();
  });

  test("is a value that was sealed", () => {
    expect(() => sealedVersion(Buffer.alloc(92))).toThrow("not a sealed value");
    expect(() => rewrap(Buffer.from("text"), "mine", both)).toThrow("not a sealed value");
  });

  test("is wrapped with the version that it says, also when the key changes at every look", () => {
    let looks = 0;
    const turning: MasterKey = {
      get current() {
        looks += 1;
        return 1 + (looks % 2);
      },
      keys: both.keys,
    };
    for (let i = 0; i < 4; i++)
      expect(unseal(seal("plain", "mine", turning), "mine", both).toString()).toBe("plain");
  });
});
