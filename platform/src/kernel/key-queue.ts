/** Why a key is to get a round: something was heard of it, or it is one of all. */
export type KeyCause = "hint" | "list";

export interface WaitingKey {
  readonly key: string;
  readonly cause: KeyCause;
  /** When it was first told to need a round, in milliseconds of any one clock. */
  readonly since: number;
}

/** Keys that wait for a round, each once. */
export interface KeyQueue {
  size(): number;
  /** A key of which a hint comes while it waits as listed goes to those with hints; it has waited since it was first told. */
  put(waiting: WaitingKey): void;
  /** Takes the next one out: those with hints first, each in the order in which they came. */
  take(): WaitingKey | undefined;
  /** Takes this one out. */
  remove(key: string): WaitingKey | undefined;
  clear(): void;
}

/** After so many keys in a row with hints comes one that is only listed, or hints without end would keep it away. */
const HINTED_IN_A_ROW = 8;

export function makeKeyQueue(): KeyQueue {
  const waiting: Readonly<Record<KeyCause, Map<string, number>>> = { hint: new Map(), list: new Map() };
  let inARow = 0;
  const takeOut = (cause: KeyCause, key: string | undefined): WaitingKey | undefined => {
    const since = key === undefined ? undefined : waiting[cause].get(key);
    if (key === undefined || since === undefined) return undefined;
    waiting[cause].delete(key);
    return { key, cause, since };
  };
  const remove = (key: string) => takeOut("hint", key) ?? takeOut("list", key);
  return {
    size: () => waiting.hint.size + waiting.list.size,
    put: ({ key, cause, since }) => {
      if (waiting.hint.has(key) || waiting[cause].has(key)) return;
      waiting[cause].set(key, remove(key)?.since ?? since);
    },
    take: () => {
      const isListsTurn = waiting.list.size > 0 && (waiting.hint.size === 0 || inARow >= HINTED_IN_A_ROW);
      const cause = isListsTurn ? "list" : "hint";
      inARow = isListsTurn ? 0 : inARow + 1;
      const [first] = waiting[cause].keys();
      return takeOut(cause, first);
    },
    remove,
    clear: () => {
      waiting.hint.clear();
      waiting.list.clear();
    },
  };
}
