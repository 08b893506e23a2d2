/** What a router has done since it started, counted where every request passes: plain numbers, nothing else. */
export class ProxyFigures {
  readonly #ended = new Map<string, { readonly status: string; readonly code: string; count: number }>();
  readonly #buckets: number[];
  readonly #bounds: readonly number[];
  #seconds = 0;
  #served = 0;

  /** Upper bounds of the buckets of times, ascending, in seconds. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#buckets = bounds.map(() => 0);
  }

  /** `code`: the router's error code. `serviceMs`: undefined when no dyno was reached. */
  requestEnded(status: number, code: string | undefined, serviceMs: number | undefined): void {
    const key = `${Math.floor(status / 100)}${code ?? ""}`;
    const known = this.#ended.get(key);
    if (known) known.count += 1;
    else this.#ended.set(key, { status: `${Math.floor(status / 100)}xx`, code: code ?? "", count: 1 });
    if (serviceMs === undefined) return;
    const seconds = serviceMs / 1_000;
    this.#served += 1;
    this.#seconds += seconds;
    const at = this.#bounds.findIndex((bound) => seconds <= bound);
    if (at >= 0) this.#buckets[at] = (this.#buckets[at] ?? 0) + 1;
  }

  /** Requests by class of status and error code, which is empty for none. */
  ended(): readonly { readonly status: string; readonly code: string; readonly count: number }[] {
    return [...this.#ended.values()];
  }

  /** How many took up to each bound and no less, all together, and their seconds. */
  times(): { readonly buckets: readonly number[]; readonly count: number; readonly sum: number } {
    return { buckets: this.#buckets, count: this.#served, sum: this.#seconds };
  }
}
