import { describe, expect, it } from "vitest";
import type { ReadLine } from "./log-ports.ts";
import { HEARTBEAT, RETRY, renderPlain, renderSse } from "./stream-text.ts";

const lineOf = (message: string, position?: number): ReadLine => ({
  appId: "a",
  time: new Date("2026-01-02T03:04:05.678Z"),
  source: "heroku",
  process: "router",
  message,
  ...(position === undefined ? {} : { position }),
});
const text = (message: string) => `2026-01-02T03:04:05.678000+00:00 heroku[router]: ${message}`;

/** What an event source makes of a stream: comments left out, data lines joined (HTML standard, server-sent events). */
function eventsOf(stream: string): { id: string; data: string }[] {
  let id = "";
  const events: { id: string; data: string }[] = [];
  for (const block of stream.split("\n\n")) {
    const data: string[] = [];
    for (const line of block.split("\n")) {
      if (line.startsWith("id: ")) id = line.slice(4);
      if (line.startsWith("data: ")) data.push(line.slice(6));
    }
    if (data.length > 0) events.push({ id, data: data.join("\n") });
  }
  return events;
}

describe("what the client reads", () => {
  it("is an event of one data line for each log line", () => {
    expect(renderSse([lineOf("one", 7), lineOf("two", 8)])).toBe(
      `id: 8\ndata: ${text("one")}\ndata: ${text("two")}\n\n`,
    );
  });

  it("keeps the last position when the last line has none", () => {
    expect(renderSse([lineOf("one", 7), lineOf("told")])).toMatch(/^id: 7\n/);
    expect(renderSse([lineOf("told")])).toBe(`data: ${text("told")}\n\n`);
  });

  it("is nothing for no lines", () => {
    expect(renderSse([])).toBe("");
    expect(renderPlain([])).toBe("");
  });

  it("is one line each in plain text", () => {
    expect(renderPlain([lineOf("one"), lineOf("")])).toBe(`${text("one")}\n${text("")}\n`);
  });

  it("shows neither heartbeats nor the pause before the client comes back", () => {
    const stream =
      RETRY + HEARTBEAT + renderSse([lineOf("id: 3", 1)]) + HEARTBEAT + renderSse([lineOf("data: x")]);
    expect(eventsOf(stream)).toEqual([
      { id: "1", data: text("id: 3") },
      { id: "1", data: text("data: x") },
    ]);
  });
});
