/** Leave to work, of which only so many are out at a time. */
export interface BuildTurns {
  /**
   * Waits for a turn; `onWait` is called once when there is none yet, with how many wait before. Resolves with how to
   * give the turn back, or with undefined when the signal aborts first.
   */
  take(signal: AbortSignal, onWait: (before: number) => void): Promise<(() => void) | undefined>;
}

export function makeBuildTurns(atOnce: number): BuildTurns {
  let free = atOnce;
  const line: (() => void)[] = [];
  const giveBack = () => {
    const next = line.shift();
    if (next) next();
    else free += 1;
  };
  /** Giving back twice is the same as once. */
  const turn = () => {
    let given = false;
    return () => {
      if (!given) giveBack();
      given = true;
    };
  };
  return {
    async take(signal, onWait) {
      if (signal.aborted) return undefined;
      if (free > 0) {
        free -= 1;
        return turn();
      }
      onWait(line.length);
      return new Promise((resolve) => {
        const go = () => {
          signal.removeEventListener("abort", leave);
          resolve(turn());
        };
        const leave = () => {
          line.splice(line.indexOf(go), 1);
          resolve(undefined);
        };
        line.push(go);
        signal.addEventListener("abort", leave, { once: true });
      });
    },
  };
}
