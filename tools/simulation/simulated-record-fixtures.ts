import { type Claim, StaleClaim } from "../../platform/src/kernel/index.ts";
import type { DynoObservation, DynoSpec } from "../../platform/src/runtime/dyno/index.ts";
import type { DynoRecord } from "../../platform/src/runtime/formation/dyno-record-store.ts";
import { isStillSeen } from "../../platform/src/runtime/formation/formation-ledger.ts";
import type { FormationLedger, FormationView } from "../../platform/src/runtime/formation/formation-ports.ts";
import { observe } from "../../platform/src/runtime/formation/gather-formation.ts";
import type { FormationStep, FormationWorld } from "../../platform/src/runtime/formation/plan-formation.ts";
import type { Promises } from "./promises-fixtures.ts";
import type { ProcessType, Program, Schedule } from "./schedule-fixtures.ts";
import { DYNO_BYTES } from "./simulated-machine-fixtures.ts";
import type { VirtualTime } from "./virtual-time-fixtures.ts";

export const APP = "a1";
const LEASE_MS = 15_000;
const WARM_SECONDS = 600;
const WARM_BUDGET = 4;

export interface SimulatedRelease {
  readonly id: string;
  readonly version: number;
  readonly program: Program;
  readonly variant: number;
}

/** What the defects that a test plants leave out. */
export interface Defects {
  /** A plan is recorded whatever was recorded meanwhile. */
  readonly blindRecord?: boolean;
  /** Who has lost the claim reads for the engine, and records, as before. */
  readonly blindClaim?: boolean;
  /** Changes a plan's steps. */
  readonly plan?: (steps: readonly FormationStep[], world: FormationWorld) => readonly FormationStep[];
}

/** The database: one app, its releases and dynos, and the claims. Whole transactions happen at one moment. */
export class SimulatedRecord {
  releases: SimulatedRelease[] = [];
  isDeleted = false;
  preboot = true;
  warmRollback = true;
  /** Dynos that there is memory for. */
  memory = Number.POSITIVE_INFINITY;
  readonly quantities: Record<ProcessType, number>;
  dynos: readonly DynoRecord[] = [];
  /** Grows with each change of the dynos. */
  version = 0;
  /** Grows with each change of what is wanted. */
  wishes = 0;
  #nextId = 1;
  #claim: { number: number; holder: string; expiresAt: number } | undefined;
  readonly #time: VirtualTime;
  readonly #promises: Promises;
  readonly #sleeps: boolean;
  readonly #defects: Defects;
  /** What the engine is to have, and of which version that is. */
  #listed: { readonly specs: readonly DynoSpec[]; readonly version: number } | undefined;
  readonly #versions = new WeakMap<readonly DynoSpec[], number>();

  constructor(
    { web, worker, sleeps }: Schedule,
    world: { time: VirtualTime; promises: Promises; defects: Defects },
  ) {
    this.quantities = { web, worker };
    this.#sleeps = sleeps;
    this.#time = world.time;
    this.#promises = world.promises;
    this.#defects = world.defects;
  }

  get current(): SimulatedRelease | undefined {
    return this.releases.at(-1);
  }

  release(program: Program, variant: number): void {
    const version = this.releases.length + 1;
    this.releases.push({ id: `r${version}`, version, program, variant });
    this.wishes++;
  }

  delete(): void {
    this.isDeleted = true;
    this.#set([]);
  }

  retire(which: (dyno: DynoRecord) => boolean): void {
    const updatedAt = this.#time.clock();
    this.#set(this.dynos.map((dyno) => (which(dyno) ? { ...dyno, retiring: true, updatedAt } : dyno)));
  }

  remove(type: ProcessType): void {
    this.#set(this.dynos.filter((dyno) => dyno.type !== type || dyno.duty === "warm"));
  }

  age(ms: number): void {
    this.#set(this.dynos.map((dyno) => ({ ...dyno, createdAt: new Date(dyno.createdAt.getTime() - ms) })));
  }

  /** As the database decides it, by its own clock. */
  takeClaim(holder: string): Claim | undefined {
    const now = this.#time.clock().getTime();
    const held = this.#claim;
    const lasts = held !== undefined && held.expiresAt > now;
    if (lasts && held.holder !== holder) return undefined;
    const number = held ? (lasts ? held.number : held.number + 1) : 1;
    this.#claim = { number, holder, expiresAt: now + LEASE_MS };
    return { subject: `dynos:${APP}`, number };
  }

