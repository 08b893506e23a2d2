import type { Claim } from "../../platform/src/kernel/index.ts";
import type { AppDynos, DynoSpec } from "../../platform/src/runtime/dyno/index.ts";
import type { DynoRecord } from "../../platform/src/runtime/formation/dyno-record-store.ts";
import type { FormationWorld } from "../../platform/src/runtime/formation/plan-formation.ts";

/** A promise of the platform's that a schedule broke. */
export class BrokenPromise extends Error {
  override readonly name = "BrokenPromise";
}

/** Watches over what must hold at every moment, from what really happened and not from what anybody believes. */
export class Promises {
  /** The first that was broken; what comes after it is no news. */
  #failure: BrokenPromise | undefined;
  /** Tells of which state of the record a list of dynos is. */
  versionOf: (dynos: readonly DynoSpec[]) => number | undefined = () => undefined;
  /** Whether the app is on record. */
  isDeleted: () => boolean = () => false;
  readonly #listened = new Set<string>();
  /** The highest claim that the engine was offered, and the highest under which it did something. */
  #offered = 0;
  #claim = 0;
  #version = 0;
  #heardOfDeletion = false;

  failure(): string | undefined {
    return this.#failure?.message;
  }

  broken(what: string): void {
    this.#failure ??= new BrokenPromise(what);
  }

  /** A dyno's program listens. */
  listened({ id }: DynoSpec): void {
    this.#listened.add(id);
  }

  /** The engine lost all that it had on disk. */
  engineForgot(): void {
    this.#offered = 0;
    this.#claim = 0;
    this.#version = 0;
    this.#heardOfDeletion = false;
  }

  /** The engine is asked for something. */
  offered({ number }: Claim): void {
    this.#offered = Math.max(this.#offered, number);
  }

  /** The engine refused a claim as too old. */
  refused({ number }: Claim): void {
    if (number >= this.#offered) this.broken("the engine refused a claim that nobody else had taken");
  }

  /** The engine took what it was handed. */
  accepted({ dynos }: AppDynos, claim: Claim): void {
    if (claim.number < this.#claim)
      this.broken(`the engine took what claim ${claim.number} wants after claim ${this.#claim}`);
    this.#claim = Math.max(this.#claim, claim.number);
    const version = this.versionOf(dynos) ?? this.#version;
    if (version < this.#version) this.broken("the engine was taken back to what was wanted before");
    this.#version = Math.max(version, this.#version);
    if (this.isDeleted() && dynos.length === 0) this.#heardOfDeletion = true;
  }

  /** A process begins; `processes` has it and all others. */
  began(spec: DynoSpec, processes: Iterable<{ readonly spec: DynoSpec }>): void {
    const { name, duty } = spec;
    if (this.#heardOfDeletion) this.broken(`${name} of an app that was deleted was started`);
    let count = 0;
    for (const { spec: other } of processes) if (other.name === name) count++;
    if (duty === "work" && count > 1) this.broken(`${name} was started while another ${name} ran`);
  }

  /** A plan was recorded. */
  recorded({
    before,
    after,
    world,
  }: {
    readonly before: readonly DynoRecord[];
    readonly after: readonly DynoRecord[];
    readonly world: FormationWorld;
  }): void {
    for (const { type, quantity } of world.wanted) {
      const left = after.filter((dyno) => dyno.type === type);
      this.#keepsBounds(left, quantity, world);
      if (type === "web" && world.preboot) this.#keepsServing(before, left, quantity);
    }
  }

  /** At most one dyno for each name, and one more that takes over from it. */
  #keepsBounds(dynos: readonly DynoRecord[], quantity: number, world: FormationWorld): void {
    const places = new Set<string>();
    let standing = 0;
    let warm = 0;
    for (const { type, index, duty } of dynos) {
      if (duty === "warm") {
        warm++;
        continue;
      }
      const place = `${duty} ${type}.${index}`;
      if (places.has(place)) this.broken(`two dynos ${duty} as ${type}.${index}`);
      places.add(place);
      if (index > quantity) this.broken(`${type}.${index} is left of ${quantity}`);
      if (duty === "stand-by") standing++;
    }
    const before = world.dynos.filter(({ duty }) => duty === "stand-by").length;
    if (standing > Math.max(before, 1, world.surgeBudget))
      this.broken(`${standing} successors stand by where there is memory for ${world.surgeBudget}`);
    const wasWarm = world.dynos.filter(({ duty }) => duty === "warm").length;
    if (warm > Math.max(wasWarm, world.warmBudget))
      this.broken(`${warm} dynos are kept warm where there is memory for ${world.warmBudget}`);
  }

  /** One that serves leaves only for one of its name that has listened. */
  #keepsServing(before: readonly DynoRecord[], after: readonly DynoRecord[], quantity: number): void {
    for (const { id, type, index, duty } of before) {
      if (type !== "web" || duty !== "serve" || index > quantity || !this.#listened.has(id)) continue;
      const place = after.find((dyno) => dyno.index === index && dyno.duty === "serve");
      if (!place) this.broken(`web.${index} was taken away, and none serves in its place`);
      else if (place.id !== id && !this.#listened.has(place.id))
        this.broken(`web.${index} was replaced by one that had never listened`);
    }
  }
}
