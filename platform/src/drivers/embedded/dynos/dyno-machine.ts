import type { ToldDyno } from "../../../edge/route/index.ts";
import type { CrashReason, DynoSpec, DynoState } from "../../../runtime/dyno/index.ts";
import type { ListeningSocket } from "../sandbox/index.ts";

/**
 * What a dyno is doing, as the host sees it. Times are milliseconds since the epoch.
 *
 *     awaiting ──attached──▶ starting ──started/listening──▶ up
 *        │                    │   ▲ ▲                        │
 *        │ R13          exited│   │ └──restart── stopping ◀──┤ dismissed, restart
 *        ▼                    ▼   │restartAt        │        │
 *      ended                crashed ◀───────────────┼──exited┘
 *        ▲                                          │
 *        └──────────────── exited ──────────────────┤
 *                                                   └──exited──▶ asleep ──wake──▶ starting
 *
 * A start for which there is no room on the machine is a crash for the reason `room`.
 */
export type DynoPhase =
  /** A one-off dyno that waits for its client. */
  | { readonly kind: "awaiting"; readonly until: number }
  /** `timedOut`: it did not listen in time and is being killed. */
  | { readonly kind: "starting"; readonly timedOut?: true }
  | {
      readonly kind: "up";
      readonly at: number;
      readonly address?: Address;
      /** When to look whether a warm dyno can be frozen. */
      readonly freezeAt?: number;
      readonly frozen?: true;
    }
  | {
      readonly kind: "crashed";
      readonly reason: CrashReason;
      readonly exitCode?: number;
      /** Missing for a warm dyno: it is not worth a start. */
      readonly restartAt?: number;
    }
  | {
      readonly kind: "stopping";
      readonly goal: "end" | "restart" | "sleep";
      /** Still to come: SIGTERM, once the router has had time to hear of it. */
      readonly termAt?: number;
      /** Still to come: SIGKILL. */
      readonly killAt?: number;
      readonly told: "R12" | "nothing";
    }
  | { readonly kind: "asleep" }
  | { readonly kind: "ended"; readonly exitCode: number; readonly signal?: string };

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface DynoMachine {
  readonly spec: DynoSpec;
  readonly oneOff: boolean;
  readonly phase: DynoPhase;
  /** Since when the state that others see holds. */
  readonly since: number;
  /** Crashes in a row. */
  readonly crashes: number;
  /** A one-off dyno's end. */
  readonly endAt?: number;
}

export type DynoEvent =
  /** The same dyno, with another duty or, when a warm one serves again, another name and release. */
  | { readonly kind: "spec"; readonly spec: DynoSpec }
  | { readonly kind: "dismissed" }
  /** The platform stops: nothing waits for anything. */
  | { readonly kind: "shutdown" }
  | { readonly kind: "restart" }
  /** Nobody visits its app. */
  | { readonly kind: "sleep" }
  | { readonly kind: "wake" }
  /** Another dyno has left room. */
  | { readonly kind: "room" }
  | { readonly kind: "attached" }
  | { readonly kind: "client-gone"; readonly why: "closed" | "idle" }
  | { readonly kind: "started" }
  | { readonly kind: "listening"; readonly address: Address }
  | { readonly kind: "boot-timeout"; readonly found: readonly ListeningSocket[]; readonly port: number }
  | {
      readonly kind: "exited";
      readonly code: number;
      readonly signal?: string;
      readonly outOfMemory?: boolean;
      /** It was ended for what it had written. */
      readonly outOfDisk?: boolean;
    }
  /** It could not be started. */
  | { readonly kind: "failed"; readonly reason: "image" | "platform"; readonly message: string }
  | { readonly kind: "frozen" }
  | { readonly kind: "busy" }
  | { readonly kind: "tick" };

export type DynoEffect =
  | { readonly do: "start" }
  | { readonly do: "signal"; readonly name: "SIGTERM" | "SIGHUP" }
  | { readonly do: "kill" }
  /** Freeze it if no connection is open, and tell `frozen` or `busy`. */
  | { readonly do: "freeze" }
  | { readonly do: "thaw" }
  | { readonly do: "log"; readonly message: string };

