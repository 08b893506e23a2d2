import type { DynoMachine } from "./dyno-machine.ts";

/**
 * The memory that is promised to dynos by their sizes, whether they use it or not. One that has crashed keeps its place; one
 * that sleeps, or waits for room itself, has none. A warm one is given up when others need its place.
 */
export function promisedBytes(machines: Iterable<DynoMachine>): number {
  let sum = 0;
  for (const machine of machines) if (holdsRoom(machine) && !isWarm(machine)) sum += bytesOf(machine);
  return sum;
}

/**
 * Why there is no room for a dyno that would start, as its user and the operator may read it; undefined when there is. The
 * successor of a web dyno stands beside it while they are switched: it needs what it asks for more than the other has.
 */
export function refuseRoom(
  machine: DynoMachine,
  others: readonly DynoMachine[],
  capacityBytes: number,
): string | undefined {
  const rest = others.filter(({ spec }) => spec.id !== machine.spec.id);
  const asks = bytesOf(machine);
  const replaced = machine.spec.duty === "stand-by" ? (placeOf(machine, rest) ?? 0) : 0;
  const promised = promisedBytes(rest);
  if (promised + asks - replaced <= capacityBytes) return undefined;
  const { name, size } = machine.spec;
  const left = mebibytes(Math.max(0, capacityBytes - promised + replaced));
  const wanted = size === undefined ? mebibytes(asks) : `${mebibytes(asks)} (${size})`;
  return `There is no room for ${name} on this machine: it asks for ${wanted}, and ${left} of ${mebibytes(capacityBytes)} are left. ${WAY_OUT}`;
}

const WAY_OUT =
  "Scale other dynos down, choose a smaller size, or have the operator raise CONIFER_MEMORY_FACTOR.";

/** Warm dynos to give up so that all that is promised fits, the oldest first. */
export function surplusWarm(machines: readonly DynoMachine[], capacityBytes: number): readonly string[] {
  const warm = machines.filter((machine) => holdsRoom(machine) && isWarm(machine));
  let over = promisedBytes(machines) - capacityBytes;
  for (const machine of warm) over += bytesOf(machine);
  const given: string[] = [];
  for (const machine of warm.toSorted((a, b) => a.since - b.since)) {
    if (over <= 0) break;
    given.push(machine.spec.id);
    over -= bytesOf(machine);
  }
  return given;
}

/** Whether memory is set aside for it. */
export function holdsRoom({ phase }: DynoMachine): boolean {
  switch (phase.kind) {
    case "awaiting":
    case "starting":
    case "up":
    case "stopping":
      return true;
    case "crashed":
      return phase.reason !== "room" && phase.restartAt !== undefined;
    case "asleep":
    case "ended":
      return false;
  }
}

function placeOf({ spec }: DynoMachine, others: readonly DynoMachine[]): number | undefined {
  const old = others.find(
    (other) =>
      other.spec.appId === spec.appId &&
      other.spec.name === spec.name &&
      other.spec.duty === "serve" &&
      holdsRoom(other),
  );
  return old && bytesOf(old);
}

function isWarm({ spec, phase }: DynoMachine): boolean {
  return spec.duty === "warm" && phase.kind !== "stopping";
}

function bytesOf({ spec }: DynoMachine): number {
  return spec.limits.memoryBytes;
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MB`;
}
