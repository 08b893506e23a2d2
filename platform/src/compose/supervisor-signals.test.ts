import { expect, test } from "vitest";
import { decideStop, type StopDecision, type StopSignal } from "./supervisor-signals.ts";

test.each<[string, StopSignal, number | undefined, number, StopDecision]>([
  ["the first Ctrl-C", "SIGINT", undefined, 0, "stop"],
  ["the first SIGTERM", "SIGTERM", undefined, 0, "stop"],
  ["a closed terminal", "SIGHUP", undefined, 0, "stop"],
  ["the same Ctrl-C again, from npm", "SIGINT", 1_000, 1_003, "ignore"],
  ["the edge of one press", "SIGINT", 1_000, 1_500, "ignore"],
  ["a second Ctrl-C", "SIGINT", 1_000, 1_501, "stop now"],
  ["a second Ctrl-C much later", "SIGINT", 1_000, 39_000, "stop now"],
  ["SIGTERM repeated", "SIGTERM", 1_000, 9_000, "ignore"],
  ["the terminal closes while stopping", "SIGHUP", 1_000, 9_000, "ignore"],
])("%s", (_name, signal, firstAt, now, expected) => {
  expect(decideStop(signal, firstAt, now)).toBe(expected);
});
