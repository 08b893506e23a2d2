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
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** Names this process among all that want the lease. */
  readonly holder: string;
  /** Starts what only the holder does. It is stopped when the lease is lost; a start that fails gives the lease back. */
  readonly work: () => Promise<Running>;
  readonly logger: Logger;
  readonly now: Clock;
  /** How long a lease holds without renewal. Default 15 s. */
  readonly durationSeconds?: number;
}

const DURATION_SECONDS = 15;

/**
 * Does something in one of several processes: in the one that holds a Lease. The holder renews it three times in its
 * duration and stops working before the duration is over when it cannot; the others take it when it has not changed for
 * that long by their own clock. Stopping gives it back.
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

class LeaseKeeper {
  readonly #options: KeepLeaseOptions;
  readonly #durationSeconds: number;
  #seen: SeenLease | undefined;
  /** Ours, as it was written last, and when by a clock that never jumps. */
  #held: { readonly lease: Lease; readonly sinceMs: number } | undefined;
  #work: Running | undefined;

  constructor(options: KeepLeaseOptions) {
    this.#options = options;
    this.#durationSeconds = options.durationSeconds ?? DURATION_SECONDS;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    while (!signal.aborted) {
      try {
        await (this.#held ? this.#renew() : this.#take());
      } catch (thrown) {
        logger.debug("a lease could not be kept", { name: this.#options.name, error: errorText(thrown) });
      }
      await this.#workWhileHeld();
      await pause((this.#durationSeconds * 1_000) / (this.#held ? 3 : 5), signal);
    }
    await this.#leave();
  }

  async #take(): Promise<void> {
    const { client, namespace, name } = this.#options;
    let before: Lease | undefined;
    try {
      before = await client.get<Lease>({ kind: LEASE_KIND, namespace }, name);
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
    }
    if (before) {
      this.#seen = seeLease(this.#seen, before, performance.now());
      const isOurs = before.spec.holderIdentity === this.#options.holder;
      if (!isOurs && !isFree(this.#seen, performance.now(), this.#durationSeconds)) return;
    }
    await this.#write(before);
  }

  /** A lease that somebody else has written is not ours any more. */
  async #renew(): Promise<void> {
    await this.#write(this.#held?.lease);
  }

  async #write(before: Lease | undefined): Promise<void> {
    const { client, now } = this.#options;
    const sinceMs = performance.now();
    const wanted = heldLease(this.#options, { before, now: now(), durationSeconds: this.#durationSeconds });
    try {
      const lease = before ? await client.replace(wanted) : await client.create(wanted);
      this.#held = { lease, sinceMs };
    } catch (thrown) {
      if (isConflict(thrown) || isNotFound(thrown)) this.#held = undefined;
      throw thrown;
    }
  }

  /** Two thirds of the duration without renewal are enough to stop: stopping takes its time. */
  async #workWhileHeld(): Promise<void> {
    const { logger, name, work } = this.#options;
    const late = this.#held && performance.now() - this.#held.sinceMs > (this.#durationSeconds * 2_000) / 3;
    if (late) this.#held = undefined;
    if (!this.#held && this.#work) {
      logger.warn("a lease was lost to another process, or could not be renewed", { name });
      await this.#stopWork();
    }
    if (!this.#held || this.#work) return;
    try {
      this.#work = await work();
      logger.info("a lease is held", { name });
    } catch (error) {
      logger.error("what a lease is for could not be started", { name, error });
      await this.#giveBack();
    }
  }

  async #leave(): Promise<void> {
    await this.#stopWork();
    await this.#giveBack();
  }

  async #stopWork(): Promise<void> {
    const work = this.#work;
    this.#work = undefined;
    await work
      ?.stop()
      .catch((error) => this.#options.logger.error("what a lease is for did not stop cleanly", { error }));
  }

  async #giveBack(): Promise<void> {
    const held = this.#held?.lease;
    this.#held = undefined;
    if (!held) return;
    await this.#options.client.replace(freedLease(held)).catch((thrown) => {
      this.#options.logger.debug("a lease was not given back", { error: errorText(thrown) });
    });
  }
}
