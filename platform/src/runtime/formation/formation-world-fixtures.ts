import type { DynoState } from "../dyno/index.ts";
import {
  type FormationStep,
  type FormationWorld,
  leavingKey,
  planFormation,
  type RecordedDyno,
  type WantedType,
} from "./plan-formation.ts";

/**
 * A formation's world in memory: records, and an engine that starts, fails and stops dynos when a test says so. What
 * takes requests is what the engine would route to: dynos with the duty `serve` that are up.
 */
export class FormationModel {
  wanted: WantedType[] = [];
  preboot = true;
  warmSeconds = 600;
  warmBudget = 10;
  surgeBudget = Number.POSITIVE_INFINITY;
  now = new Date("2026-01-01T00:00:00Z");
  releaseId = "r1";
  readonly records = new Map<string, RecordedDyno>();
  readonly states = new Map<string, DynoState>();
  readonly leaving = new Map<string, { type: string; index: number }>();
  private next = 1;

  world(): FormationWorld {
    const stopping = [...this.leaving.values()].map(({ type, index }) => {
      return [leavingKey(type, index), { kind: "stopping" } as DynoState] as const;
    });
    return {
      releaseId: this.releaseId,
      wanted: this.wanted,
      dynos: [...this.records.values()],
      observed: new Map([...this.states, ...stopping]),
      preboot: this.preboot,
      warmSeconds: this.warmSeconds,
      warmBudget: this.warmBudget,
      surgeBudget: this.surgeBudget,
      now: this.now,
    };
  }

  /** Plans and takes the steps until nothing is left to do; returns them all. Fails when that never happens. */
  settle(): FormationStep[] {
    const taken: FormationStep[] = [];
    for (let round = 0; round < 50; round++) {
      const { steps } = planFormation(this.world());
      if (steps.length === 0) return taken;
      for (const step of steps) this.take(step);
      taken.push(...steps);
    }
    throw new Error("the plan never comes to rest");
  }

  private take(step: FormationStep): void {
    if (step.kind === "start") {
      const id = `d${this.next++}`;
      const key = this.wanted.find(({ type }) => type === step.type)?.key ?? "";
      const { type, index, duty } = step;
      this.records.set(id, {
        id,
        type,
        index,
        key,
        duty,
        releaseId: this.releaseId,
        retiring: false,
        warmUntil: null,
      });
      this.states.set(id, { kind: "starting" });
      return;
    }
    const record = this.records.get(step.id);
    if (!record) throw new Error(`a step names ${step.id}, which is not there`);
    if (step.kind === "stop") {
      this.records.delete(step.id);
      this.states.delete(step.id);
      this.leaving.set(step.id, record);
    } else if (step.kind === "serve") {
      const taken = [...this.records.values()].find((other) => {
        return (
          other.id !== step.id &&
          other.type === record.type &&
          other.duty === "serve" &&
          other.index === step.index
        );
      });
      if (taken?.key === record.key && taken.releaseId === this.releaseId && !taken.retiring)
        throw new Error(`two dynos serve as ${step.index}`);
      this.records.set(step.id, {
        ...record,
        duty: "serve",
        index: step.index,
        releaseId: this.releaseId,
        warmUntil: null,
      });
    } else {
      this.records.set(step.id, { ...record, duty: "warm", warmUntil: step.until });
    }
  }

  /** Every dyno that is starting comes up. */
  bootAll(): void {
    for (const [id, state] of this.states) if (state.kind === "starting") this.states.set(id, { kind: "up" });
  }

  set(id: string, state: DynoState): void {
    if (this.records.has(id)) this.states.set(id, state);
  }

  finishStops(): void {
    this.leaving.clear();
  }

  release(key: string, id: string): void {
    this.releaseId = id;
    this.wanted = this.wanted.map((wanted) => ({ ...wanted, key }));
  }

  scale(type: string, quantity: number): void {
    this.wanted = this.wanted.map((wanted) => (wanted.type === type ? { ...wanted, quantity } : wanted));
  }

  /** A restart of a type, or of one of its dynos, is asked for. */
  restart(type: string, id?: string): void {
    for (const record of this.records.values()) {
      if (record.type === type && record.duty !== "warm" && (id === undefined || record.id === id))
        this.records.set(record.id, { ...record, retiring: true });
    }
  }

  of(type: string): RecordedDyno[] {
    return [...this.records.values()].filter((record) => record.type === type);
  }

  /** Web dynos that get requests now. */
  serving(): RecordedDyno[] {
    return this.of("web").filter(({ id, duty }) => duty === "serve" && this.states.get(id)?.kind === "up");
  }

  warm(): RecordedDyno[] {
    return this.of("web").filter(({ duty }) => duty === "warm");
  }
}

export function webModel(quantity: number): FormationModel {
  const model = new FormationModel();
  model.wanted = [{ type: "web", quantity, key: "k1" }];
  model.settle();
  model.bootAll();
  model.settle();
  return model;
}
