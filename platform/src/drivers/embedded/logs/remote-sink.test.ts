import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type LogLine,
  type LogSink,
  type Running,
  silentLogger,
  systemClock,
} from "../../../kernel/index.ts";
import { DEFAULT_SINK_LIMITS, makeRemoteSink, type SinkLimits } from "./remote-sink.ts";

const TIME = new Date("2026-01-02T03:04:05.678Z");
let folder = "";
let host: Server;
const sinks: (LogSink & Running)[] = [];
/** The messages of each batch the host got, and how it answers the next ones: nothing for the usual 200. */
let batches: string[][] = [];
let answers: ((response: ServerResponse) => void)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "conifer-sink-"));
  batches = [];
  answers = [];
  host = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const lines = body.split("\n").filter(Boolean);
    batches.push(lines.map((line) => (JSON.parse(line) as string[])[4] ?? ""));
    const answer = answers.shift() ?? ((usual) => usual.end("{}"));
    answer(response);
  });
  await new Promise<void>((resolve) => host.listen(join(folder, "host.sock"), resolve));
});
afterEach(async () => {
  for (const sink of sinks.splice(0)) await sink.stop();
  host.closeAllConnections();
  await new Promise((resolve) => host.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

function makeSink(limits: Partial<SinkLimits> = {}): LogSink & Running {
  const peer = { socketPath: join(folder, "host.sock"), secret: "s" };
  const sink = makeRemoteSink({
    peer,
    now: systemClock,
    logger: silentLogger,
    limits: { ...DEFAULT_SINK_LIMITS, flushMs: 5, longestPauseMs: 10, ...limits },
  });
  sinks.push(sink);
  return sink;
}

const lineOf = (message: string, appId = "a"): LogLine => ({
  appId,
  time: TIME,
  source: "app",
  process: "api",
  message,
});

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`it did not come true; batches: ${JSON.stringify(batches)}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const fail = (status: number) => (response: ServerResponse) => {
  response.statusCode = status;
  response.end("{}");
};

describe("the sink of another process", () => {
  it("sends what was written together in one batch, and nothing when nothing was written", async () => {
    const sink = makeSink();
    for (const message of ["one", "two"]) sink.write(lineOf(message));
    await until(() => batches.length === 1);
    expect(batches).toEqual([["one", "two"]]);
    await sink.stop();
    await sink.stop();
    expect(batches.length).toBe(1);
  });

  it("sends lines that come while a batch is under way in the next one", async () => {
    const sink = makeSink({ batchLines: 2 });
    answers.push((response) => {
      for (const message of ["4", "5"]) sink.write(lineOf(message));
      response.end("{}");
    });
    for (const message of ["1", "2", "3"]) sink.write(lineOf(message));
    await until(() => batches.flat().length === 5);
    expect(batches.flat()).toEqual(["1", "2", "3", "4", "5"]);
  });

  it("sends a batch again when the connection broke, the same lines first", async () => {
    answers.push((response) => response.destroy());
    const sink = makeSink();
    sink.write(lineOf("one"));
    await until(() => batches.length === 1);
    sink.write(lineOf("two"));
    await until(() => batches.flat().includes("two"));
    expect(batches[0]).toEqual(["one"]);
    expect(batches[1]?.[0]).toBe("one");
  });

  it("gives up on a host that does not answer, and tries again", async () => {
    answers.push(() => {});
    const sink = makeSink({ answerMs: 30 });
    sink.write(lineOf("one"));
    await until(() => batches.length === 2);
    expect(batches[1]).toEqual(["one"]);
  });

  it("does not send lines again that the host refuses, and tells how many were lost", async () => {
    answers.push(fail(400));
    const sink = makeSink();
    for (const message of ["bad", "worse"]) sink.write(lineOf(message));
    sink.write(lineOf("other app", "b"));
    await until(() => batches.length === 2);
    expect(batches[1]).toEqual([
      "Error L13 (Local delivery error): 2 messages lost since 2026-01-02T03:04:05.678000+00:00.",
      "Error L13 (Local delivery error): 1 messages lost since 2026-01-02T03:04:05.678000+00:00.",
    ]);
    sink.write(lineOf("fine"));
    await until(() => batches.length === 3);
    expect(batches[2]).toEqual(["fine"]);
  });

  it("keeps counting losses while the reports of them cannot be delivered", async () => {
    const sink = makeSink({ lines: 1 });
    answers.push(
      (response) => response.destroy(),
      (response) => response.destroy(),
    );
    for (const message of ["kept", "lost", "lost"]) sink.write(lineOf(message));
    await until(() => batches.length === 3);
    expect(batches[2]?.[0]).toBe("kept");
    expect(batches[2]?.[1]).toMatch(/: 2 messages lost since /);
  });

  it("bounds what waits by its size too", async () => {
    const sink = makeSink({ characters: 10 });
    for (const message of ["0123456789", "lost"]) sink.write(lineOf(message));
    await until(() => batches.length === 1);
    expect(batches[0]?.length).toBe(2);
    expect(batches[0]?.[1]).toMatch(/: 1 messages lost/);
  });
});
