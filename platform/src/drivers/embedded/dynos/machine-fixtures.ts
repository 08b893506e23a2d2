import type { DynoSpec } from "../../../runtime/dyno/index.ts";
import { type DynoMachine, type DynoPhase, newDyno } from "./dyno-machine.ts";

export const MIB = 2 ** 20;

/** A web dyno of an app, as the host has it, in that phase. */
export function machineOf(
  phase: DynoPhase,
  change: Partial<DynoSpec> & { readonly mib?: number } = {},
  machine: Partial<DynoMachine> = {},
): DynoMachine {
  const { mib = 512, ...rest } = change;
  const spec: DynoSpec = {
    id: "d1",
    name: "web.1",
    type: "web",
    appId: "a1",
    appName: "example",
    releaseId: "r1",
    releaseVersion: 3,
    image: "sha256:1",
    command: { kind: "process", type: "web" },
    displayCommand: "node server.js",
    env: {},
    limits: { memoryBytes: mib * MIB, cpuShare: 1, pids: 1 },
    bootSeconds: 60,
    stopSeconds: 30,
    duty: "serve",
    ...rest,
  };
  return { ...newDyno(spec, { now: 0 }), phase, ...machine };
}
