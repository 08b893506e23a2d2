import { type Clock, errorText, type Logger, pause, type Running } from "../../../kernel/index.ts";
import { isConflict, isNotFound, type KubeClient } from "../client/index.ts";
import {
  freedLease,
  heldLease,
  isFree,
  LEASE_KIND,
  type Lease,
  type SeenLease,
  seeLease,
} from "./lease-object.ts";

export interface KeepLeaseOptions {
  readonly client: Pick<KubeClient, "get" | "create" | "replace">;
  readonly namespace: string;
  readonly name: string;
  /** Names this process among all that want the lease. */
  readonly holder: string;
  /**
   * Starts what only the holder does, while the lease is renewed on. It is stopped when the lease is lost, as soon as it
   * has started; a start that fails gives the lease back.
   */
  readonly work: () => Promise<Running>;
  readonly logger: Logger;
  readonly now: Clock;
  /** How long a lease holds without renewal. Default 15 s. */
  readonly durationSeconds?: number;
}

const DURATION_SECONDS = 15;

/**
 * Does something in one of several processes: in the one that holds a Lease. The holder renews it three times in its
 * duration and stops working before the duration is over when it cannot, whether the API refuses, is away or says nothing;
 * the others take it when it has not changed for that long by their own clock. Stopping keeps it until the work has ended
 * and gives it back.
 */
export function keepLease(options: KeepLeaseOptions): Running {
  const stopping = new AbortController();
  const running = new LeaseKeeper(options).run(stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** Parts of the duration. */
const RENEW_AFTER = 1 / 3;
const LOOK_AFTER = 1 / 5;
const AGAIN_AFTER = 1 / 15;
const ANSWER_WITHIN = 1 / 6;
/** So long without renewal is enough to stop: stopping takes its time. */
const HELD_FOR = 2 / 3;

class LeaseKeeper {
  readonly #options: KeepLeaseOptions;
  readonly #durationSeconds: number;
  #seen: SeenLease | undefined;
  /** Ours, as it was written last, and when by a clock that never jumps. */
  #held: { readonly lease: Lease; readonly sinceMs: number } | undefined;
  /** Under way or done; undefined in it when it could not be started. */
  #work: Promise<Running | undefined> | undefined;
  /** Aborted when the work could not be started. */
  #failed = new AbortController();

  constructor(options: KeepLeaseOptions) {
    this.#options = options;
    this.#durationSeconds = options.durationSeconds ?? DURATION_SECONDS;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const kept = await this.#keep();
      await this.#workWhileHeld();
      const part = this.#held ? (kept ? RENEW_AFTER : AGAIN_AFTER) : LOOK_AFTER;
      const failed = this.#failed.signal;
      await pause(this.#part(part), AbortSignal.any([signal, failed]));
      if (failed.aborted) await this.#yield(signal);
    }
    await this.#leave();
  }

  #part(part: number): number {
    return this.#durationSeconds * 1_000 * part;
  }

  /** One look or renewal; false when it failed. */
  async #keep(): Promise<boolean> {
    try {
      await (this.#held ? this.#write(this.#held.lease) : this.#take());
      return true;
    } catch (thrown) {
      const { logger, name } = this.#options;
      logger.debug("a lease could not be kept", { name, error: errorText(thrown) });
      return false;
    }
  }

  async #take(): Promise<void> {
    const { client, namespace, name } = this.#options;
    let before: Lease | undefined;
    try {
      before = await this.#answered(client.get<Lease>({ kind: LEASE_KIND, namespace }, name));
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
    }
    if (before) this.#seen = seeLease(this.#seen, before, performance.now());
    // Of one that somebody has removed, the holder does not know yet: what was seen of it counts to its end.
    const isOthers = this.#seen && this.#seen.lease.spec.holderIdentity !== this.#options.holder;
    if (isOthers && this.#seen && !isFree(this.#seen, performance.now(), this.#durationSeconds)) return;
    await this.#write(before);
  }

  /** A lease that somebody else has written is not ours any more. */
  async #write(before: Lease | undefined): Promise<void> {
    const { client, now } = this.#options;
    const sinceMs = performance.now();
    const wanted = heldLease(this.#options, { before, now: now(), durationSeconds: this.#durationSeconds });
    try {
      const lease = await this.#answered(before ? client.replace(wanted) : client.create(wanted));
      this.#held = { lease, sinceMs };
    } catch (thrown) {
      if (isConflict(thrown) || isNotFound(thrown)) this.#held = undefined;
      throw thrown;
    }
  }

  /** The answer, unless it takes so long that waiting for it would cost the lease. */
  async #answered<T>(asking: Promise<T>): Promise<T> {
    const answered = new AbortController();
    const late = pause(this.#part(ANSWER_WITHIN), answered.signal).then(() => {
      if (!answered.signal.aborted) throw new Error("the API server did not answer in time");
      return asking;
    });
    try {
      return await Promise.race([asking, late]);
    } finally {
      answered.abort();
      late.catch(() => undefined);
    }
  }

  async #workWhileHeld(): Promise<void> {
    const { logger, name } = this.#options;
    if (this.#held && performance.now() - this.#held.sinceMs >= this.#part(HELD_FOR)) this.#held = undefined;
    if (this.#held) this.#work ??= this.#startWork();
    else if (this.#work) {
      logger.warn("a lease was lost to another process, or could not be renewed", { name });
      await this.#stopWork();
    }
  }

  async #startWork(): Promise<Running | undefined> {
    const { logger, name, work } = this.#options;
    const failed = new AbortController();
    this.#failed = failed;
    try {
      const running = await work();
      logger.info("a lease is held", { name });
      return running;
    } catch (error) {
      logger.error("what a lease is for could not be started", { name, error });
      failed.abort();
      return undefined;
    }
  }

  /** Lets another process try what could not be started here. */
  async #yield(signal: AbortSignal): Promise<void> {
    this.#work = undefined;
    this.#failed = new AbortController();
    await this.#giveBack();
    await pause(this.#part(LOOK_AFTER), signal);
  }

  async #leave(): Promise<void> {
    const stopped = new AbortController();
    const stopping = this.#stopWork().finally(() => stopped.abort());
    while (!stopped.signal.aborted) {
      await pause(this.#part(RENEW_AFTER), stopped.signal);
      if (this.#held && !stopped.signal.aborted) await this.#keep();
    }
    await stopping;
    await this.#giveBack();
  }

  async #stopWork(): Promise<void> {
    const work = await this.#work;
    this.#work = undefined;
    await work
      ?.stop()
      .catch((error) => this.#options.logger.error("what a lease is for did not stop cleanly", { error }));
  }

  async #giveBack(): Promise<void> {
    const held = this.#held?.lease;
    this.#held = undefined;
    if (!held) return;
    await this.#answered(this.#options.client.replace(freedLease(held))).catch((thrown) => {
      this.#options.logger.debug("a lease was not given back", { error: errorText(thrown) });
    });
  }
}
