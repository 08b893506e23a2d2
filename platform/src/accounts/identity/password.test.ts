import { argon2Sync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { makePassword } from "./create-account.ts";
import { hashPassword, passwordMatches } from "./password.ts";

describe("a kept password", () => {
  test("matches itself alone", async () => {
    const stored = await hashPassword("correct horse");
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(stored).not.toContain("correct");
    expect(await passwordMatches("correct horse", stored)).toBe(true);
    for (const wrong of ["", "correct", "Correct horse", "correct horse "])
      expect(await passwordMatches(wrong, stored)).toBe(false);
  });

  test("is never kept twice in the same way", async () => {
    expect(await hashPassword("x")).not.toBe(await hashPassword("x"));
  });

  test("may be of any characters", async () => {
    const password = "pässwörd \0 ✓ 🌲";
    expect(await passwordMatches(password, await hashPassword(password))).toBe(true);
  });

  test("is checked by the cost it was kept with", async () => {
    const nonce = Buffer.from("sixteen bytes...");
    const cost = { memory: 64, passes: 1, parallelism: 1, tagLength: 16 };
    const tag = argon2Sync("argon2id", { ...cost, message: Buffer.from("old password"), nonce });
    const text = (bytes: Buffer) => bytes.toString("base64").replaceAll("=", "");
    const stored = `$argon2id$v=19$m=64,t=1,p=1$${text(nonce)}$${text(tag)}`;
    expect(await passwordMatches("old password", stored)).toBe(true);
    expect(await passwordMatches("wrong", stored)).toBe(false);
  });
});

test.each([undefined, "", "plain text", "$2b$10$abc", "$argon2id$v=19$m=64,t=1,p=1$only"])(
  "nothing matches %j",
  async (stored) => {
    expect(await passwordMatches("", stored)).toBe(false);
    expect(await passwordMatches("A", stored)).toBe(false);
  },
);

test("an unknown account takes as long as a known one", async () => {
  const stored = await hashPassword("correct horse");
  const time = async (against: string | undefined) => {
    const began = performance.now();
    await passwordMatches("wrong", against);
    return performance.now() - began;
  };
  const median = (times: number[]) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
  const [known, unknown]: [number[], number[]] = [[], []];
  for (let i = 0; i < 9; i++) {
    known.push(await time(stored));
    unknown.push(await time(undefined));
  }
  expect(median(unknown) / median(known)).toBeGreaterThan(0.5);
  expect(median(unknown) / median(known)).toBeLessThan(2);
});

test("made passwords are long, and never the same", () => {
  const made = Array.from({ length: 100 }, makePassword);
  expect(made.every((password) => /^[\w-]{20}$/.test(password))).toBe(true);
  expect(new Set(made).size).toBe(100);
});