  lapse(): void {
    if (this.#claim) this.#claim.expiresAt = Number.NEGATIVE_INFINITY;
  }

  /** As in a transaction. */
  #hold(claim: Claim): void {
    const number = this.#claim?.number ?? 0;
    if (number !== claim.number && !this.#defects.blindClaim) throw new StaleClaim(claim, number);
  }

  /** Of which state of the record these are. */
  versionOf(dynos: readonly DynoSpec[]): number | undefined {
    return this.#versions.get(dynos);
  }

  /** `ask` is a call to the database; what it is given happens there at one moment. */
  ledger(
    ask: <T>(work: () => T, isWrite?: boolean) => Promise<T>,
    seen: () => readonly DynoObservation[],
  ): FormationLedger {
    return {
      view: async (_appId, claim) => {
        // The real one asks for these one after the other, and others may write in between.
        const release = await ask(() => (this.isDeleted ? undefined : this.current));
        if (!release) return undefined;
        const wanted = await ask(() => this.#wanted(release));
        return await ask(() => this.#view({ claim, release, wanted, seen: seen() }, ask));
      },
      retire: ({ id: dynoId }, claim) =>
        ask(() => {
          this.#hold(claim);
          if (!this.isDeleted) this.retire(({ id }) => id === dynoId);
          return !this.isDeleted;
        }, true),
      dynos: () => ask(() => this.dynos),
      specs: (_appId, claim) =>
        ask(() => {
          this.#hold(claim);
          return this.#specs();
        }),
    };
  }

  #wanted({ program, variant }: SimulatedRelease): FormationWorld["wanted"] {
    const key = `${program}${variant}`;
    return [
      { type: "web", quantity: this.quantities.web, key },
      { type: "worker", quantity: this.quantities.worker, key },
    ];
  }

  #view(
    from: {
      readonly claim: Claim;
      readonly release: SimulatedRelease;
      readonly wanted: FormationWorld["wanted"];
      readonly seen: readonly DynoObservation[];
    },
    ask: <T>(work: () => T, isWrite?: boolean) => Promise<T>,
  ): FormationView {
    const { claim, release, wanted, seen } = from;
    const { dynos } = this;
    const world: FormationWorld = {
      releaseId: release.id,
      wanted,
      dynos,
      observed: observe(dynos, seen),
      preboot: this.preboot,
      warmSeconds: this.warmRollback ? WARM_SECONDS : 0,
      warmBudget: Math.min(WARM_BUDGET, this.memory),
      surgeBudget: this.memory,
      now: this.#time.clock(),
    };
    return {
      world,
      cycles: true,
      record: (steps) =>
        ask(() => {
          this.#hold(claim);
          if (this.isDeleted || (!this.#defects.blindRecord && !isStillSeen(dynos, this.dynos))) return;
          const taken = this.#defects.plan?.(steps, world) ?? steps;
          const before = this.dynos;
          for (const step of taken) this.#take(step, release, world);
          this.#promises.recorded({ before, after: this.dynos, world });
        }, true),
    };
  }

  #take(step: FormationStep, release: SimulatedRelease, { wanted }: FormationWorld): void {
    const now = this.#time.clock();
    const change = (id: string, to: Partial<DynoRecord>) =>
      this.#set(this.dynos.map((dyno) => (dyno.id === id ? { ...dyno, ...to, updatedAt: now } : dyno)));
    if (step.kind === "stop") return void this.#set(this.dynos.filter(({ id }) => id !== step.id));
    if (step.kind === "keep-warm") return void change(step.id, { duty: "warm", warmUntil: step.until });
    if (step.kind === "serve") {
      const { id, version } = release;
      const { index } = step;
      return void change(step.id, {
        duty: "serve",
        index,
        warmUntil: null,
        releaseId: id,
        releaseVersion: version,
      });
    }
    const { type, index, duty } = step;
    const made: DynoRecord = {
      type,
      index,
      duty,
      appId: APP,
      retiring: false,
      warmUntil: null,
      size: "",
      createdAt: now,
      updatedAt: now,
      id: `d${this.#nextId++}`,
      key: wanted.find((one) => one.type === type)?.key ?? "",
      releaseId: release.id,
      releaseVersion: release.version,
      command: release.program,
    };
    this.#set([...this.dynos, made]);
  }

  #specs(): readonly DynoSpec[] {
    if (this.#listed?.version === this.version) return this.#listed.specs;
    const specs = this.dynos.map(
      ({ id, type, index, duty, releaseId, releaseVersion, command }): DynoSpec => ({
        id,
        type,
        duty,
        releaseId,
        releaseVersion,
        appId: APP,
        appName: APP,
        image: command,
        name: `${type}.${index}`,
        command: { kind: "process", type },
        displayCommand: command,
        env: {},
        limits: { memoryBytes: DYNO_BYTES, cpuShare: 1, pids: 1 },
        ...(this.#sleeps ? { sleeps: true } : {}),
        bootSeconds: 60,
        stopSeconds: 30,
      }),
    );
    this.#versions.set(specs, this.version);
    this.#listed = { specs, version: this.version };
    return specs;
  }

  #set(dynos: readonly DynoRecord[]): void {
    this.dynos = dynos;
    this.version++;
  }
}