export interface StepContext {
  readonly now: number;
  readonly random: number;
  /** Why the machine has no room for a dyno that would start now, for users to read; undefined when it has. */
  readonly noRoomFor?: (machine: DynoMachine) => string | undefined;
}

export interface DynoStep {
  readonly machine: DynoMachine;
  readonly effects: readonly DynoEffect[];
}

/** A dyno that is new to the host. */
export function newDyno(
  spec: DynoSpec,
  options: { readonly now: number; readonly oneOff?: boolean },
): DynoMachine {
  return {
    spec,
    oneOff: options.oneOff ?? false,
    phase: { kind: "starting" },
    since: options.now,
    crashes: 0,
  };
}

/** When the dyno must be looked at again, if at all. */
export function nextLook(machine: DynoMachine): number | undefined {
  const { phase, endAt } = machine;
  const times = [phase.kind === "stopping" || phase.kind === "ended" ? undefined : endAt];
  if (phase.kind === "awaiting") times.push(phase.until);
  if (phase.kind === "up") times.push(phase.freezeAt);
  if (phase.kind === "crashed") times.push(phase.restartAt);
  if (phase.kind === "stopping") times.push(phase.termAt ?? phase.killAt);
  const known = times.filter((time) => time !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}

/** The state that others see. A dyno that stops only to start again is `starting` to them. */
export function stateOf({ phase }: DynoMachine): DynoState {
  switch (phase.kind) {
    case "awaiting":
    case "starting":
      return { kind: "starting" };
    case "asleep":
      return { kind: "idle" };
    case "up":
      return { kind: "up", ...(phase.address ? { address: phase.address } : {}) };
    case "crashed":
      return {
        kind: "crashed",
        reason: phase.reason,
        ...(phase.exitCode === undefined ? {} : { exitCode: phase.exitCode }),
        ...(phase.restartAt === undefined ? {} : { restartAt: new Date(phase.restartAt).toISOString() }),
      };
    case "stopping":
      return { kind: SEEN_WHILE_STOPPING[phase.goal] };
    case "ended":
      return {
        kind: "complete",
        exitCode: phase.exitCode,
        ...(phase.signal ? { signal: phase.signal } : {}),
      };
  }
}

const SEEN_WHILE_STOPPING = { restart: "starting", sleep: "idle", end: "stopping" } as const;

/** What others see of a dyno. */
export function tellOf(machine: DynoMachine): ToldDyno {
  const { id, appId, name, type, releaseId, releaseVersion, duty, sleeps } = machine.spec;
  const since = new Date(machine.since).toISOString();
  const state = stateOf(machine);
  return {
    observation: {
      ...{ id, appId, name, type, releaseId, releaseVersion, duty, state, since },
      ...(sleeps ? { sleeps } : {}),
    },
    oneOff: machine.oneOff,
  };
}

export function same(machine: DynoMachine): DynoStep {
  return { machine, effects: [] };
}

export function log(message: string): DynoEffect {
  return { do: "log", message };
}

/** Enters a phase; `since` moves only when the state that others see becomes another. */
export function enter(machine: DynoMachine, phase: DynoPhase, now: number): DynoMachine {
  const next = { ...machine, phase };
  return stateOf(next).kind === stateOf(machine).kind ? next : { ...next, since: now };
}

/** The word for the phase in `State changed from … to …`. */
export function word({ phase }: DynoMachine): string {
  if (phase.kind === "awaiting") return "starting";
  if (phase.kind === "asleep" || isOutOfRoom(phase)) return "down";
  return phase.kind === "stopping" && phase.goal === "restart" ? "starting" : phase.kind;
}

/** Whether it only waits for room. */
export function isOutOfRoom(phase: DynoPhase): boolean {
  return phase.kind === "crashed" && phase.reason === "room";
}
