import { expect, test, vi } from "vitest";
import { makePasswordTries } from "./password-tries.ts";

const NOW = 1_800_000_000_000;
const wrong = async () => undefined;
const right = async () => "me";

test("wrong passwords are counted for each address, whatever its case", async () => {
  const { attempt } = makePasswordTries({ tries: 3 });
  for (const address of ["a@x", "A@x", " a@X "]) expect(await attempt(address, NOW, wrong)).toBeUndefined();
  const check = vi.fn(right);
  await expect(attempt("a@x", NOW, check)).rejects.toMatchObject({ id: "rate_limit" });
  expect(check).not.toHaveBeenCalled();
  expect(await attempt("b@x", NOW, right)).toBe("me");
});

test("time gives tries back", async () => {
  const { attempt } = makePasswordTries({ tries: 60 });
  for (let i = 0; i < 60; i++) await attempt("a@x", NOW, wrong);
  await expect(attempt("a@x", NOW + 59_000, right)).rejects.toThrow(/Try again in a few minutes/);
  expect(await attempt("a@x", NOW + 60_000, right)).toBe("me");
});

test("the right password clears the record", async () => {
  const { attempt } = makePasswordTries({ tries: 2 });
  for (let i = 0; i < 10; i++) {
    await attempt("a@x", NOW, wrong);
    expect(await attempt("a@x", NOW, right)).toBe("me");
  }
});

test("guesses at the same time are counted before any is checked", async () => {
  const { attempt } = makePasswordTries({ tries: 3, mostAtOnce: 100 });
  const gate = Promise.withResolvers<undefined>();
  const check = vi.fn(() => gate.promise);
  const all = Array.from({ length: 10 }, () => attempt("a@x", NOW, check).catch((e: Error) => e));
  gate.resolve(undefined);
  expect((await Promise.all(all)).filter((outcome) => outcome instanceof Error)).toHaveLength(7);
  expect(check).toHaveBeenCalledTimes(3);
});

test("only so many are checked at once, and a failure gives its place back", async () => {
  const { attempt } = makePasswordTries({ mostAtOnce: 1 });
  const gate = Promise.withResolvers<undefined>();
  const first = attempt("a@x", NOW, () => gate.promise);
  await expect(attempt("b@x", NOW, right)).rejects.toMatchObject({ id: "rate_limit" });
  gate.reject(new Error("the store is away"));
  await expect(first).rejects.toThrow("the store is away");
  expect(await attempt("b@x", NOW, right)).toBe("me");
});
