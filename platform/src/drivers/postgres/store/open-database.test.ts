import { describe, expect, test } from "vitest";
import { isStoreAway, violatedConstraint } from "./open-database.ts";

const failure = (code: string, more: object = {}) => Object.assign(new Error("x"), { code, ...more });

describe("the store is away", () => {
  test.each([
    ["no connection", failure("08006")],
    ["shutting down", failure("57P01")],
    ["crashed", failure("57P02")],
    ["starting", failure("57P03")],
    ["too many connections", failure("53300")],
    ["no socket", failure("ENOENT", { syscall: "connect" })],
    ["nobody listens", failure("ECONNREFUSED", { syscall: "connect" })],
    ["cut while reading", failure("ECONNRESET", { syscall: "read" })],
    ["cut while writing", failure("EPIPE", { syscall: "write" })],
    ["unknown host", failure("ENOTFOUND", { syscall: "getaddrinfo" })],
    ["both addresses", Object.assign(new AggregateError([]), { code: "ECONNREFUSED" })],
    ["the driver's words", new Error("Connection terminated unexpectedly")],
    ["the pool's words", new Error("timeout exceeded when trying to connect")],
    ["a cause", new Error("opening", { cause: failure("57P03") })],
  ])("%s", (_what, thrown) => {
    expect(isStoreAway(thrown)).toBe(true);
  });

  test.each([
    ["a duplicate", failure("23505")],
    ["a slow statement", failure("57014")],
    ["a file that is not there", failure("ENOENT", { syscall: "open" })],
    ["any other error", new Error("x")],
    ["no error", "57P03"],
    ["nothing", undefined],
  ])("not for %s", (_what, thrown) => {
    expect(isStoreAway(thrown)).toBe(false);
  });
});

test.each([
  [failure("23505", { constraint: "apps_name" }), "apps_name"],
  [failure("23503", { constraint: "apps_owner_id_fkey" }), "apps_owner_id_fkey"],
  [failure("23505"), undefined],
  [failure("23502", { constraint: "apps_name" }), undefined],
  [new Error("x"), undefined],
  [null, undefined],
  ["23505", undefined],
])("%s violates %s", (thrown, wanted) => {
  expect(violatedConstraint(thrown)).toBe(wanted);
});
