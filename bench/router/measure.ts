import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cpuSeconds } from "../platform/process-usage.ts";
import type { Subject } from "./haproxy.ts";

export interface Measured {
  readonly requests: number;
  readonly seconds: number;
  /** User and system time of the subject's process. */
  readonly cpuSeconds: number;
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

const CONNECTIONS = 64;

/** A script for wrk that asks all hosts in turn. */
export function writeLoadScript(folder: string, hosts: readonly string[]): string {
  const file = join(folder, "hosts.lua");
  const list = hosts.map((host) => `"${host}"`).join(",");
  writeFileSync(
    file,
    `local hosts = {${list}}
local requests = {}
local at = 0
init = function()
  for i, host in ipairs(hosts) do
    requests[i] = wrk.format("GET", "/path?query=1", {["Host"] = host, ["User-Agent"] = "bench", ["Accept"] = "*/*"})
  end
end
request = function()
  at = at % #requests + 1
  return requests[at]
end
`,
  );
  return file;
}

/** Loads a subject over 64 connections that are kept, as fast as it answers. Throws when an answer was not 200. */
export async function loadOnce(subject: Subject, script: string, seconds: number): Promise<Measured> {
  const before = cpuSeconds(subject.pid);
  const args = ["-t", "1", "-c", String(CONNECTIONS), "-d", `${seconds}s`, "-s", script];
  const { stdout } = await promisify(execFile)("wrk", [...args, `http://127.0.0.1:${subject.port}/`]);
  const used = cpuSeconds(subject.pid) - before;
  const [, requests, took] = /(\d+) requests in ([\d.]+)s/.exec(stdout) ?? [];
  if (requests === undefined || took === undefined || /Non-2xx|Socket errors/.test(stdout)) {
    throw new Error(`the load on ${subject.name} failed:\n${stdout}`);
  }
  return {
    requests: Number(requests),
    seconds: Number(took),
    cpuSeconds: Number(used.toFixed(2)),
    perSecond: Math.round(Number(requests) / Number(took)),
    perCpuSecond: Math.round(Number(requests) / used),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
